"""Read our attempts beside what is kept of Stripe's transfers: which arrived as sent, which differ."""

from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

_AS_SENT = """x.source_id = t.stripe_transfer_id AND x.kind = 'transfer'
    AND (-x.amount_minor, x.currency, x.about) = (t.amount_minor, o.currency, t.destination)"""


class Sent(msgspec.Struct, frozen=True):
    """An attempt whose transfer Stripe has accepted, with between whom its money moves; minor units."""

    id: UUID
    payout_id: UUID
    stripe_transfer_id: str
    amount_minor: int
    destination: str
    status: str
    currency: str
    payee_id: UUID
    payer_id: UUID


_SENT = """
    SELECT t.id, t.payout_id, t.stripe_transfer_id, t.amount_minor, t.destination, t.status,
        o.currency, o.payee_id, o.payer_id
    FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
"""


async def is_any_awaited(connection: Connection) -> bool:
    """Tell whether an accepted attempt has not been settled yet."""
    return await connection.fetchval("SELECT EXISTS (SELECT FROM payout_attempts WHERE status = 'accepted')")


async def arrived(connection: Connection) -> list[UUID]:
    """Return the accepted attempts whose transfers Stripe lists as they were sent."""
    rows = await connection.fetch(
        f"""SELECT t.id FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
            WHERE t.status = 'accepted' AND EXISTS (SELECT FROM stripe_transactions x WHERE {_AS_SENT})
            ORDER BY t.id"""
    )
    return [row["id"] for row in rows]


async def not_listed_as_sent(connection: Connection) -> list[Sent]:
    """Return the attempts whose transfers Stripe does not list, or lists otherwise than they were sent."""
    rows = await connection.fetch(
        f"""{_SENT} WHERE t.stripe_transfer_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM stripe_transactions x WHERE {_AS_SENT}) ORDER BY t.id"""
    )
    return [Sent(**row) for row in rows]


async def strangers(connection: Connection) -> list[str]:
    """Return the transfers that Stripe lists and that are no attempt of ours, the oldest first."""
    rows = await connection.fetch(
        """SELECT x.source_id FROM stripe_transactions x WHERE x.kind = 'transfer' AND NOT EXISTS (
               SELECT FROM payout_attempts t WHERE t.stripe_transfer_id = x.source_id)
           ORDER BY x.created, x.seq"""
    )
    return [row["source_id"] for row in rows]


async def still_accepted(connection: Connection, attempt_ids: list[UUID]) -> list[Sent]:
    """Return those that nobody has settled meanwhile, under their locks; nothing else is locked."""
    rows = await connection.fetch(
        f"""{_SENT} WHERE t.id = ANY($1::uuid[]) AND t.status = 'accepted'
            ORDER BY t.id FOR UPDATE OF o, t""",
        attempt_ids,
    )
    return [Sent(**row) for row in rows]
