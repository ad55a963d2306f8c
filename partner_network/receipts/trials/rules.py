"""What may be tried: whose terms, over which days of the past, and how much of it at once."""

from datetime import date, timedelta
from typing import Literal, TypeAlias, get_args
from uuid import UUID

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

OPEN_MAX = 5
"""How many trials of one brand may wait or run: the database's time is everybody's."""
MONTHS_MAX = 24
"""How long a period may be; two years hold two of every season."""
TERMS_BYTES_MAX = 64_000
"""How large a terms file may be; what is signed has some thousand."""
SECONDS_MAX = 600
"""How long one trial may compute."""

Status = Literal["waiting", "running", "done", "failed"]
Preset: TypeAlias = Literal[
    "last_30_days", "last_90_days", "last_365_days", "last_month", "last_quarter", "other"
]
PRESETS: tuple[Preset, ...] = get_args(Preset)
_DAYS_OF: dict[str, int] = {"last_30_days": 30, "last_90_days": 90, "last_365_days": 365}
_MONTHS_A_YEAR = 12
_MONTHS_A_QUARTER = 3


class Days(msgspec.Struct, frozen=True):
    """The days from ``starts_on`` up to ``ends_on``, which is not among them."""

    starts_on: date
    ends_on: date


class Question(msgspec.Struct, frozen=True):
    """Whose orders are looked at again, over which days, under which terms."""

    program_id: UUID | None
    """None: the partnership's own."""
    partnership_id: UUID | None
    """None: every partnership of the program."""
    days: Days
    terms_toml: str


def days_of(preset: Preset, today: date) -> Days | None:
    """Return the days that a preset names, as seen from today, which is not over and so not among them."""
    if preset in _DAYS_OF:
        return Days(today - timedelta(days=_DAYS_OF[preset]), today)
    if preset == "last_month":
        return Days(_first_of_month(today, -1), _first_of_month(today, 0))
    if preset == "last_quarter":
        since = (today.month - 1) % _MONTHS_A_QUARTER
        return Days(_first_of_month(today, -since - _MONTHS_A_QUARTER), _first_of_month(today, -since))
    return None


def mistakes_in(days: Days, today: date) -> dict[str, Sentence]:
    """Return what is wrong with a period, by the name of its day."""
    if days.ends_on <= days.starts_on:
        return {"to": Sentence("The period ends before it begins; choose a later day.")}
    if days.ends_on > today + timedelta(days=1):
        return {"to": Sentence("Only the past can be tried; choose {today} or earlier.", today=today)}
    if days.starts_on < _same_day(days.ends_on, -MONTHS_MAX):
        earliest = _same_day(days.ends_on, -MONTHS_MAX)
        return {
            "from": Sentence(
                "At most {months} months can be tried at once; begin on {earliest} or later.",
                months=MONTHS_MAX,
                earliest=earliest,
            )
        }
    return {}


def must_be_past(days: Days, today: date) -> None:
    """Refuse days that are out of order, still to come, or too many."""
    if mistakes := mistakes_in(days, today):
        raise InvalidError(next(iter(mistakes.values())), fields=mistakes)


def must_be_small(terms: str) -> None:
    """Refuse a terms file that is larger than any that could be meant."""
    if len(terms.encode()) > TERMS_BYTES_MAX:
        why = Sentence("The terms are larger than {size} kB; leave out what is not needed.", size=64)
        raise InvalidError(why, fields={"terms": why})


def _first_of_month(day: date, months: int) -> date:
    years, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    return date(years, month + 1, 1)


def _same_day(day: date, months: int) -> date:
    """Return the same day so many months on, or the last of a shorter month."""
    first = _first_of_month(day, months)
    last = _first_of_month(first, 1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
