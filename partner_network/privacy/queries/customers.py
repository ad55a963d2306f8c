"""Everything that is held about one customer of a brand, for the brand to hand on."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError


class HeldClick(msgspec.Struct, frozen=True):
    """A click behind which the customer stood."""

    click_id: str
    at: datetime
    identified_at: datetime
    partner: str
    consent: str
    network_prefix: str | None
    country: str | None


class HeldTouch(msgspec.Struct, frozen=True):
    """How else the customer was reached; a direct visit has no partner."""

    id: str
    touch_id: str | None
    kind: str
    at: datetime
    recorded_at: datetime
    partner: str | None
    code: str | None
    consent: str


class HeldRefund(msgspec.Struct, frozen=True):
    """Money given back on an order."""

    refund_id: str
    at: datetime
    net_minor: int
    reason: str
    cancels: str | None = None


class HeldOrder(msgspec.Struct, frozen=True):
    """An order as it was reported, and what was decided about it."""

    order_id: str
    event: str
    occurred_at: datetime
    recorded_at: datetime
    currency: str
    net_minor: int
    lines: msgspec.Raw
    click_id: str | None
    code: str | None
    outcome: str
    decided_at: datetime | None
    refunds: list[HeldRefund]


class CustomerExport(msgspec.Struct, frozen=True):
    """All that is held about one customer of the brand."""

    customer_id: str
    exported_at: datetime
    first_seen_at: datetime
    clicks: list[HeldClick]
    touches: list[HeldTouch]
    orders: list[HeldOrder]


class Mark(msgspec.Struct, frozen=True):
    """That a customer of the brand was erased; it says nothing of whom."""

    id: str
    erased_at: datetime
    counts: dict[str, int]


async def export_of_customer(connection: Connection, customer_id: UUID, external_id: str) -> CustomerExport:
    """Return all that is held about a customer."""
    return CustomerExport(
        external_id,
        await clock.now(connection),
        await connection.fetchval("SELECT first_seen_at FROM customers WHERE id = $1", customer_id),
        await _clicks(connection, customer_id),
        await _touches(connection, customer_id),
        await _orders(connection, customer_id),
    )


async def customer_of(connection: Connection, brand_id: UUID, external_id: str) -> UUID:
    """Find a customer by the brand's own id. Errors: NotFoundError."""
    customer_id: UUID | None = await connection.fetchval(
        "SELECT id FROM customers WHERE brand_id = $1 AND external_id = $2", brand_id, external_id
    )
    if customer_id is None:
        raise NotFoundError(
            "Nothing is held about a customer of that id: it was never reported, or was erased before."
        )
    return customer_id


async def counts_of_customer(connection: Connection, customer_id: UUID) -> dict[str, int]:
    """Return how many facts of each kind name the customer."""
    row = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM identifications WHERE customer_id = $1) AS identifications,
               (SELECT count(*) FROM touches WHERE customer_id = $1) AS touches,
               (SELECT count(*) FROM conversions WHERE customer_id = $1) AS conversions,
               (SELECT count(*) FROM refunds r JOIN conversions v ON v.id = r.conversion_id
                WHERE v.customer_id = $1) AS refunds""",
        customer_id,
    )
    return dict(row or {})


async def erasures_of(
    connection: Connection, brand_id: UUID, *, after: UUID | None, limit: int
) -> list[Mark]:
    """Return up to ``limit`` erasures of the brand's customers, the oldest first, beyond the id ``after``."""
    rows = await connection.fetch(
        """SELECT id, erased_at, counts FROM erasures
           WHERE brand_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3""",
        brand_id,
        after,
        limit,
    )
    return [
        Mark(str(row["id"]), row["erased_at"], msgspec.json.decode(row["counts"], type=dict[str, int]))
        for row in rows
    ]


async def _clicks(connection: Connection, customer_id: UUID) -> list[HeldClick]:
    rows = await connection.fetch(
        """SELECT k.click_id, k.at, i.recorded_at, b.name, k.consent, k.network_prefix, k.country
           FROM identifications i CROSS JOIN LATERAL (
               SELECT * FROM clicks WHERE click_id = i.click_id OFFSET 0) k
           JOIN brands b ON b.id = k.partner_id WHERE i.customer_id = $1 ORDER BY k.click_id""",
        customer_id,
    )
    return [HeldClick(ids.shown("clk", row["click_id"]), *list(row.values())[1:]) for row in rows]


async def _touches(connection: Connection, customer_id: UUID) -> list[HeldTouch]:
    rows = await connection.fetch(
        """SELECT t.id, t.touch_id, CASE t.channel WHEN 'direct' THEN 'direct' ELSE t.kind END, t.at,
               t.recorded_at, b.name, t.code, t.consent
           FROM touches t LEFT JOIN brands b ON b.id = t.partner_id WHERE t.customer_id = $1 ORDER BY t.id""",
        customer_id,
    )
    return [HeldTouch(ids.shown("tch", row["id"]), *list(row.values())[1:]) for row in rows]


async def _orders(connection: Connection, customer_id: UUID) -> list[HeldOrder]:
    rows = await connection.fetch(
        """SELECT v.id, v.order_id, v.event, v.occurred_at, v.recorded_at, v.currency, v.net_minor, v.lines,
               v.click_id, v.code, coalesce(d.outcome, 'received') AS outcome, d.decided_at
           FROM conversions v LEFT JOIN current_decisions d ON d.conversion_id = v.id
           WHERE v.customer_id = $1 ORDER BY v.id""",
        customer_id,
    )
    refunds: dict[UUID, list[HeldRefund]] = {row["id"]: [] for row in rows}
    for row in await connection.fetch(
        """SELECT conversion_id, refund_id, at, net_minor, reason, cancels FROM refunds
           WHERE conversion_id = ANY($1::uuid[]) ORDER BY id""",
        list(refunds),
    ):
        refunds[row["conversion_id"]].append(HeldRefund(*list(row.values())[1:]))
    return [
        HeldOrder(
            **{name: row[name] for name in set(row.keys()) - {"id", "lines", "click_id"}},
            lines=msgspec.Raw(row["lines"].encode()),
            click_id=None if row["click_id"] is None else ids.shown("clk", row["click_id"]),
            refunds=refunds[row["id"]],
        )
        for row in rows
    ]
