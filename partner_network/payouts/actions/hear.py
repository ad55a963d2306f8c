"""Keep what Stripe tells us, once, and have a job look into it."""

from datetime import datetime

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways.stripe_connect import Event
from partner_network.payouts import rules


async def store_event(event: Event, payload: bytes, *, now: datetime) -> bool:
    """Store a verified event under its id; return False for one that was stored before.

    Order and number of deliveries never matter: the job reads the object itself from Stripe.
    """
    async with connections.transaction(eyes="doorkeeper") as connection:
        # No RETURNING and no named conflict: who may only add rows learns of none.
        done = await connection.execute(
            """INSERT INTO stripe_events (event_id, type, object_id, payload, received_at)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
            event.id,
            event.type,
            event.object_id or "",
            payload,
            now,
        )
        is_new = done == "INSERT 0 1"
        if is_new and event.object_id is not None:
            await _look_into(connection, event, event.object_id)
    return is_new


async def _look_into(connection: Connection, event: Event, object_id: str) -> None:
    kind, event_id = event.type, event.id
    if kind.startswith("payment_intent."):
        job = rules.ReadFunding(payment_intent_id=object_id, event_id=event_id)
        await jobs.enqueue(connection, rules.READ_FUNDING, job)
    elif kind.startswith(rules.TELLS_OF_INVOICES):
        await jobs.enqueue(connection, rules.READ_INVOICE, rules.HeardEvent(object_id, event_id))
    elif kind.startswith(rules.TELLS_OF_MOVEMENTS):
        await jobs.enqueue(connection, rules.READ_MOVEMENTS, rules.HeardEvent(object_id, event_id))
    elif kind.startswith(rules.TELLS_OF_ACCOUNTS):
        # A bank account of a partner's is told of as an object of its own, on the partner's account.
        account_id = event.account or object_id
        await jobs.enqueue(connection, rules.READ_ACCOUNT, rules.HeardEvent(account_id, event_id))
    elif kind.startswith(rules.TELLS_OF_BANKS) and event.account is not None:
        heard = rules.HeardBankPayout(object_id, event.account, event_id)
        await jobs.enqueue(connection, rules.READ_BANK_PAYOUT, heard)
