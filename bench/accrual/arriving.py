"""Facts of one live order: a click, who stands behind it, and the order that names it."""

from datetime import timedelta

from bench.accrual import network
from partner_network.database import connections
from partner_network.kernel import ids

FIRST_AT = network.STARTS + timedelta(days=network.DAYS + network.LIVE_DAYS)


async def arrive(number: int) -> None:
    """Store one order, later than all before it, that waits to be decided."""
    at = FIRST_AT + timedelta(minutes=number)
    clicked_at = at - timedelta(hours=1)
    click_id, customer_id, conversion_id = ids.new_id(clicked_at), ids.new_id(at), ids.new_id(at)
    async with connections.pool().acquire() as connection, connection.transaction():
        await connection.execute(
            """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id,
                   advertiser_id, partner_id, consent, country, network_prefix)
               SELECT $1, $2, $2, p.id, p.id, p.program_id, p.advertiser_id, p.partner_id, 'granted', 'US',
                   '192.0.2.0/24'
               FROM partnerships p JOIN brands b ON b.id = p.partner_id WHERE b.slug = 'blog-1'""",
            click_id,
            clicked_at,
        )
        await connection.execute(
            """INSERT INTO customers (id, brand_id, external_id, first_seen_at, pseudonym)
               SELECT $1, brand_id, $2::text, $3, sha256(convert_to($2::text, 'UTF8')) FROM programs""",
            customer_id,
            f"live customer {number}",
            at,
        )
        await connection.execute(
            """INSERT INTO customer_keys (customer_id, pseudonym_key)
               VALUES ($1, sha256(convert_to($1::uuid::text, 'UTF8')))""",
            customer_id,
        )
        await connection.execute(
            "INSERT INTO identifications (customer_id, click_id, recorded_at) VALUES ($1, $2, $3)",
            customer_id,
            click_id,
            clicked_at,
        )
        await connection.execute(
            """INSERT INTO conversions (id, brand_id, program_id, customer_id, event, order_id, occurred_at,
                   recorded_at, currency, net_minor, click_id, lines, payload_hash)
               SELECT $1, brand_id, id, $2, 'sale', $3::text, $4, $4, 'USD', 12345, $5, '[]',
                   sha256(convert_to($3::text, 'UTF8'))
               FROM programs""",
            conversion_id,
            customer_id,
            f"live order {number}",
            at,
            click_id,
        )
        await connection.execute("INSERT INTO undecided_conversions VALUES ($1)", conversion_id)
