"""Read back what test keys reported: it looks like what counts, and is kept apart from it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from partner_network.conversions.queries import ListedConversion
from partner_network.conversions.rules.refunding import Given, RefundedOrder
from partner_network.conversions.rules.reports import ReportedConversion, ReportedRefund
from partner_network.database.connections import Connection
from partner_network.kernel import ids

_CONVERSIONS = msgspec.json.Decoder(ReportedConversion)
_REFUNDS = msgspec.json.Decoder(ReportedRefund)


async def conversions_of(
    connection: Connection,
    brand_id: UUID,
    *,
    only: UUID | None = None,
    after: UUID | None = None,
    limit: int = 1,
) -> list[ListedConversion]:
    """Return up to ``limit`` of a brand's test conversions, first recorded first, or ``only`` the one."""
    rows = await connection.fetch(
        """SELECT c.id, c.body::text, c.recorded_at, p.slug,
               (SELECT coalesce(sum((r.body ->> 'net_minor')::bigint), 0)::bigint FROM test_facts r
                WHERE r.conversion_id = c.id AND r.kind = 'refund' AND NOT EXISTS (
                    SELECT FROM test_facts u WHERE u.conversion_id = c.id AND u.kind = 'refund'
                        AND u.body ->> 'cancels' = r.key)) AS refunded_minor
           FROM test_facts c JOIN programs p ON p.id = c.program_id
           WHERE c.brand_id = $1 AND c.kind = 'conversion' AND ($2::uuid IS NULL OR c.id = $2)
               AND ($3::uuid IS NULL OR c.id > $3) ORDER BY c.id LIMIT $4""",
        brand_id,
        only,
        after,
        limit,
    )
    listed: list[ListedConversion] = []
    for row in rows:
        said = _CONVERSIONS.decode(row["body"])
        listed.append(
            ListedConversion(
                id=ids.shown("cnv", row["id"]),
                order_id=said.order_id,
                event=said.event,
                program=row["slug"],
                customer_id=said.customer_id,
                occurred_at=said.occurred_at,
                recorded_at=row["recorded_at"],
                currency=said.currency,
                net_minor=said.net_minor,
                refunded_minor=row["refunded_minor"],
                status="received",
                code=said.code,
            )
        )
    return listed


async def orders_at(
    connection: Connection, brand_id: UUID, key_at: Mapping[int, str]
) -> dict[int, RefundedOrder]:
    """Return the test conversions of these keys as refunds see them, by the places of the keys."""
    rows = await connection.fetch(
        """SELECT id, key, program_id, body::text FROM test_facts
           WHERE brand_id = $1 AND kind = 'conversion' AND key = ANY($2::text[])""",
        brand_id,
        list(key_at.values()),
    )
    orders: dict[str, RefundedOrder] = {}
    for row in rows:
        said = _CONVERSIONS.decode(row["body"])
        lines = {line.id: line.net_minor for line in said.lines}
        orders[row["key"]] = RefundedOrder(
            row["id"], row["program_id"], said.occurred_at, said.net_minor, lines
        )
    return {n: orders[key] for n, key in key_at.items() if key in orders}


async def refunds_given(connection: Connection, conversion_ids: Sequence[UUID]) -> dict[UUID, list[Given]]:
    """Return what was given back before on each of these test conversions."""
    rows = await connection.fetch(
        """SELECT conversion_id, body::text FROM test_facts
           WHERE kind = 'refund' AND conversion_id = ANY($1::uuid[]) ORDER BY id""",
        conversion_ids,
    )
    given: dict[UUID, list[Given]] = {}
    for row in rows:
        said = _REFUNDS.decode(row["body"])
        refund = Given(said.refund_id, said.at, said.net_minor, said.line, said.cancels)
        given.setdefault(row["conversion_id"], []).append(refund)
    return given
