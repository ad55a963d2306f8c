from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.kernel import errors, periods
from partner_network.kernel.periods import Lock, zone_named

BERLIN = zone_named("Europe/Berlin")
KINDS = st.sampled_from(["month", "quarter", "year"])
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "America/Scoresbysund"]
).map(zone_named)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "label", "starts_at", "ends_at"),
    [
        ("month", "2026-03", utc(2026, 2, 28, 23), utc(2026, 3, 31, 22)),
        ("quarter", "2026-Q1", utc(2025, 12, 31, 23), utc(2026, 3, 31, 22)),
        ("year", "2026", utc(2025, 12, 31, 23), utc(2026, 12, 31, 23)),
    ],
)
def test_a_period_is_half_open_in_the_zone_of_the_agreement(
    kind: periods.PeriodKind, label: str, starts_at: datetime, ends_at: datetime
) -> None:
    period = periods.period_of(utc(2026, 3, 31, 21, 59), kind, BERLIN)
    assert period == periods.parse_period(label, BERLIN)
    assert (period.kind, period.label, period.starts_at, period.ends_at) == (kind, label, starts_at, ends_at)
    assert starts_at in period
    assert ends_at not in period


def test_a_lifetime_holds_every_instant_and_has_no_next() -> None:
    period = periods.period_of(utc(2026, 1, 1), "lifetime", BERLIN)
    assert period is periods.parse_period("lifetime", BERLIN)
    assert utc(1970, 1, 1) in period
    with pytest.raises(ValueError, match="nothing comes after"):
        periods.next_period(period, BERLIN)


@given(INSTANTS, KINDS, ZONES)
def test_periods_tile_time_without_gap_or_overlap(
    instant: datetime, kind: periods.PeriodKind, zone: periods.ZoneInfo
) -> None:
    period = periods.period_of(instant, kind, zone)
    assert instant in period
    after = periods.next_period(period, zone)
    assert after.starts_at == period.ends_at
    assert periods.parse_period(period.label, zone) == period
    assert period < after


@pytest.mark.parametrize(
    "label", ["2026-13", "2026-00", "2026-Q5", "26-01", "2026-3", "Lifetime", "0000", ""]
)
def test_a_label_of_no_period_is_refused(label: str) -> None:
    with pytest.raises(errors.InvalidError, match="is no period"):
        periods.parse_period(label, BERLIN)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../etc/passwd", "europe/berlin"])
def test_a_name_of_no_zone_is_refused(name: str) -> None:
    with pytest.raises(errors.InvalidError, match="IANA"):
        periods.zone_named(name)


@given(st.dates(date(1990, 1, 1), date(2035, 1, 1)), ZONES)
def test_a_day_begins_at_its_first_instant_even_where_clocks_skip_midnight(
    day: date, zone: periods.ZoneInfo
) -> None:
    first = periods.midnight(day, zone)
    assert first.astimezone(zone).date() >= day
    assert (first - timedelta(microseconds=1)).astimezone(zone).date() < day


def test_midnight_that_clocks_skipped_is_the_instant_they_jumped() -> None:
    sao_paulo = zone_named("America/Sao_Paulo")
    assert periods.midnight(date(2018, 11, 4), sao_paulo) == utc(2018, 11, 4, 3)
    scoresbysund = zone_named("America/Scoresbysund")  # in 2024 it jumped from 00:00 to 01:00, too
    assert periods.midnight(date(2024, 3, 31), scoresbysund) == utc(2024, 3, 31, 1)


def test_a_day_that_never_was_begins_with_the_next() -> None:
    apia = zone_named("Pacific/Apia")
    assert periods.midnight(date(2011, 12, 30), apia) == periods.midnight(date(2011, 12, 31), apia)


@pytest.mark.parametrize(
    ("instant", "months", "expected"),
    [
        (utc(2026, 1, 31, 14), 1, utc(2026, 2, 28, 14)),
        (utc(2024, 1, 31, 14), 1, utc(2024, 2, 29, 14)),
        (utc(2024, 2, 29, 14), 12, utc(2025, 2, 28, 14)),
        (utc(2026, 1, 31, 14), 2, utc(2026, 3, 31, 13)),  # summer time began: same wall time, an hour less
        (utc(2026, 12, 15, 23, 30), 1, utc(2027, 1, 15, 23, 30)),
        (utc(2026, 3, 15), -3, utc(2025, 12, 15)),
        (utc(2026, 3, 15), 0, utc(2026, 3, 15)),
        (utc(2026, 2, 28, 1, 30), 1, utc(2026, 3, 28, 1, 30)),
        (utc(2026, 1, 29, 1, 30), 2, utc(2026, 3, 29, 1, 30)),  # 02:30 was skipped: read before the jump
        (utc(2026, 8, 25, 0, 30), 2, utc(2026, 10, 25, 0, 30)),  # 02:30 came twice: the first
    ],
)
def test_months_are_calendar_months_of_the_zone_clamped_to_the_last_day(
    instant: datetime, months: int, expected: datetime
) -> None:
    assert periods.add_months(instant, months, BERLIN) == expected


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (Lock(), utc(2026, 4, 30, 22)),
        (Lock(months=0), utc(2026, 3, 31, 22)),
        (Lock(months=2, days=15), utc(2026, 6, 15, 22)),
        (Lock(months=9), utc(2026, 12, 31, 23)),
    ],
)
def test_the_lock_date_is_midnight_after_whole_months_and_then_days(lock: Lock, expected: datetime) -> None:
    assert periods.lock_at(utc(2026, 3, 15, 12), lock, BERLIN) == expected


def test_a_conversion_in_the_last_local_hour_of_a_month_locks_with_that_month() -> None:
    instants = [utc(2026, 3, 31, 21, 59, 59), utc(2026, 3, 31, 22)]
    assert [periods.lock_at(at, Lock(), BERLIN) for at in instants] == [
        utc(2026, 4, 30, 22),
        utc(2026, 5, 31, 22),
    ]


@pytest.mark.parametrize(
    ("hold_days", "expected"),
    [
        (30, utc(2026, 4, 30, 22)),  # the lock date, 1 May, is later than 15 April
        (46, utc(2026, 4, 30, 22)),  # 15 March + 46 days is 30 April; the midnight after it is the lock date
        (47, utc(2026, 5, 1, 22)),
    ],
)
def test_a_line_matures_at_the_later_of_hold_and_lock(hold_days: int, expected: datetime) -> None:
    assert periods.matures_at(utc(2026, 3, 15, 12), hold_days, Lock(), BERLIN) == expected


@given(st.lists(INSTANTS, min_size=2, max_size=5), ZONES)
def test_what_happens_later_never_locks_earlier(instants: list[datetime], zone: periods.ZoneInfo) -> None:
    locks = [periods.lock_at(at, Lock(), zone) for at in sorted(instants)]
    assert all(one <= other for one, other in pairwise(locks))


def test_an_instant_without_zone_has_no_period() -> None:
    naive = utc(2026, 3, 15).replace(tzinfo=None)
    with pytest.raises(ValueError, match="needs a time zone"):
        periods.period_of(naive, "month", BERLIN)
    with pytest.raises(ValueError, match="needs a time zone"):
        periods.matures_at(naive, 1, Lock(), BERLIN)
