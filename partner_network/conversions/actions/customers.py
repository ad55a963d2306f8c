"""Keep an advertiser's customers, and who of them stands behind a click."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.conversions import queries
from partner_network.conversions.rules import reading
from partner_network.conversions.rules.reports import RecordedIdentification, ReportedIdentification
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids

UNKNOWN_CLICK = "No click of that id led to your programs; check it, or send it again in a minute."


async def customer_ids(
    connection: Connection, brand_id: UUID, external_ids: Sequence[str], now: datetime
) -> dict[str, UUID]:
    """Return the ids of a brand's customers, making those not seen before; call it under the facts lock."""
    wanted = sorted(set(external_ids))
    rows = await connection.fetch(
        "SELECT id, external_id FROM customers WHERE brand_id = $1 AND external_id = ANY($2::text[])",
        brand_id,
        wanted,
    )
    found = {row["external_id"]: row["id"] for row in rows}
    missing = {external_id: ids.new_id(now) for external_id in wanted if external_id not in found}
    if missing:
        await connection.execute(
            """INSERT INTO customers (id, brand_id, external_id, first_seen_at)
               SELECT t.id, $3, external_id, $4 FROM unnest($1::uuid[], $2::text[]) AS t (id, external_id)""",
            list(missing.values()),
            list(missing),
            brand_id,
            now,
        )
    return found | missing


async def identify_customers(
    reported: Sequence[ReportedIdentification], *, brand_id: UUID
) -> list[RecordedIdentification]:
    """Link clicks with the customers behind them; a link that stands already is left as it is.

    Conversions of those customers since their clicks are put back to be decided again.
    Errors: InvalidError names each click that is malformed or never led to this brand; nothing of the
        batch is stored then.
    Source: MONEY section 3.6.
    """
    async with connections.transaction(eyes=brand_id) as connection:
        await connections.lock_all(connection, queries.facts_lock(brand_id))
        now = await clock.now(connection)
        reading.refuse_mistakes_in("identifications", reported, range(len(reported)), now)
        click_ids = [ids.parse("clk", one.click_id) for one in reported]
        known = await queries.programs_of_clicks(connection, brand_id, click_ids)
        reading.refuse(
            "identifications",
            [
                (f"identifications[{n}].click_id", UNKNOWN_CLICK)
                for n, click_id in enumerate(click_ids)
                if click_id not in known
            ],
        )
        found = await customer_ids(connection, brand_id, [one.customer_id for one in reported], now)
        await _link(connection, [found[one.customer_id] for one in reported], click_ids, now)
    return [RecordedIdentification(one.customer_id, one.click_id) for one in reported]


async def _link(
    connection: Connection, of_customers: Sequence[UUID], click_ids: Sequence[UUID], now: datetime
) -> None:
    fresh = await connection.fetch(
        """INSERT INTO identifications (customer_id, click_id, recorded_at)
           SELECT DISTINCT customer_id, click_id, $3::timestamptz
           FROM unnest($1::uuid[], $2::uuid[]) AS t (customer_id, click_id)
           ON CONFLICT DO NOTHING RETURNING customer_id, click_id""",
        of_customers,
        click_ids,
        now,
    )
    # DO UPDATE, not DO NOTHING: it locks a row that waits already, so the worker that is about to take it
    # waits for us and sees the new link. Canonical order: everybody locks these rows in it.
    put_back = await connection.execute(
        """INSERT INTO undecided_conversions AS u (conversion_id)
           SELECT v.id FROM unnest($1::uuid[], $2::uuid[]) AS t (customer_id, click_id)
           CROSS JOIN LATERAL (
               SELECT v.id, v.occurred_at, v.order_id, v.event
               FROM clicks k JOIN conversions v ON v.occurred_at >= k.at
               WHERE k.click_id = t.click_id AND v.customer_id = t.customer_id OFFSET 0) v
           GROUP BY v.id, v.occurred_at, v.order_id, v.event
           ORDER BY v.occurred_at, v.order_id COLLATE "C", v.event
           ON CONFLICT (conversion_id) DO UPDATE SET conversion_id = u.conversion_id""",
        [row["customer_id"] for row in fresh],
        [row["click_id"] for row in fresh],
    )
    if put_back != "INSERT 0 0":
        await jobs.enqueue(connection, "attribution.decide")
