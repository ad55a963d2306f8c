from datetime import UTC, date, datetime

import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs, formats, spoken

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_sentence_is_its_english_and_remembers_what_it_was_made_of() -> None:
    sentence = Sentence("At most {n} of {what}.", n=3, what=Sentence("clicks"))

    assert sentence == "At most 3 of clicks."
    assert (sentence.pattern, sentence.values["n"]) == ("At most {n} of {what}.", 3)


def test_a_refusal_is_english_for_programs_and_translatable_for_people() -> None:
    error = InvalidError(Sentence("At most {n}.", n=3), fields={"x": Sentence("at most {n}", n=3)})

    assert (str(error), error.detail, dict(error.fields)) == ("At most 3.", "At most 3.", {"x": "at most 3"})
    assert type(error.detail) is str
    assert isinstance(error.sentence, Sentence)


def test_amounts_days_and_numbers_are_written_as_each_language_writes_them() -> None:
    with spoken.speaking("de"):
        assert formats.money(-123_456_789, "EUR") == "-1.234.567,89\N{NO-BREAK SPACE}€"
        assert formats.money(5, "JPY") == "5\N{NO-BREAK SPACE}¥"
        assert formats.money(1_234_567, "KWD") == "1.234,567\N{NO-BREAK SPACE}KWD"
        assert formats.day(NOON) == "1. Juli 2026"
        assert formats.short_day(date(2026, 7, 1)) == "01.07.2026"
        assert formats.instant(NOON) == "1. Juli 2026, 12:00 UTC"
        assert formats.month("2026-03") == "März 2026"
        assert formats.number(1_234_567) == "1.234.567"
        assert formats.percent(25_000) == "2,5\N{NO-BREAK SPACE}%"
    assert formats.money(-123_456_789, "EUR") == "-€1,234,567.89"
    assert formats.percent(1) == "0.0001\N{NO-BREAK SPACE}%"


def test_what_fills_a_sentence_is_written_in_its_language_too() -> None:
    filled = Sentence("{when}: {amount}, {day}", when=NOON, amount=Money(150, "EUR"), day=date(2026, 7, 1))

    with spoken.speaking("de"):
        said = catalogs.translated(filled)

    assert said == "1. Juli 2026, 12:00 UTC: 1,50\N{NO-BREAK SPACE}€, 1. Juli 2026"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,en;q=0.3,de;q=0.9", "de"), ("en-GB", "en"),
        ("fr", None), ("", None), ("de;q=0", None), ("de;q=nonsense", None), (",;q=,", None),
        ("x" * 10_000, None),
    ],
)  # fmt: skip
def test_a_browser_is_answered_in_the_language_it_likes_best_of_ours(
    header: str, language: str | None
) -> None:
    assert spoken.wanted(header) == language


def test_a_language_lasts_as_long_as_its_block() -> None:
    with spoken.speaking("de"), spoken.speaking("en"):
        assert spoken.present() == "en"
    assert spoken.present() == spoken.SOURCE
