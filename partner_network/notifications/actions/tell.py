"""Tell people what happened, in the transaction in which it happens: neither is there without the other."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.notifications.rules import values
from partner_network.notifications.rules.kinds import Kind, Side
from partner_network.notifications.rules.registry import KINDS
from partner_network.notifications.rules.values import Values

MAIL = "notifications.mail"


class To(msgspec.Struct, frozen=True):
    """Whom a fact is told: one side's people with the kind's roles, or one person."""

    side: Side
    id: UUID | None = None
    """The brand, or the person."""


class _Row(msgspec.Struct, frozen=True):
    """What is the same for everybody who is told."""

    kind: Kind
    fact: str
    but: UUID | None
    said: str
    at: datetime


OPERATOR = To("operator")


def brand(brand_id: UUID) -> To:
    """Return the people of a brand."""
    return To("brand", brand_id)


def person(member_id: UUID) -> To:
    """Return one person, about their own account."""
    return To("person", member_id)


async def notify(
    connection: Connection,
    kind: str,
    fact: UUID | str,
    *to: To,
    said: Values,
    at: datetime | None = None,
    but: UUID | None = None,
) -> int:
    """Tell a fact within the caller's transaction, once to each person, and return to how many it was new.

    ``fact`` names what happened: told a second time it is new to nobody. ``at`` is its business time, left
    out: now. ``but`` is who does it and need not be told. Calls nothing outside; letters follow in a job.
    Errors: KeyError for a kind that nobody defined, ValueError for a side that the kind is not for.
    """
    found = KINDS[kind]
    row = _Row(found, str(fact), but, values.encoded(said), at or await clock.now(connection))
    new = 0
    for one in to:
        if one.side not in found.sides:
            raise ValueError(f"{kind} is not told to a {one.side}")
        new += await _tell(connection, row, one)
    # While a story is replayed nobody is written to; the calendar looks at what waits when it is over.
    if new and not found.is_lettered_elsewhere and not await clock.stands_still(connection):
        await jobs.enqueue(connection, MAIL)
    return new


async def _tell(connection: Connection, row: _Row, to: To) -> int:
    roles = row.kind.at_brand if to.side == "brand" else row.kind.at_operator
    return await connection.fetchval(
        "SELECT notify_people($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        row.kind.key,
        row.fact,
        to.side,
        to.id if to.side == "brand" else None,
        sorted(roles),
        to.id if to.side == "person" else None,
        row.but,
        row.said,
        row.at,
        clock.wall_now(),
        not row.kind.is_lettered_elsewhere,
    )
