"""What the calendar brings next, by itself: periods that end, commissions that mature, money on its way."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms
from partner_network.database.connections import Connection
from partner_network.kernel import periods

TERMS_MAX = 200
"""How many different terms are read for a calendar; a network has a handful of kinds."""


class Close(msgspec.Struct, frozen=True):
    """A period that ends soon, and is closed by itself then."""

    at: datetime
    period: str
    time_zone: str


class Maturing(msgspec.Struct, frozen=True):
    """What becomes payable before the next close, in one currency; minor units."""

    currency: str
    count: int
    minor: int
    first_at: datetime


class Incoming(msgspec.Struct, frozen=True):
    """A payment of an advertiser that has not settled yet; minor units."""

    payer_name: str
    currency: str
    amount_minor: int
    requested_at: datetime


class Calendar(msgspec.Struct, frozen=True):
    """The next dates that matter to finance."""

    closes: Sequence[Close]
    maturing: Sequence[Maturing]
    incoming: Sequence[Incoming]


async def calendar(connection: Connection, now: datetime) -> Calendar:
    """Return what comes next, the soonest first."""
    closes = _closes([terms for _, terms in await terms_at(connection, now)], now)
    until = closes[0].at if closes else now + timedelta(days=31)
    maturing = await connection.fetch(
        """SELECT c.currency, count(*), sum(r.target_minor)::bigint AS minor, min(c.matures_at) AS first_at
           FROM commissions c JOIN current_targets r ON r.commission_id = c.id
           WHERE c.matured_at IS NULL AND c.matures_at < $1 AND r.target_minor <> 0
           GROUP BY 1 ORDER BY 1""",
        until,
    )
    incoming = await connection.fetch(
        """SELECT b.name AS payer_name, f.currency, f.amount_minor, f.requested_at
           FROM fundings f JOIN brands b ON b.id = f.advertiser_id
           WHERE f.status IN ('requested', 'processing') ORDER BY f.requested_at LIMIT 10"""
    )
    return Calendar(
        closes,
        [msgspec.convert(dict(row), Maturing) for row in maturing],
        [msgspec.convert(dict(row), Incoming) for row in incoming],
    )


async def terms_at(connection: Connection, now: datetime) -> Sequence[tuple[str, Terms]]:
    """Return the different terms that hold at an instant, with one agreement's number each."""
    rows = await connection.fetch(
        """SELECT min(a.number) AS number, a.terms_toml
           FROM terms t JOIN agreements a ON a.id = t.agreement_id
           WHERE upper_inf(t.recorded) AND t.valid @> $1::timestamptz GROUP BY a.terms_toml LIMIT $2""",
        now,
        TERMS_MAX,
    )
    return [(row["number"], terms_reading.read_terms(row["terms_toml"])) for row in rows]


def _closes(held: Sequence[Terms], now: datetime) -> Sequence[Close]:
    found: set[tuple[datetime, str, str]] = set()
    for settlement in (terms.settlement for terms in held):
        period = periods.period_of(now, settlement.period, periods.zone_named(settlement.time_zone))
        found.add((period.ends_at, period.label, settlement.time_zone))
    return [Close(*one) for one in sorted(found)]
