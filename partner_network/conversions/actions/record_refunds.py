"""Store reported refunds."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.agreements.rules import ACCRUE
from partner_network.conversions import queries
from partner_network.conversions.rules import reading, reports
from partner_network.conversions.rules.refunding import Given, RefundedOrder
from partner_network.conversions.rules.reports import RecordedRefund, ReportedRefund
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence

Key = tuple[str, str]


class Answer(msgspec.Struct, frozen=True):
    """What a batch of refunds is answered with, in its order; ``is_new`` is False for a mere repeat."""

    refunds: list[RecordedRefund]
    is_new: bool


async def record_refunds(reported: Sequence[ReportedRefund], *, brand_id: UUID) -> Answer:
    """Store all of a batch once, or nothing: a refund that is stored already gets its first answer.

    Units: minor units of the order's currency.
    Errors: InvalidError names every field that cannot be right; ConflictError names a refund id used with
        other content, or an order that would be refunded for more than its net.
    """
    hashes = reading.repeats_in("refunds", (("refund_id", one.refund_id, one) for one in reported))
    async with connections.transaction(eyes=brand_id) as connection:
        await connections.lock_all(connection, queries.facts_lock(brand_id))
        answers = await _standing(connection, brand_id, reported, hashes)
        fresh: dict[str, int] = {}
        for n, one in enumerate(reported):
            if one.refund_id not in answers:
                fresh.setdefault(one.refund_id, n)
        if fresh:
            answers |= await _store(connection, brand_id, reported, list(fresh.values()))
            await jobs.enqueue(connection, ACCRUE)
    return Answer([answers[one.refund_id] for one in reported], is_new=bool(fresh))


async def _standing(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedRefund], hashes: dict[object, bytes]
) -> dict[str, RecordedRefund]:
    rows = await connection.fetch(
        """SELECT id, refund_id, conversion_id, payload_hash FROM refunds
           WHERE brand_id = $1 AND refund_id = ANY($2::text[])""",
        brand_id,
        [one.refund_id for one in reported],
    )
    stored = {row["refund_id"]: row for row in rows}
    conflicts = [
        (f"refunds[{n}].refund_id", used_before(one, stored[one.refund_id]["id"]))
        for n, one in enumerate(reported)
        if one.refund_id in stored and stored[one.refund_id]["payload_hash"] != hashes[one.refund_id]
    ]
    reading.refuse_conflicts("refunds", conflicts)
    return {
        refund_id: _answer(row["id"], refund_id, row["conversion_id"]) for refund_id, row in stored.items()
    }


def used_before(one: ReportedRefund, stored_id: UUID) -> Sentence:
    """Say that a refund id was used with other content."""
    return Sentence(
        "Refund {refund_id!r} is stored with other content as {stored}; send that content again, "
        "or use a refund id of its own.",
        refund_id=one.refund_id,
        stored=ids.shown("ref", stored_id),
    )


def _answer(made: UUID, refund_id: str, conversion_id: UUID) -> RecordedRefund:
    return RecordedRefund(ids.shown("ref", made), refund_id, ids.shown("cnv", conversion_id))


async def _store(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedRefund], places: Sequence[int]
) -> dict[str, RecordedRefund]:
    now = await clock.now(connection)
    reading.refuse_mistakes_in("refunds", reported, places, now)
    orders = await _orders(connection, brand_id, reported, places)
    fresh = [(reported[n], orders[n]) for n in places]
    await _must_be_borne(connection, reported, orders)
    made = [ids.new_id(now) for _ in fresh]
    await connection.execute(
        """INSERT INTO refunds (id, conversion_id, refund_id, at, net_minor, line, reason, payload_hash,
               cancels, brand_id, recorded_at)
           SELECT *, $10, $11 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bigint[],
               $6::text[], $7::text[], $8::bytea[], $9::text[])""",
        made,
        [order.conversion_id for _, order in fresh],
        [one.refund_id for one, _ in fresh],
        [one.at for one, _ in fresh],
        [one.net_minor for one, _ in fresh],
        [one.line for one, _ in fresh],
        [one.reason for one, _ in fresh],
        [reports.content_hash(one) for one, _ in fresh],
        [one.cancels for one, _ in fresh],
        brand_id,
        now,
    )
    await _ask_for_accrual(connection, [order for _, order in fresh])
    return {
        one.refund_id: _answer(refund, one.refund_id, order.conversion_id)
        for refund, (one, order) in zip(made, fresh, strict=True)
    }


async def _orders(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedRefund], places: Sequence[int]
) -> dict[int, RefundedOrder]:
    rows = await connection.fetch(
        """SELECT w.n, c.id AS conversion_id, c.program_id, c.occurred_at, c.net_minor, c.lines
           FROM unnest($2::int[], $3::text[], $4::text[]) AS w (n, event, order_id)
           CROSS JOIN LATERAL (
               SELECT * FROM conversions
               WHERE brand_id = $1 AND event = w.event AND order_id = w.order_id OFFSET 0) c""",
        brand_id,
        places,
        [reported[n].event for n in places],
        [reported[n].order_id for n in places],
    )
    orders = {
        row["n"]: RefundedOrder(
            conversion_id=row["conversion_id"],
            program_id=row["program_id"],
            occurred_at=row["occurred_at"],
            net_minor=row["net_minor"],
            lines={line.id: line.net_minor for line in _LINES.decode(row["lines"])},
        )
        for row in rows
    }
    reading.refuse_unknown_orders(reported, [n for n in places if n not in orders])
    return orders


_LINES = msgspec.json.Decoder(list[reports.OrderLine])


async def _must_be_borne(
    connection: Connection, reported: Sequence[ReportedRefund], orders: dict[int, RefundedOrder]
) -> None:
    rows = await connection.fetch(
        """SELECT conversion_id, refund_id, at, net_minor, line, cancels FROM refunds
           WHERE conversion_id = ANY($1::uuid[])""",
        [order.conversion_id for order in orders.values()],
    )
    given: dict[UUID, list[Given]] = {}
    for row in rows:
        given.setdefault(row["conversion_id"], []).append(
            Given(row["refund_id"], row["at"], row["net_minor"], row["line"], row["cancels"])
        )
    reading.refuse_what_orders_cannot_bear(reported, orders, given)


async def _ask_for_accrual(connection: Connection, orders: Sequence[RefundedOrder]) -> None:
    # A decision that is being made while we look is invisible to us, and its accrual may run before we
    # commit: so we wait for it. Whoever decides after us sees this refund.
    await connections.lock_all(connection, *{queries.decision_lock(order.program_id) for order in orders})
    await connection.execute(
        """INSERT INTO unaccrued_conversions AS u (partnership_id, conversion_id)
           SELECT DISTINCT c.partnership_id, d.conversion_id
           FROM current_decisions d JOIN credits c ON c.conversion_id = d.conversion_id AND c.rev = d.rev
           WHERE d.conversion_id = ANY($1::uuid[]) ORDER BY 1, 2
           ON CONFLICT (partnership_id, conversion_id) DO UPDATE SET partnership_id = u.partnership_id""",
        [order.conversion_id for order in orders],
    )
