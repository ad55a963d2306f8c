"""Decide by the walk itself, conversion by conversion, what set-based SQL does not decide."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from msgspec.structs import replace

from partner_network.attribution import walk
from partner_network.attribution.cases import Case, Outcome
from partner_network.attribution.queries import facts
from partner_network.database.connections import Connection
from partner_network.receipts.what_if.sides import Side

BATCH = 5_000
Row = tuple[int, UUID, UUID, UUID, object, str, str]


async def walked(connection: Connection, side: Side, wanted: str) -> AsyncIterator[list[Row]]:
    """Yield credits, batch by batch, of the conversions in a table that has their `n`.

    All conversions of one customer must be in it together, since the first sale may bind the others.
    """
    numbers: dict[UUID, int] = {}
    batch: list[Case] = []
    cursor = connection.cursor(
        f"""SELECT o.n, o.id, o.customer_id, o.event, o.order_id, o.occurred_at, o.recorded_at, o.click_id,
                o.currency, o.net_minor
            FROM {wanted} w JOIN trial_orders o ON o.n = w.n
            ORDER BY o.customer_id, o.occurred_at, o.order_id COLLATE "C", o.event""",
        prefetch=BATCH,
    )
    async for row in cursor:
        if len(batch) >= BATCH and row["customer_id"] != batch[-1].customer_id:
            yield _rows(await _decided(connection, side, batch), numbers)
            batch, numbers = [], {}
        numbers[row["id"]] = row["n"]
        batch.append(
            Case(
                id=row["id"],
                program_id=side.program_id,
                customer_id=row["customer_id"],
                event=row["event"],
                order_id=row["order_id"],
                occurred_at=row["occurred_at"],
                recorded_at=row["recorded_at"],
                click_id=row["click_id"],
                currency=row["currency"],
                net_minor=row["net_minor"],
                customer_pseudonym="",
            )
        )
    if batch:
        yield _rows(await _decided(connection, side, batch), numbers)


async def _decided(connection: Connection, side: Side, batch: Sequence[Case]) -> list[Outcome]:
    policies = {side.program_id: side.policies}
    known = await facts.known_about(connection, batch, policies)
    partnerships = dict(known.partnerships) | {one.id: one.partnership for one in side.joined.values()}
    return list(walk.decide_in_order(batch, replace(known, partnerships=partnerships)))


def _rows(outcomes: Sequence[Outcome], numbers: dict[UUID, int]) -> list[Row]:
    return [
        (
            numbers[one.case.id],
            one.partnership_of[credit.touch],
            UUID(credit.partner),
            UUID(credit.touch),
            credit.touched_at,
            str(credit.weight.numerator),
            str(credit.weight.denominator),
        )
        for one in outcomes
        for credit in one.decision.credits
    ]
