"""The instants on which a decision turns: the bound itself, and a microsecond to either side."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import (
    Event,
    EventWindows,
    Model,
    Program,
    ProgramPolicy,
    Settlement,
    Terms,
    TouchKind,
    Windows,
)
from partner_network.attribution import deciding, facts_file, rules
from partner_network.attribution.deciding import TermsOf
from partner_network.attribution.facts import Conversion, Decision, Reach, Touch

BERLIN = ZoneInfo("Europe/Berlin")
ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
SALE = Conversion(id="1001", program="shop", event="sale", at=ORDERED, recorded_at=ORDERED)
TICK = timedelta(microseconds=1)
MODELS = get_args(Model)
MULTI: list[Model] = ["linear", "position_based", "time_decay"]


def touch(name: str, before: timedelta, **facts: object) -> Touch:
    at = ORDERED - before
    known = {"id": name, "partner": "ann", "program": "shop", "at": at, "recorded_at": at, **facts}
    return Touch(**known)  # pyright: ignore[reportArgumentType]  # a test names the facts it means


def decide(
    *touches: Touch, model: Model = "last_click", sale: Conversion = SALE, **reach: object
) -> Decision:
    reached = Reach(**{"windows": Windows(), **reach})  # pyright: ignore[reportArgumentType]  # a test names what it means
    return rules.decide(sale, touches, ProgramPolicy(model=model), lambda _: reached)


def weights(decision: Decision) -> dict[str, Fraction]:
    return {credit.touch: credit.weight for credit in decision.credits}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("event", get_args(Event))
@pytest.mark.parametrize("kind", get_args(TouchKind))
def test_exactly_at_its_window_a_touch_is_out_and_a_microsecond_inside_in(
    model: Model, event: Event, kind: TouchKind
) -> None:
    windows = Windows(click_days=20, view_days=4, events=EventWindows(lead=9, activation=2))
    days = 4 if kind == "view" else {"lead": 9, "sale": 20, "activation": 2}[event]
    sale = replace(SALE, event=event)
    for before, expected in [
        (timedelta(days=days), False),
        (timedelta(days=days) - TICK, True),
        (timedelta(0), True),
        (-TICK, False),
    ]:
        decision = decide(touch("t", before, kind=kind), model=model, sale=sale, windows=windows)
        assert decision.is_attributed is expected


@pytest.mark.parametrize("model", MODELS)
def test_touches_of_one_instant_are_told_apart_by_their_record_and_then_by_id(model: Model) -> None:
    same = [
        touch("b", timedelta(days=1), recorded_at=ORDERED - TICK),
        touch("a", timedelta(days=1), recorded_at=ORDERED - TICK),
        touch("c", timedelta(days=1)),
    ]
    third = Fraction(1, 3)
    expected: dict[Model, dict[str, Fraction]] = {
        "last_click": {"b": Fraction(1)},
        "last_non_direct": {"b": Fraction(1)},
        "first_click": {"c": Fraction(1)},
        "linear": {"a": third, "b": third, "c": third},
        "position_based": {"a": Fraction(1, 5), "b": Fraction(2, 5), "c": Fraction(2, 5)},
        "time_decay": {"a": third, "b": third, "c": third},
    }
    assert weights(decide(*same, model=model)) == expected[model]


def test_a_direct_visit_of_the_winning_touchs_own_instant_is_later_only_by_its_record_or_id() -> None:
    click = touch("m", timedelta(days=1))
    for facts, wins in [
        ({"id": "a"}, True),
        ({"id": "z"}, False),
        ({"id": "a", "recorded_at": click.recorded_at + TICK}, False),
    ]:
        visit = touch("", timedelta(days=1), **{"partner": None, "channel": "direct", **facts})
        assert decide(click, visit).is_attributed is wins


def test_a_direct_visit_exactly_click_days_ago_is_out_whatever_window_the_event_has() -> None:
    windows = Windows(click_days=3, events=EventWindows(sale=30))
    click = touch("click", timedelta(days=5))
    for before, is_attributed in [(timedelta(days=3), True), (timedelta(days=3) - TICK, False)]:
        visit = touch("visit", before, partner=None, channel="direct")
        assert decide(click, visit, windows=windows).is_attributed is is_attributed


def test_a_direct_visit_recorded_at_the_lock_date_changes_nothing() -> None:
    locked = ORDERED + timedelta(days=31)
    click = touch("click", timedelta(days=5))
    for recorded_at, is_attributed in [(locked, True), (locked - TICK, False)]:
        visit = touch("visit", timedelta(days=1), partner=None, channel="direct", recorded_at=recorded_at)
        assert decide(click, visit, locked_at=locked).is_attributed is is_attributed


@pytest.mark.parametrize(
    ("ordered_at", "wall_clock_days"),
    [
        # Clocks go forward on 29 March and back on 25 October: 30 days by the wall are an hour less, or more.
        (datetime(2026, 4, 10, 12, tzinfo=BERLIN), timedelta(days=30) - timedelta(hours=1)),
        (datetime(2026, 11, 5, 12, tzinfo=BERLIN), timedelta(days=30) + timedelta(hours=1)),
    ],
)
def test_a_window_is_elapsed_seconds_when_clocks_change(
    ordered_at: datetime, wall_clock_days: timedelta
) -> None:
    at = ordered_at.astimezone(UTC)
    same_wall_time = (ordered_at - timedelta(days=30)).astimezone(UTC)
    assert at - same_wall_time == wall_clock_days
    sale = replace(SALE, at=at, recorded_at=at)
    click = replace(touch("t", timedelta(0)), at=same_wall_time, recorded_at=same_wall_time)
    assert decide(click, sale=sale).is_attributed is (wall_clock_days < timedelta(days=30))
    for moved, expected in [(timedelta(0), False), (TICK, True)]:
        on_the_bound = at - timedelta(days=30) + moved
        click = replace(click, at=on_the_bound, recorded_at=on_the_bound)
        assert decide(click, sale=sale).is_attributed is expected


def test_a_half_life_is_elapsed_seconds_when_clocks_change() -> None:
    # The week before this noon in Berlin has 167 hours by the wall and 168 elapsed from 11:00 on.
    at = datetime(2026, 4, 1, 12, tzinfo=BERLIN).astimezone(UTC)
    old = datetime(2026, 3, 25, 11, tzinfo=BERLIN).astimezone(UTC)
    touches = [replace(touch(name, timedelta(0)), at=when) for name, when in (("old", old), ("new", at))]
    decision = decide(*touches, model="time_decay", sale=replace(SALE, at=at, recorded_at=at))
    assert weights(decision) == {"old": Fraction(1, 3), "new": Fraction(2, 3)}


@pytest.mark.parametrize("model", MODELS)
def test_a_touch_counts_from_the_first_instant_of_the_agreement_to_the_last_before_its_end(
    model: Model,
) -> None:
    begins, ends = ORDERED - timedelta(days=20), ORDERED - timedelta(days=10)
    for at, expected in [(begins - TICK, False), (begins, True), (ends - TICK, True), (ends, False)]:
        click = touch("t", ORDERED - at)
        assert decide(click, model=model, active_from=begins, ended_at=ends).is_attributed is expected


@pytest.mark.parametrize("run_off_days", [0, 1, 30])
def test_a_run_off_ends_on_its_microsecond(run_off_days: int) -> None:
    windows = Windows(click_days=90, run_off_days=run_off_days)
    click = touch("t", timedelta(days=40))
    for since, expected in [
        (timedelta(days=run_off_days), False),
        (timedelta(days=run_off_days) - TICK, True),
    ]:
        decision = decide(click, windows=windows, ended_at=ORDERED - since)
        assert decision.is_attributed is expected


@pytest.mark.parametrize("model", MULTI)
def test_ten_thousand_touches_of_one_customer_share_one_order_exactly(model: Model) -> None:
    touches = [
        touch(f"t{number:05}", timedelta(minutes=number), partner=f"p{number % 7}")
        for number in range(10_000)
    ]
    decision = decide(*touches, model=model)
    assert sum(weights(decision).values()) == 1
    assert len(decision.candidates) == len(decision.credits) == 10_000


@pytest.mark.parametrize(
    ("model", "winner"),
    [("last_click", "t00000"), ("last_non_direct", "t00000"), ("first_click", "t09999")],
)
def test_one_of_ten_thousand_touches_takes_it_all(model: Model, winner: str) -> None:
    touches = [touch(f"t{number:05}", timedelta(minutes=number)) for number in range(10_000)]
    visits = [
        touch(f"v{number:05}", timedelta(days=8), partner=None, channel="direct") for number in range(10_000)
    ]
    decision = decide(*touches, *visits, model=model)
    assert weights(decision) == {winner: Fraction(1)}
    assert len(decision.candidates) == 20_000


def winners(months: int, *sales: str, recorded: dict[str, str] | None = None) -> list[str]:
    """Say whose each sale is: the first is ann's by her click, the others would be bob's."""
    touches = [
        {"id": f"{partner}{number}", "partner": partner, "customer": "kim", "at": at, "recorded_at": seen}
        for number, sale in enumerate(sales)
        for partner, at, seen in [("bob" if number else "ann", sale, sale)]
    ]
    conversions = [
        {
            "id": f"A{number}",
            "event": "sale",
            "customer": "kim",
            "at": sale,
            "currency": "EUR",
            "net_minor": 1,
            "recorded_at": (recorded or {}).get(f"A{number}"),
        }
        for number, sale in enumerate(sales)
    ]
    terms = Terms(
        settlement=Settlement(currency="EUR", time_zone="Europe/Berlin"),
        program=Program(attribution=ProgramPolicy(binding_months=months)),
    )
    facts = facts_file.read_facts(json.dumps({"touches": touches, "conversions": conversions}))
    return [one.credits[0].partner for one in deciding.decide_all(facts, TermsOf(lambda _: terms))]


@pytest.mark.parametrize(
    ("first", "months", "last_bound", "first_free"),
    [
        # From a leap day to the last of a February that has none, and back to one that has.
        ("2028-02-29T12:00:00+01:00", 12, "2029-02-28T11:59:59.999999+01:00", "2029-02-28T12:00:00+01:00"),
        ("2028-02-29T12:00:00+01:00", 48, "2032-02-29T11:59:59.999999+01:00", "2032-02-29T12:00:00+01:00"),
        ("2026-01-31T12:00:00+01:00", 1, "2026-02-28T11:59:59.999999+01:00", "2026-02-28T12:00:00+01:00"),
        # By the wall clock of the zone: across its change a month is an hour shorter, or longer.
        ("2026-03-01T12:00:00+01:00", 1, "2026-04-01T11:59:59.999999+02:00", "2026-04-01T12:00:00+02:00"),
        ("2026-10-01T12:00:00+02:00", 1, "2026-11-01T11:59:59.999999+01:00", "2026-11-01T12:00:00+01:00"),
    ],
)
def test_a_binding_lasts_calendar_months_to_the_microsecond(
    first: str, months: int, last_bound: str, first_free: str
) -> None:
    assert winners(months, first, last_bound, first_free) == ["ann", "ann", "bob"]


def test_a_sale_of_the_same_instant_is_bound_by_the_one_before_it_in_order() -> None:
    at = "2026-03-01T12:00:00+01:00"
    assert winners(1, at, at) == ["bob", "bob"]  # bob's click has the greater id, and both are of one instant


def test_a_sale_recorded_after_the_lock_date_of_a_later_one_does_not_bind_it() -> None:
    sales = ("2026-03-01T12:00:00+01:00", "2026-03-05T12:00:00+01:00")
    assert winners(1, *sales, recorded={"A0": "2026-04-30T23:59:59.999999+02:00"}) == ["ann", "ann"]
    assert winners(1, *sales, recorded={"A0": "2026-05-01T00:00:00+02:00"}) == ["ann", "bob"]


@pytest.mark.parametrize(
    ("ordered", "lock"),
    [
        # The month after March ends in summer time, the month after September in winter time.
        ("2026-03-30T12:00:00+02:00", "2026-05-01T00:00:00+02:00"),
        ("2026-09-30T12:00:00+02:00", "2026-11-01T00:00:00+01:00"),
        # By the zone's calendar this is April already, though March in UTC.
        ("2026-04-01T01:00:00+02:00", "2026-06-01T00:00:00+02:00"),
        ("2028-01-31T12:00:00+01:00", "2028-03-01T00:00:00+01:00"),
    ],
)
def test_the_lock_date_is_a_calendar_day_of_the_agreements_zone(ordered: str, lock: str) -> None:
    terms = Terms(settlement=Settlement(currency="EUR", time_zone="Europe/Berlin"))
    for moved, expected in [(timedelta(0), False), (-TICK, True)]:
        seen = (datetime.fromisoformat(lock) + moved).isoformat()
        click = {"id": "t", "partner": "ann", "customer": "kim", "at": ordered, "recorded_at": seen}
        sale = {
            "id": "A",
            "event": "sale",
            "customer": "kim",
            "at": ordered,
            "currency": "EUR",
            "net_minor": 1,
        }
        facts = facts_file.read_facts(json.dumps({"touches": [click], "conversions": [sale]}))
        assert [bool(one.credits) for one in deciding.decide_all(facts, TermsOf(lambda _: terms))] == [
            expected
        ]
