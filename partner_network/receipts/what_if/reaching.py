"""How far each agreement reaches, as rows that SQL can join; every calendar rule stays where it is."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import get_args

from msgspec import Struct

from partner_network.agreements.terms import Event, TouchKind, Windows
from partner_network.attribution.cases import Partnership
from partner_network.kernel import periods
from partner_network.receipts.what_if.sides import Side

_DAY = timedelta(days=1)
BUCKET = timedelta(days=31)
"""A computed span is cut into pieces of this length, so that a conversion finds the row for its instant by
equality. A row that lies in several is there for each."""
COLUMNS = (
    "partnership_id uuid, bucket integer, starts_at timestamptz, ends_at timestamptz, lead interval, "
    "sale interval, activation interval, viewed interval, direct interval, run_off interval, "
    "active_from timestamptz, ended_at timestamptz, locked_at timestamptz"
)
"""What `Reaches.columns` holds, array by array; `direct` is the window of direct visits."""


def as_table(first: int) -> str:
    """Return the rows as a table `r`, their columns being arguments from a number on."""
    columns = [column.split() for column in COLUMNS.split(", ")]
    arrays = ", ".join(f"${n}::{type_}[]" for n, (_, type_) in enumerate(columns, start=first))
    return f"unnest({arrays}) AS r ({', '.join(name for name, _ in columns)})"


class Reaches(Struct, frozen=True):
    """The rows, column by column, and the instants where the buckets begin."""

    columns: tuple[list[object], ...]
    buckets: Sequence[datetime]
    longest: timedelta
    """No touch older than this can count."""


def reaches_of(side: Side, starts_at: datetime, ends_at: datetime) -> Reaches:
    """Return how each agreement of a side reaches in a span; where there is no row, none was in force yet."""
    buckets = [starts_at]
    while buckets[-1] + BUCKET < ends_at:
        buckets.append(buckets[-1] + BUCKET)
    rows = [
        row
        for one in side.joined.values()
        for span in _spans(one.partnership, starts_at, ends_at)
        for row in _rows(one.id, one.partnership, span, buckets)
    ]
    columns = tuple([row[n] for row in rows] for n in range(len(COLUMNS.split(","))))
    return Reaches(columns, buckets, longest_of(side))


def longest_of(side: Side) -> timedelta:
    """Return the longest window of any agreement of a side."""
    versions = [version for one in side.joined.values() for version in one.partnership.versions]
    return max((_longest(version.terms.windows) for version in versions), default=0) * _DAY


def _longest(windows: Windows) -> int:
    return max(windows.days(kind, event) for kind in get_args(TouchKind) for event in get_args(Event))


def _spans(
    partnership: Partnership, starts_at: datetime, ends_at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the half-open spans within which everything about an agreement's reach stays as it is.

    The lock date moves with the calendar month of the terms in force, and those begin at their own instants.
    """
    begins = [one.valid_from for one in partnership.versions if one.valid_from is not None]
    at = starts_at
    while at < ends_at:
        later = min((begin for begin in begins if begin > at), default=ends_at)
        terms = partnership.terms_at(at)
        if terms is None:
            at = later
            continue
        zone = periods.zone_named(terms.settlement.time_zone)
        until = min(later, ends_at, periods.period_of(at, "month", zone).ends_at)
        yield at, until
        at = until


def _rows(
    partnership_id: object,
    partnership: Partnership,
    span: tuple[datetime, datetime],
    buckets: Sequence[datetime],
) -> Iterator[tuple[object, ...]]:
    reach = partnership.reach_at(span[0])
    if reach is None:
        raise RuntimeError("terms are in force in a span that was made of terms")
    windows = reach.windows
    first = bisect_right(buckets, span[0])
    last = bisect_right(buckets, span[1] - datetime.resolution)
    for bucket in range(first, last + 1):
        yield (
            partnership_id,
            bucket,
            *span,
            *(windows.days("click", event) * _DAY for event in ("lead", "sale", "activation")),
            windows.view_days * _DAY,
            windows.click_days * _DAY,
            windows.run_off_days * _DAY,
            reach.active_from,
            reach.ended_at,
            reach.locked_at,
        )
