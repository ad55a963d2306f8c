"""Decide by the walk itself, conversion by conversion, for the few customers that sets cannot decide for."""

import math
from collections.abc import Iterator, Sequence
from uuid import UUID

from msgspec.structs import replace

from partner_network.attribution import walk
from partner_network.attribution.cases import Case, Outcome
from partner_network.attribution.queries import facts
from partner_network.database.connections import Connection
from partner_network.receipts.what_if import reaching
from partner_network.receipts.what_if.sides import Side

BATCH = 5_000


async def walk_into(connection: Connection, side: Side, walked: str, raw: str) -> None:
    """Decide all conversions of the customers in one table, and add their credits to another.

    A customer's conversions are decided together, since the first sale may bind the others.
    """
    batch: list[Case] = []
    cursor = connection.cursor(
        f"""SELECT o.id, o.customer_id, o.event, o.order_id, o.occurred_at, o.recorded_at, o.click_id,
                o.currency, o.net_minor
            FROM trial_orders o WHERE o.customer_id IN (SELECT customer_id FROM {walked})
            ORDER BY o.customer_id, o.occurred_at, o.order_id COLLATE "C", o.event""",
        prefetch=BATCH,
    )
    async for row in cursor:
        if len(batch) >= BATCH and row["customer_id"] != batch[-1].customer_id:
            await _decide(connection, side, batch, raw)
            batch = []
        batch.append(Case(**row, program_id=side.program_id, customer_pseudonym=""))
    if batch:
        await _decide(connection, side, batch, raw)


async def _decide(connection: Connection, side: Side, batch: Sequence[Case], raw: str) -> None:
    longest_days = reaching.longest_of(side).days
    known = await facts.known_about(
        connection, batch, {side.program_id: side.policies}, longest_days=longest_days
    )
    partnerships = dict(known.partnerships) | {one.id: one.partnership for one in side.joined.values()}
    outcomes = walk.decide_in_order(batch, replace(known, partnerships=partnerships))
    await connection.copy_records_to_table(raw, records=[row for one in outcomes for row in _rows(one)])


def _rows(one: Outcome) -> Iterator[tuple[object, ...]]:
    """Yield the credits of a decision, their weights over one denominator."""
    whole = math.lcm(*(credit.weight.denominator for credit in one.decision.credits))
    for credit in one.decision.credits:
        partnership_id = one.partnership_of[credit.touch]
        weight = int(credit.weight * whole)
        yield (one.case.id, partnership_id, UUID(credit.touch), credit.touched_at, weight, whole)
