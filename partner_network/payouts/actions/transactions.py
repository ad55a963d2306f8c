"""Keep what Stripe says of our balance, so that its list is read from where we stopped."""

from datetime import datetime, timedelta

from partner_network.database import connections
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.stripe_movements import Movement

OVERLAP = timedelta(hours=1)
"""How far before the newest one we begin to read again: one that Stripe lists late is not lost."""
NIGHTLY_OVERLAP = timedelta(days=3)


async def keep_new(stripe: StripeConnect, *, overlap: timedelta | None = OVERLAP) -> int:
    """Keep the balance transactions that are new since the newest kept one; return how many were new.

    ``overlap`` None reads the whole list. Idempotent: what is kept never changes, and all that one walk finds
    is kept in one transaction, so one that is broken off leaves no gap behind the newest.
    """
    since = None
    if overlap is not None:
        async with connections.transaction() as connection:
            newest: datetime | None = await connection.fetchval(
                "SELECT max(created) FROM stripe_transactions"
            )
        since = None if newest is None else newest - overlap
    shown = [one async for one in stripe.movements(since=since)]
    return await _keep(shown[::-1])


async def _keep(oldest_first: list[Movement]) -> int:
    async with connections.transaction() as connection:
        done = await connection.execute(
            """INSERT INTO stripe_transactions (id, kind, currency, amount_minor, fee_minor, source_id, about,
                   said, created)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
                   $6::text[], $7::text[], $8::text[], $9::timestamptz[])
               ON CONFLICT (id) DO NOTHING""",
            [one.id for one in oldest_first],
            [one.kind for one in oldest_first],
            [one.currency for one in oldest_first],
            [one.amount_minor for one in oldest_first],
            [one.fee_minor for one in oldest_first],
            [one.source_id for one in oldest_first],
            [one.about for one in oldest_first],
            [one.said for one in oldest_first],
            [one.created for one in oldest_first],
        )
    return int(done.rpartition(" ")[2])
