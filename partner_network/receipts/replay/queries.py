"""Read what is to be proved, in stretches of one size, each by look-ups in the order of its orders."""

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from msgspec import Struct

from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.replay.rules import Stored

STRETCH = 2**12
"""Orders in one stretch: a power of two, so that the roots of all stretches meet in one tree."""

AnyConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Place(Struct, frozen=True):
    """Where an order stands in canonical order."""

    at: datetime
    order_id: str
    event: str


class Stretch(Struct, frozen=True):
    """The orders of a program from one place up to another (None: up to the end of the period)."""

    number: int
    first: Place
    beyond: Place | None


class Orders(Struct, frozen=True):
    """What a stretch holds: how many orders, and their decisions, in canonical order."""

    count: int
    decisions: Sequence[Sequence[Stored]]
    """By order; of one that waits to be decided there is none."""


async def program_named(connection: AnyConnection, name: str) -> UUID:
    """Return the program of a slug or of an id with its prefix; slugs are one of a kind in a network."""
    if name.startswith("prg_"):
        program_id = ids.parse("prg", name)
        known = await connection.fetchval("SELECT id FROM programs WHERE id = $1", program_id)
    else:
        known = await connection.fetchval("SELECT id FROM programs WHERE slug = $1", name)
    if known is None:
        raise NotFoundError(
            Sentence(
                "There is no program {name!r}: give its slug, as in its address, or its id, prg_….",
                name=name,
            )
        )
    return known


async def stretches_of(
    connection: AnyConnection, program_id: UUID, since: datetime, until: datetime
) -> list[Stretch]:
    """Return the stretches of a period [since, until), in canonical order; none where it has no order."""
    rows = await connection.fetch(
        """SELECT occurred_at, order_id, event FROM (
               SELECT occurred_at, order_id, event,
                   row_number() OVER (ORDER BY occurred_at, order_id COLLATE "C", event) AS n
               FROM conversions WHERE program_id = $1 AND occurred_at >= $2 AND occurred_at < $3) v
           WHERE n % $4 = 1 ORDER BY n""",
        program_id,
        since,
        until,
        STRETCH,
    )
    starts = [Place(*row) for row in rows]
    return [Stretch(n, first, beyond) for n, (first, beyond) in enumerate(zip_longest(starts, starts[1:]))]


# One receipt's facts are read as the text that they are: what is proved is these bytes.
_DECISIONS = """
    SELECT v.id, v.order_id, v.event, v.occurred_at, v.currency, v.net_minor, d.rev,
        d.model, d.outcome, d.bound_to, d.candidates, r.facts, r.salt, r.root,
        ARRAY(SELECT (p.partner_id::text, c.touch_id::text, c.touched_at, c.weight_numerator::text,
                      c.weight_denominator::text)
              FROM credits c JOIN partnerships p ON p.id = c.partnership_id
              WHERE c.conversion_id = d.conversion_id AND c.rev = d.rev
              ORDER BY p.partner_id, c.touch_id),
        EXISTS (SELECT FROM undecided_conversions w WHERE w.conversion_id = v.id)
    FROM conversions v LEFT JOIN decisions d ON d.conversion_id = v.id
    LEFT JOIN receipts r ON r.conversion_id = d.conversion_id AND r.rev = d.rev
    WHERE v.program_id = $1 AND v.occurred_at >= $2 AND v.occurred_at < $3
        AND (v.occurred_at, v.order_id COLLATE "C", v.event) >= ($2, $4::text, $5::text)
    ORDER BY v.occurred_at, v.order_id COLLATE "C", v.event, d.rev
"""
_UP_TO = """AND v.occurred_at <= $6
        AND (v.occurred_at, v.order_id COLLATE "C", v.event) < ($6, $7::text, $8::text)
    ORDER BY"""


async def orders_in(connection: AnyConnection, program_id: UUID, until: datetime, stretch: Stretch) -> Orders:
    """Return the decisions of one stretch with their receipts and credits, each order's oldest first."""
    asked: list[Any] = [program_id, stretch.first.at, until, stretch.first.order_id, stretch.first.event]
    sql = _DECISIONS
    if stretch.beyond is not None:
        sql = _DECISIONS.replace("ORDER BY v.", _UP_TO + " v.")
        asked += [stretch.beyond.at, stretch.beyond.order_id, stretch.beyond.event]
    decisions: list[list[Stored]] = []
    last: UUID | None = None
    for row in await connection.fetch(sql, *asked):
        if row[0] != last:
            last = row[0]
            decisions.append([])
        if row[6] is not None:
            decisions[-1].append(Stored(*row[1:]))
    return Orders(len(decisions), decisions)


async def prefer_indexes(connection: AnyConnection) -> None:
    """Keep a stretch to look-ups, whatever the planner believes of tables that grow all day."""
    await connection.execute(
        """SELECT set_config(name, 'off', true)
           FROM unnest('{enable_seqscan,enable_hashjoin,enable_mergejoin,jit}'::text[]) AS name"""
    )
