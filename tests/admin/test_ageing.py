from uuid import UUID

import pytest

from admin import ageing, closing
from admin.ageing import Aged, Waited
from admin.queries.finance import Standing

TUNE, RIFF = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("days", "step"),
    [(0, 0), (1, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (10_000, 3), (-1, 0)],
)
def test_each_step_ends_with_its_last_day(days: int, step: int) -> None:
    assert ageing.step_of(days) == step


def test_sums_are_kept_apart_by_brand_and_currency_and_the_longest_wait_stands_first() -> None:
    waited = [
        Waited(TUNE, "Tune House", "USD", 0, 100),
        Waited(TUNE, "Tune House", "USD", 30, 23),
        Waited(TUNE, "Tune House", "EUR", 31, 7),
        Waited(RIFF, "Riff Radio", "USD", 91, 1),
        Waited(RIFF, "Riff Radio", "USD", 60, 999_999_999_999_999),
    ]

    rows = ageing.aged(waited)

    assert rows == [
        Aged(RIFF, "Riff Radio", "USD", (0, 999_999_999_999_999, 0, 1)),
        Aged(TUNE, "Tune House", "EUR", (0, 7, 0, 0)),
        Aged(TUNE, "Tune House", "USD", (123, 0, 0, 0)),
    ]
    assert [row.sum_minor for row in rows] == [1_000_000_000_000_000, 7, 123]
    assert ageing.summed(rows) == [
        Aged(None, "", "EUR", (0, 7, 0, 0)),
        Aged(None, "", "USD", (123, 999_999_999_999_999, 0, 1)),
    ]


def test_two_brands_of_one_name_are_two() -> None:
    rows = ageing.aged([Waited(TUNE, "Same", "USD", 1, 5), Waited(RIFF, "Same", "USD", 1, 7)])

    assert {(row.brand_id, row.sum_minor) for row in rows} == {(TUNE, 5), (RIFF, 7)}


def test_a_statement_counts_for_every_station_it_has_passed() -> None:
    standings = [
        Standing("draft", "USD", 1, 100),
        Standing("issued", "USD", 2, 20),
        Standing("approved", "EUR", 1, 7),
        Standing("paid", "USD", 1, 3),
        Standing("carried", "USD", 4, 50_000),
    ]

    steps = closing.steps(standings)

    assert [(step.count, step.all, list(step.sums), step.state) for step in steps] == [
        (5, 5, [("EUR", 7), ("USD", 123)], "done"),
        (4, 5, [("EUR", 7), ("USD", 23)], "now"),
        (2, 5, [("EUR", 7), ("USD", 3)], "next"),
        (1, 5, [("USD", 3)], "next"),
        (1, 5, [("USD", 3)], "next"),
    ]


def test_a_close_in_which_everything_is_carried_or_nothing_happened_has_no_steps() -> None:
    assert closing.steps([Standing("carried", "USD", 4, 50_000)]) == []
    assert closing.steps([]) == []
