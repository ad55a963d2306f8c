"""At which moment a ledger is looked at, and by which of its two dates: pure."""

from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from partner_network.kernel import periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

Basis: TypeAlias = Literal["recorded", "effective"]
"""By when entries were written down, which is final, or by the date they are booked for."""
BASES: tuple[Basis, ...] = ("recorded", "effective")


class AsOf(msgspec.Struct, frozen=True):
    """Everything before an instant, by one of the two dates."""

    until: datetime
    basis: Basis = "recorded"


def day_in(text: str) -> date:
    """Read a day. Errors: InvalidError with how to write one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError(Sentence("{text!r} is no day; write it like 2026-03-31.", text=text)) from None


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins by a zone's clock. Errors: InvalidError for too far a day."""
    try:
        return periods.midnight(day, zone)
    except (OverflowError, ValueError):
        raise InvalidError(Sentence("{day} is not a day of the books.", day=day.isoformat())) from None


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which the next day begins: what is seen then has all of this day in it."""
    try:
        return begins(day + timedelta(days=1), zone)
    except OverflowError:
        raise InvalidError(Sentence("{day} is not a day of the books.", day=day.isoformat())) from None
