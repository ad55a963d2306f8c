"""Figures and their words never disagree."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from partner_network.agreements import wording


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (85, "eighty-five"),
        (100, "one hundred"),
        (180, "one hundred eighty"),
        (1_001, "one thousand one"),
        (
            12_345_678,
            "twelve million three hundred forty-five thousand six hundred seventy-eight",
        ),
        (2 * 10**18, "two quintillion"),
    ],
)
def test_whole_numbers_are_written_out(number: int, words: str) -> None:
    assert wording.in_words(number) == words


@pytest.mark.parametrize("number", [-1, 10**21])
def test_a_number_beyond_words_is_an_error(number: int) -> None:
    with pytest.raises(ValueError, match="written out"):
        wording.in_words(number)


def test_a_noun_follows_its_number() -> None:
    assert wording.counted(1, "day") == "1 (one) day"
    assert wording.counted(0, "day") == "0 (zero) days"
    assert wording.counted(1_000, "calendar month") == "1,000 (one thousand) calendar months"


@pytest.mark.parametrize(
    ("ppm", "figures", "words"),
    [
        (0, "0 %", "zero per cent"),
        (50_000, "5 %", "five per cent"),
        (25_000, "2.5 %", "two point five per cent"),
        (102_050, "10.205 %", "ten point two zero five per cent"),
        (1, "0.0001 %", "zero point zero zero zero one per cent"),
        (1_000_000, "100 %", "one hundred per cent"),
    ],
)
def test_rates_keep_every_digit(ppm: int, figures: str, words: str) -> None:
    assert (wording.percent(ppm), wording.percent_in_words(ppm)) == (figures, words)


@pytest.mark.parametrize(
    ("minor", "currency", "figures", "words"),
    [
        (5_000, "USD", "$50.00", "fifty US dollars"),
        (100, "USD", "$1.00", "one US dollar"),
        (50_050, "USD", "$500.50", "five hundred 50/100 US dollars"),
        (5, "EUR", "€0.05", "zero 05/100 euros"),
        (5_000, "JPY", "¥5,000", "five thousand Japanese yen"),
        (1_005, "TND", "TND1.005", "one 005/1000 Tunisian dinars"),
    ],
)
def test_amounts_keep_every_minor_unit(minor: int, currency: str, figures: str, words: str) -> None:
    assert (wording.amount(minor, currency), wording.amount_in_words(minor, currency)) == (figures, words)


def test_multipliers_dates_and_lists_read_as_people_write_them() -> None:
    assert [wording.times(ppm) for ppm in (1_000_000, 1_500_000, 2_250_001)] == ["1", "1.5", "2.250001"]
    assert wording.long_date(date(2026, 12, 1)) == "1 December 2026"
    tokyo = datetime(2026, 12, 1, 3, 4, 5, tzinfo=timezone(timedelta(hours=9)))
    assert wording.instant(tokyo) == "30 November 2026, 18:04:05 UTC"
    assert wording.instant(tokyo.astimezone(UTC)) == wording.instant(tokyo)
    assert [wording.listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]
