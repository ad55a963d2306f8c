"""Calendar periods, locks and maturities in an agreement's own time zone, as UTC instants."""

import re
from bisect import bisect_left
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

PeriodKind = Literal["month", "quarter", "year", "lifetime"]

_MONTHS_IN: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "year": 12}
_LABEL = re.compile(r"(?P<year>\d{4})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])))?")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MONTHS_A_YEAR = 12


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long after the end of the month tracked a conversion's facts may still change its decision."""

    months: Annotated[int, msgspec.Meta(ge=0, le=120)] = 1
    days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 0


class Period(msgspec.Struct, frozen=True, order=True):
    """The half-open span [starts_at, ends_at) of UTC instants that a label names in a zone."""

    starts_at: datetime
    ends_at: datetime
    label: str
    kind: PeriodKind

    def __contains__(self, instant: datetime) -> bool:
        """Tell whether the instant lies in the period; its end does not."""
        return self.starts_at <= instant < self.ends_at


LIFETIME = Period(
    kind="lifetime",
    label="lifetime",
    starts_at=datetime.min.replace(tzinfo=UTC),
    ends_at=datetime.max.replace(tzinfo=UTC),
)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return the IANA time zone of that exact name."""
    if name not in available_timezones():
        raise InvalidError(Sentence("{name!r} is no IANA time zone; write it like Europe/Berlin.", name=name))
    return ZoneInfo(name)


@lru_cache(maxsize=16384)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day in a zone, in UTC, even where clocks skip or repeat 00:00."""
    wall = datetime.combine(day, time(), tzinfo=zone)
    first = wall.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return first
    # 00:00 was skipped: the day begins where the clocks jumped, between the two readings of 00:00.
    before = wall.replace(fold=1).astimezone(UTC)
    span = range(1, (first - before) // _SECOND + 1)
    jump = bisect_left(span, day, key=lambda s: (before + s * _SECOND).astimezone(zone).date())
    return before + (jump + 1) * _SECOND


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone; without one the machine's own would be taken")
    return instant.astimezone(zone)


def _first_of(year: int, month_index: int) -> date:
    return date(year + month_index // _MONTHS_A_YEAR, month_index % _MONTHS_A_YEAR + 1, 1)


@lru_cache(maxsize=16384)
def _calendar_period(kind: PeriodKind, year: int, index: int, zone: ZoneInfo) -> Period:
    months = _MONTHS_IN[kind]
    label = {"month": f"{year:04}-{index + 1:02}", "quarter": f"{year:04}-Q{index + 1}"}.get(
        kind, f"{year:04}"
    )
    return Period(
        kind=kind,
        label=label,
        starts_at=midnight(_first_of(year, index * months), zone),
        ends_at=midnight(_first_of(year, (index + 1) * months), zone),
    )


def period_of(instant: datetime, kind: PeriodKind, zone: ZoneInfo) -> Period:
    """Return the period of that kind in which an instant lies, by the calendar of the zone."""
    if kind == "lifetime":
        return LIFETIME
    local = _local(instant, zone)
    return _calendar_period(kind, local.year, (local.month - 1) // _MONTHS_IN[kind], zone)


def parse_period(label: str, zone: ZoneInfo) -> Period:
    """Return the period that a label names: `2026-03`, `2026-Q1`, `2026` or `lifetime`."""
    if label == LIFETIME.label:
        return LIFETIME
    match = _LABEL.fullmatch(label)
    if match is None or not date.min.year < int(match["year"]) < date.max.year:
        raise InvalidError(
            Sentence("{label!r} is no period; write it like 2026-03, 2026-Q1, 2026 or lifetime.", label=label)
        )
    year = int(match["year"])
    if match["month"]:
        return _calendar_period("month", year, int(match["month"]) - 1, zone)
    if match["quarter"]:
        return _calendar_period("quarter", year, int(match["quarter"]) - 1, zone)
    return _calendar_period("year", year, 0, zone)


def last_day(ends_at: datetime, zone: ZoneInfo) -> date:
    """Return the last calendar day before the end of a period, in a zone."""
    return _local(ends_at - datetime.resolution, zone).date()


def next_period(period: Period, zone: ZoneInfo) -> Period:
    """Return the period of the same kind that begins where this one ends. Errors: ValueError for lifetime."""
    if period.kind == "lifetime":
        raise ValueError("nothing comes after a lifetime")
    return period_of(period.ends_at, period.kind, zone)


def add_months(instant: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the same wall time so many calendar months on, clamped to the month's last day.

    A wall time that clocks skip is read with the offset before the jump; of one that occurs twice the
    first is taken.
    """
    if months == 0:
        return instant
    local = _local(instant, zone)
    first = _first_of(local.year, local.month - 1 + months)
    day = min(local.day, monthrange(first.year, first.month)[1])
    return datetime.combine(first.replace(day=day), local.time(), tzinfo=zone).astimezone(UTC)


def lock_at(occurred_at: datetime, lock: Lock, zone: ZoneInfo) -> datetime:
    """Return the lock date: 00:00 after the calendar month plus `lock.months`, then `lock.days`."""
    local = _local(occurred_at, zone)
    return midnight(_first_of(local.year, local.month + lock.months) + lock.days * _DAY, zone)


def matures_at(occurred_at: datetime, hold_days: int, lock: Lock, zone: ZoneInfo) -> datetime:
    """Return when a line matures: 00:00 after (its date + hold days), or the lock date if that is later."""
    held_until = midnight(_local(occurred_at, zone).date() + (hold_days + 1) * _DAY, zone)
    return max(held_until, lock_at(occurred_at, lock, zone))
