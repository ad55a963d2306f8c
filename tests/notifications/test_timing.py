"""When a letter goes: quiet hours over midnight, where clocks are changed, and in other zones; digests."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.notifications.rules import posting, timing
from partner_network.notifications.rules.kinds import MAILS, Mail
from partner_network.notifications.rules.posting import Waiting
from partner_network.notifications.rules.timing import Hours

NIGHT = Hours("Europe/Berlin", time(22), time(7), time(8))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ((2026, 7, 1, 21, 59), (2026, 7, 1, 21, 59)),
        ((2026, 7, 1, 22, 0), (2026, 7, 2, 7, 0)),
        ((2026, 7, 1, 23, 59), (2026, 7, 2, 7, 0)),
        ((2026, 7, 2, 0, 0), (2026, 7, 2, 7, 0)),
        ((2026, 7, 2, 6, 59), (2026, 7, 2, 7, 0)),
        ((2026, 7, 2, 7, 0), (2026, 7, 2, 7, 0)),
        ((2026, 12, 31, 23, 0), (2027, 1, 1, 7, 0)),
    ],
)
def test_quiet_hours_go_over_midnight_by_the_readers_clock(
    told: tuple[int, ...], due: tuple[int, ...]
) -> None:
    at = local("Europe/Berlin", *told)

    assert timing.due_at("at once", at, NIGHT) == local("Europe/Berlin", *due)


def test_quiet_hours_within_a_day_end_on_that_day() -> None:
    noon = Hours("Asia/Kolkata", time(12), time(14, 30))

    assert timing.due_at("at once", local("Asia/Kolkata", 2026, 7, 1, 13, 0), noon) == (
        local("Asia/Kolkata", 2026, 7, 1, 14, 30)
    )
    assert timing.due_at("at once", local("Asia/Kolkata", 2026, 7, 1, 11, 59), noon) == (
        local("Asia/Kolkata", 2026, 7, 1, 11, 59)
    )


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter_and_backward_an_hour_longer() -> None:
    spring, autumn = local("Europe/Berlin", 2026, 3, 28, 23, 0), local("Europe/Berlin", 2026, 10, 24, 23, 0)

    short, long = (timing.after_quiet(at, NIGHT) - at for at in (spring, autumn))

    assert (short, long) == (timedelta(hours=7), timedelta(hours=9))


def test_an_end_that_clocks_skip_is_after_the_gap_and_one_they_show_twice_the_second() -> None:
    until = Hours("Europe/Berlin", time(22), time(2, 30))

    assert timing.after_quiet(local("Europe/Berlin", 2026, 3, 29, 1, 45), until) == (
        local("Europe/Berlin", 2026, 3, 29, 3, 30)
    )
    assert timing.after_quiet(local("Europe/Berlin", 2026, 10, 25, 1, 45), until) == (
        local("Europe/Berlin", 2026, 10, 25, 2, 30, fold=1)
    )


@pytest.mark.parametrize(
    ("mail", "due"),
    [
        ("daily", (2026, 11, 19, 8, 0)),
        ("weekly", (2026, 11, 23, 8, 0)),
    ],
)
def test_the_days_letter_comes_at_its_hour_and_the_weeks_on_monday(mail: Mail, due: tuple[int, ...]) -> None:
    told = local("America/New_York", 2026, 11, 18, 8, 0)  # a Wednesday, just when the letter of the day goes
    hours = Hours("America/New_York")

    assert timing.due_at(mail, told, hours) == local("America/New_York", *due)
    assert timing.due_at("never", told, hours) is None


def test_a_digest_in_quiet_hours_waits_for_their_end() -> None:
    hours = Hours("Europe/Berlin", time(22), time(9), time(8))

    assert timing.due_at("daily", local("Europe/Berlin", 2026, 7, 1, 12, 0), hours) == (
        local("Europe/Berlin", 2026, 7, 2, 9, 0)
    )


def test_a_zone_that_is_no_more_is_read_as_utc() -> None:
    assert timing.due_at("daily", datetime(2026, 7, 1, 9, tzinfo=UTC), Hours("Mars/Olympus")) == (
        datetime(2026, 7, 2, 8, tzinfo=UTC)
    )


@given(
    told=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    zone=st.sampled_from(ZONES),
    begins=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    mail=st.sampled_from([mail for mail in MAILS if mail != "never"]),
)
def test_no_letter_is_due_in_the_past_in_quiet_hours_or_after_more_than_nine_days(
    told: datetime, zone: str, begins: time, ends: time, mail: Mail
) -> None:
    hours = Hours(zone, begins, ends)

    due = timing.due_at(mail, told, hours)

    assert due is not None
    assert told <= due <= told + timedelta(days=9)
    assert timing.after_quiet(due, hours) == due or begins == ends


def waiting(n: int, kind: str = "payout-paid", told: datetime | None = None, **more: bool) -> Waiting:
    at = told or datetime(2026, 7, 1, 12, tzinfo=UTC)
    return Waiting(UUID(int=n), kind, at, more.get("is_read", False), more.get("is_theirs", True))


NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_up_to_three_letters_go_alone_and_more_become_one() -> None:
    three, four = ([waiting(n) for n in range(count)] for count in (3, 4))

    assert len(posting.plan(three, {}, Hours(), NOON).alone) == 3
    assert len(posting.plan(four, {}, Hours(), NOON).together) == 4


def test_a_single_thing_in_the_days_letter_is_a_letter_of_its_own() -> None:
    told = NOON - timedelta(days=2)

    plan = posting.plan([waiting(1, "payout-sent", told)], {}, Hours(), NOON)

    assert plan.alone == (UUID(int=1),)


def test_what_keeps_an_account_safe_goes_at_any_hour_read_or_not_and_never_with_others() -> None:
    night = Hours("UTC", time(0), time(23, 59))
    told = [waiting(n) for n in range(4)] + [waiting(9, "factor-removed", is_read=True)]

    plan = posting.plan(told, {"factor-removed": "never"}, night, NOON)

    assert plan.alone == (UUID(int=9),)
    assert set(plan.later.values()) == {datetime(2026, 7, 1, 23, 59, tzinfo=UTC)}


def test_what_was_read_switched_off_or_is_no_business_of_theirs_any_more_is_not_written() -> None:
    told = [
        waiting(1, is_read=True),
        waiting(2, "payout-held"),
        waiting(3, is_theirs=False),
        waiting(4, "gone"),
    ]

    plan = posting.plan(told, {"payout-held": "never"}, Hours(), NOON)

    assert plan.none == tuple(UUID(int=n) for n in (1, 2, 3, 4))
