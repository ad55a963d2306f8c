"""Keep an advertiser's customers, and who of them stands behind a click."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from partner_network.conversions import queries
from partner_network.conversions.rules import pseudonyms, reading
from partner_network.conversions.rules.pseudonyms import Customer
from partner_network.conversions.rules.reports import RecordedIdentification, ReportedIdentification
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence

UNKNOWN_CLICK = Sentence("No click of that id led to your programs; check it, or send it again in a minute.")


async def customers_of(
    connection: Connection, brand_id: UUID, external_ids: Sequence[str], now: datetime
) -> dict[str, Customer]:
    """Return a brand's customers by its own ids, making those not seen before; call it under the facts lock.

    An erased customer has no id any more: who comes under that id again is new.
    """
    wanted = sorted(set(external_ids))
    rows = await connection.fetch(
        """SELECT u.id, u.external_id, u.pseudonym, k.pseudonym_key
           FROM customers u JOIN customer_keys k ON k.customer_id = u.id
           WHERE u.brand_id = $1 AND u.external_id = ANY($2::text[])""",
        brand_id,
        wanted,
    )
    found = {row["external_id"]: Customer(row["id"], row["pseudonym"], row["pseudonym_key"]) for row in rows}
    missing = {name: pseudonyms.new_customer(ids.new_id(now), name) for name in wanted if name not in found}
    if missing:
        await _add(connection, brand_id, missing, now)
    return found | missing


async def _add(
    connection: Connection, brand_id: UUID, missing: Mapping[str, Customer], now: datetime
) -> None:
    await connection.execute(
        """INSERT INTO customers (id, brand_id, external_id, pseudonym, first_seen_at)
           SELECT t.id, $4, t.external_id, t.pseudonym, $5
           FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS t (id, external_id, pseudonym)""",
        [one.id for one in missing.values()],
        list(missing),
        [one.pseudonym for one in missing.values()],
        brand_id,
        now,
    )
    # By itself: the wall around the keys asks whose customers these are, and sees those stored before.
    await connection.execute(
        """INSERT INTO customer_keys (customer_id, pseudonym_key)
           SELECT * FROM unnest($1::uuid[], $2::bytea[])""",
        [one.id for one in missing.values()],
        [one.key for one in missing.values()],
    )


async def identify_customers(
    reported: Sequence[ReportedIdentification], *, brand_id: UUID
) -> list[RecordedIdentification]:
    """Link clicks with the customers behind them; a link that stands already is left as it is.

    So is a click of a customer who was erased.

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
        erased = await queries.clicks_of_erased(connection, brand_id, click_ids)
        fresh = [
            (one, click_id)
            for one, click_id in zip(reported, click_ids, strict=True)
            if click_id not in erased  # told again, it would bring back who stood behind the click
        ]
        found = await customers_of(connection, brand_id, [one.customer_id for one, _ in fresh], now)
        await _link(
            connection, [found[one.customer_id].id for one, _ in fresh], [one for _, one in fresh], now
        )
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
