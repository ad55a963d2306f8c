"""When a letter goes: at once, with the day's or the week's, and never while its reader wants quiet."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from partner_network.notifications.rules.kinds import Mail

WEEKLY_ON = 0
"""Monday."""
_DAY = timedelta(days=1)
_DAYS_OF_A_WEEK = 7


class Hours(msgspec.Struct, frozen=True):
    """When somebody wants letters, by the clocks of where they are."""

    zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_at: time = time(8)


def due_at(mail: Mail, told_at: datetime, hours: Hours) -> datetime | None:
    """Return when the letter about something told then may go; None: no letter goes."""
    if mail == "never":
        return None
    if mail == "at once":
        return after_quiet(told_at, hours)
    return after_quiet(_next_digest(told_at, hours, weekly=mail == "weekly"), hours)


def after_quiet(at: datetime, hours: Hours) -> datetime:
    """Return the instant itself, or the end of the quiet hours that it lies in."""
    if hours.quiet_from is None or hours.quiet_until is None:
        return at
    local = at.astimezone(_zone(hours.zone))
    if not _is_quiet(local.time(), hours.quiet_from, hours.quiet_until):
        return at
    ends = _instant(local, hours.quiet_until)
    return ends if ends > at else _instant(local + _DAY, hours.quiet_until)


def is_zone(name: str) -> bool:
    """Say whether there is such a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _next_digest(after: datetime, hours: Hours, *, weekly: bool) -> datetime:
    local = after.astimezone(_zone(hours.zone))
    for days in range(_DAYS_OF_A_WEEK + 1):
        day = local + days * _DAY
        if weekly and day.weekday() != WEEKLY_ON:
            continue
        if (at := _instant(day, hours.digest_at)) > after:
            return at
    raise AssertionError("within eight days there is a digest")


def _is_quiet(now: time, begins: time, ends: time) -> bool:
    if begins <= ends:
        return begins <= now < ends
    return now >= begins or now < ends  # over midnight


def _instant(day: datetime, at: time) -> datetime:
    """Return when clocks there show this time on that day.

    A time that clocks skip in spring is the one after the gap; of one that they show twice in autumn it is
    the second, so that no quiet hour is cut short.
    """
    shown = datetime.combine(day.date(), at, tzinfo=day.tzinfo)
    return max(shown.replace(fold=0).astimezone(UTC), shown.replace(fold=1).astimezone(UTC))


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name if is_zone(name) else "UTC")
