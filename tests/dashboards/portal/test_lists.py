"""What the portal's lists promise: found, sorted, paged and exported on the server; and what forms keep."""

import re

import pytest

from partner_network.kernel import ids
from tests.builders import RADIO, SHOP, SMALL
from tests.dashboards.portal.test_homes import make_links
from tests.dashboards.portal.test_pages import owner_of, page, sent, words
from tests.doors import Browser, Network


async def answer_of(browser: Browser, path: str) -> tuple[str, str]:
    """Return the type and text of a file."""
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.headers["content-type"], answer.text.removeprefix("\ufeff")


def links_on(html: str) -> list[str]:
    return re.findall(r'<th scope="row"><span>([^<]+)<', html)


async def test_links_are_found_sorted_and_paged_by_the_database(portal: Network) -> None:
    await make_links(portal, RADIO, 120)
    browser = await portal.signed_in(owner_of(RADIO))

    first = await page(browser, "/links")
    assert links_on(first)[:2] == ["Link 120", "Link 119"]
    assert len(links_on(first)) == 50
    assert "1 to 50 of 120" in words(first)
    assert links_on(await page(browser, "/links?page=3"))[-1] == "Link 1"
    assert links_on(await page(browser, "/links?sort=name"))[0] == "Link 1"
    assert links_on(await page(browser, "/links?q=link+77")) == ["Link 77"]
    assert "Nothing found" in words(await page(browser, "/links?q=no+such+link"))
    assert "Nothing found" in words(await page(browser, "/links?state=off"))


async def test_a_search_for_signs_that_mean_something_to_the_database_means_the_signs(
    portal: Network,
) -> None:
    await make_links(portal, RADIO, 2)
    browser = await portal.signed_in(owner_of(RADIO))

    for signs in ("%25", "_", "%5C", "%27", "%27%3B+drop+table+links"):
        assert "Nothing found" in words(await page(browser, f"/links?q={signs}")), signs


@pytest.mark.parametrize(
    "nonsense", ["sort=nothing", "page=-3", "page=x", "size=7", "state=maybe", "page=99999"]
)
async def test_an_address_that_somebody_mistyped_shows_the_list(portal: Network, nonsense: str) -> None:
    await make_links(portal, RADIO, 2)
    browser = await portal.signed_in(owner_of(RADIO))

    assert links_on(await page(browser, f"/links?{nonsense}")) == ["Link 2", "Link 1"]


async def test_each_list_is_exported_whole_for_a_spreadsheet(portal: Network) -> None:
    await make_links(portal, SMALL, 60)
    browser = await portal.signed_in(owner_of(SMALL))

    for path, head, rows in (
        ("/links?format=csv", "name,program,address", 60),
        ("/statements?format=csv", "number,period,payer", 3),
        ("/agreements?format=csv", "number,program,advertiser", 2),
    ):
        kind, text = await answer_of(browser, path)
        lines = text.strip().splitlines()
        assert kind.startswith("text/csv"), path
        assert lines[0].startswith(head), path
        assert len(lines) == rows + 1, text


async def test_statements_are_narrowed_by_side_and_state(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SHOP))
    everything = words(await page(browser, "/statements"))
    paid_in = words(await page(browser, "/statements?side=in"))
    paid = words(await page(browser, "/statements?side=out&state=paid"))

    assert "VINYL-WEEKLY-TUNE-HOUSE" in everything
    assert "TUNE-HOUSE-NIGHT-RADIO" in everything
    assert "TUNE-HOUSE-NIGHT-RADIO" not in paid_in
    assert "VINYL-WEEKLY-TUNE-HOUSE" in paid_in
    assert "VINYL-WEEKLY-TUNE-HOUSE" not in paid
    assert "TUNE-HOUSE-NIGHT-RADIO-2026-02" in paid


async def test_the_pages_of_a_statement_hold_each_line_once_in_any_order(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(RADIO))
    statement = await portal.owner.fetchrow(
        """SELECT s.id, s.closing_minor - s.opening_minor AS moved_minor, count(*) AS lines
           FROM statements s JOIN statement_lines l ON l.statement_id = s.id
           WHERE s.number LIKE '%NIGHT-RADIO%' GROUP BY s.id ORDER BY 3 DESC LIMIT 1"""
    )
    assert statement is not None
    path = f"/statements/{ids.shown('stm', statement['id'])}"
    for sort in ("date", "-date", "kind", "order", "-amount"):
        html = await page(browser, f"{path}?sort={sort}")
        shown = re.findall(r'data-label="Amount"><span class="money[^"]*">([^<]+)<', html)
        cents = [int(re.sub(r"[^\d-]", "", one)) for one in shown]
        assert len(cents) == statement["lines"]
        assert sum(cents) == statement["moved_minor"], sort


async def test_a_links_code_is_drawn_for_both_of_its_brands_and_for_nobody_else(portal: Network) -> None:
    await make_links(portal, RADIO, 1)
    link = await portal.owner.fetchval("SELECT id FROM links WHERE token = 'token1'")
    path = f"/links/{ids.shown('lnk', link)}/qr"
    for slug in (RADIO, SHOP):
        browser = await portal.signed_in(owner_of(slug))
        assert "/l/token1" in await page(browser, path)
        drawing, picture = await browser.get(f"{path}/svg"), await browser.get(f"{path}/png")
        assert drawing.headers["content-type"].startswith("image/svg+xml")
        assert b"<svg" in drawing.content
        assert picture.content.startswith(b"\x89PNG")
    stranger = await portal.signed_in(owner_of(SMALL))
    for suffix in ("", "/svg", "/png"):
        assert (await stranger.get(path + suffix)).status_code == 404


async def test_an_amendment_shows_what_changes_and_the_agreement_when_it_was_signed(portal: Network) -> None:
    newest = await portal.owner.fetchval(
        """SELECT a.id FROM agreements a JOIN partnerships p ON p.id = a.partnership_id
           JOIN brands b ON b.id = p.partner_id WHERE b.slug = $1 ORDER BY a.id DESC LIMIT 1""",
        SMALL,
    )
    html = await page(await portal.signed_in(owner_of(SMALL)), f"/agreements/{ids.shown('agr', newest)}")

    changes = html.partition('id="changes"')[2].partition("</section>")[0]
    assert "rate_ppm = 100_000" in re.sub(r"<[^>]+>", "", changes).replace("100000", "100_000")
    assert "<del>" in changes
    assert "<ins>" in changes
    assert "Signed for Needle Drop Olga, owner" in words(html)


async def test_a_signature_without_its_tick_comes_back_with_what_is_missing(portal: Network) -> None:
    newest = await portal.owner.fetchrow(
        """SELECT a.id, encode(a.content_hash, 'hex') AS hash FROM agreements a
           JOIN partnerships p ON p.id = a.partnership_id
           JOIN brands b ON b.id = p.partner_id WHERE b.slug = $1 ORDER BY a.id DESC LIMIT 1""",
        SMALL,
    )
    assert newest is not None
    browser = await portal.signed_in(owner_of(SMALL))
    answer = await sent(
        browser, f"/agreements/{ids.shown('agr', newest['id'])}/signatures", content_hash=newest["hash"]
    )

    assert answer.status_code == 422
    assert "Tick that you read the agreement" in answer.text
    assert "The full text" in answer.text
