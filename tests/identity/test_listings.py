from collections.abc import Callable
from dataclasses import dataclass

import pytest

from partner_network.identity.web import listings
from partner_network.identity.web.listings import Listing

COLUMNS = ("name", "clicks")


@dataclass(frozen=True)
class Link:
    name: str
    clicks: int | None
    state: str = "on"


LINKS = [Link("Émile", 3), Link("banner", 30), Link("Anzeige", None), Link("footer banner", 3, "off")]


def read(**query: str) -> Listing:
    return Listing.read(query, COLUMNS, "-clicks", filters={"state": ("on", "off")})


def cut(**query: str) -> list[str]:
    _, rows = read(**query).cut(
        LINKS,
        by={"name": lambda link: link.name.casefold(), "clicks": lambda link: link.clicks},
        text=lambda link: link.name,
        values={"state": lambda link: link.state},
    )
    return [link.name for link in rows]


def test_an_address_that_says_nothing_shows_the_defaults() -> None:
    view = read()

    assert (view.sort, view.descending, view.page, view.size, view.q) == ("clicks", True, 1, 50, "")
    assert (view.offset, view.limit, view.is_narrowed, view.href()) == (0, 50, False, "?")


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "password_hash"}, {"sort": "--clicks"}, {"sort": "clicks; DROP TABLE links"}, {"sort": ""},
        {"page": "0"}, {"page": "-1"}, {"page": "x"}, {"page": "1e3"}, {"page": "\N{FULLWIDTH DIGIT NINE}"},
        {"page": "9" * 5_000}, {"size": "1000000"}, {"size": "7"}, {"size": "-50"}, {"state": "nowhere"},
        {"q": "  "}, {"format": "exe"}, {"q": "\0"},
    ],
)  # fmt: skip
def test_what_a_page_does_not_offer_is_its_default_and_no_failure(query: dict[str, str]) -> None:
    assert read(**query) == read()


def test_a_page_far_beyond_the_last_is_the_last() -> None:
    view = read(page="999999").counted(120)

    assert (view.page, view.pages, view.first, view.last) == (3, 3, 101, 120)


def test_an_empty_list_has_one_page_and_no_rows() -> None:
    view = read().counted(0)

    assert (view.page, view.pages, view.first, view.last) == (1, 1, 0, 0)


def test_a_search_is_cut_to_a_length_that_a_database_reads_at_leisure() -> None:
    assert len(read(q="x" * 5_000).q) == listings.SEARCHED_LETTERS_MAX


def test_an_address_keeps_the_rest_of_the_view_when_one_thing_changes() -> None:
    view = read(q="half & half", state="on", sort="name", size="100", page="3", lang="de")

    assert view.page_href(4) == "?lang=de&q=half+%26+half&state=on&sort=name&size=100&page=4"
    assert view.page_href(1) == "?lang=de&q=half+%26+half&state=on&sort=name&size=100"
    assert view.whole_href == "?lang=de&sort=name&size=100"
    assert view.csv_href == "?lang=de&q=half+%26+half&state=on&sort=name&size=100&format=csv"
    assert list(view.hidden) == [("lang", "de"), ("sort", "name"), ("size", "100")]


def test_a_column_sorts_as_it_is_read_first_and_the_other_way_at_the_second_click() -> None:
    assert read(sort="name").sorted_href("clicks", largest_first=True) == "?"
    assert read().sorted_href("name") == "?sort=name"
    assert read(sort="name", page="4").sorted_href("name") == "?sort=-name"
    assert read(sort="-name").sorted_href("name") == "?sort=name"


def test_rows_at_hand_are_sorted_and_unknown_figures_stand_last_both_ways() -> None:
    assert cut() == ["banner", "Émile", "footer banner", "Anzeige"]
    assert cut(sort="clicks") == ["Émile", "footer banner", "banner", "Anzeige"]
    assert cut(sort="name") == ["Anzeige", "banner", "footer banner", "Émile"]


def test_rows_at_hand_are_found_by_every_word_in_any_case_and_by_filters() -> None:
    assert cut(q="BANNER") == ["banner", "footer banner"]
    assert cut(q="banner foot") == ["footer banner"]
    assert cut(q="émile") == ["Émile"]
    assert cut(state="off") == ["footer banner"]
    assert cut(state="on", q="foot") == []


def test_a_page_holds_its_own_rows_and_a_file_holds_them_all() -> None:
    rows = [Link(f"{number:03}", number) for number in range(120)]
    by: dict[str, Callable[[Link], object]] = {"name": lambda link: link.name}

    view, page = read(sort="name", page="3").cut(rows, by=by)
    _, file = read(sort="name", page="3", format="csv").cut(rows, by=by)

    assert [link.name for link in page] == [f"{number:03}" for number in range(100, 120)]
    assert (view.first, view.last, view.total) == (101, 120, 120)
    assert len(file) == 120


def test_the_database_gets_our_own_expressions_and_a_tie_that_makes_the_order_whole() -> None:
    expressions = {"name": "lower(l.name)", "clicks": "count(*)"}

    assert read().order_by(expressions, tie="l.id") == "count(*) DESC NULLS LAST, l.id DESC"
    assert read(sort="name").order_by(expressions, tie="l.id") == "lower(l.name) ASC NULLS LAST, l.id ASC"


def test_a_search_means_its_letters_and_no_pattern() -> None:
    assert read(q="50%_a\\b").like == "%50\\%\\_a\\\\b%"


def test_a_file_says_that_it_is_one_and_its_texts_run_nowhere() -> None:
    answer = listings.csv_answer("links", ["name", "minor"], [["=1+1", -5], ["Émile", 7]], numbers={1})

    assert answer.content.decode("utf-8-sig").splitlines() == ["name,minor", "'=1+1,-5", "Émile,7"]
    assert answer.headers["content-disposition"] == 'attachment; filename="links.csv"'
    assert answer.media_type == "text/csv"  # the framework adds the letters it sends
