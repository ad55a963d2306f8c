"""Compare what we believe we paid with what Stripe says it paid, and book what has left the account."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.gateways.stripe_connect import StripeConnect, Transfer
from partner_network.kernel.errors import NotFoundError
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.payouts import transfer_queries
from partner_network.payouts.actions import telling, transactions
from partner_network.payouts.transfer_queries import Sent

SETTLING_OVERLAP = timedelta(minutes=5)
"""How far back a look goes that is made each minute while something is on its way; others look farther."""


class Difference(msgspec.Struct, frozen=True):
    """One thing that our books and Stripe's say differently, in a sentence."""

    transfer_id: str
    sentence: str
    is_unknown: bool = False
    """Whether it is a transfer of which our books know nothing."""


class Report(msgspec.Struct, frozen=True):
    """What a reconciliation found: how many attempts were settled, and every difference."""

    settled: int
    differences: tuple[Difference, ...]


async def settle_arrived(stripe: StripeConnect, now: datetime) -> int:
    """Settle what was accepted and Stripe shows as it was sent; return how many attempts.

    Reads what is new at Stripe alone, and asks it nothing when nothing is on its way.
    """
    async with connections.transaction() as connection:
        if not await transfer_queries.is_any_awaited(connection):
            return 0
    await transactions.keep_new(stripe, overlap=SETTLING_OVERLAP)
    async with connections.transaction() as connection:
        arrived = await transfer_queries.arrived(connection)
    return await _settle(arrived, now)


async def reconcile(stripe: StripeConnect, now: datetime) -> Report:
    """Settle every accepted attempt that Stripe shows with the same amount and destination.

    Each transfer moves our balance once, so what is kept of that says what it was; only a transfer that is
    not kept so is asked for by its id. Idempotent. Nothing is booked for a transfer that differs: it is
    reported, and a person decides.
    """
    await transactions.keep_new(stripe)
    async with connections.transaction() as connection:
        arrived = await transfer_queries.arrived(connection)
        doubtful = await transfer_queries.not_listed_as_sent(connection)
        strangers = await transfer_queries.strangers(connection)
    differences: list[Difference] = []
    for sent in doubtful:
        difference = _difference(sent, await _shown(stripe, sent.stripe_transfer_id))
        if difference is not None:
            differences.append(difference)
        elif sent.status == "accepted":
            # Its list lags behind; whether money is missing for it, the balance tells.
            arrived.append(sent.id)
    differences += [
        Difference(transfer_id, "Stripe shows a transfer that we did not book.", is_unknown=True)
        for transfer_id in strangers
    ]
    return Report(await _settle(arrived, now), tuple(differences))


async def _shown(stripe: StripeConnect, transfer_id: str) -> Transfer | None:
    try:
        return await stripe.read_transfer(transfer_id)
    except NotFoundError:
        return None


def _difference(sent: Sent, transfer: Transfer | None) -> Difference | None:
    if transfer is None:
        return Difference(sent.stripe_transfer_id, "Stripe does not show a transfer we booked.")
    if (transfer.amount_minor, transfer.currency, transfer.destination) != (
        sent.amount_minor,
        sent.currency,
        sent.destination,
    ):
        return Difference(transfer.id, "Stripe shows another amount or another destination.")
    return None


async def _settle(arrived: list[UUID], now: datetime) -> int:
    """Book what has left the account, for what another worker has not booked; lock nothing else."""
    if not arrived:
        return 0
    async with connections.transaction() as connection:
        still = await transfer_queries.still_accepted(connection, arrived)
        entries = [
            events.settle_payout(
                Fact(f"settle:{sent.id}", now),
                Pair(sent.payee_id, sent.payer_id, sent.currency),
                sent.amount_minor,
            )
            for sent in still
        ]
        await ledger.post(connection, entries, recorded_at=now)
        await connection.execute(
            "UPDATE payout_attempts SET status = 'settled' WHERE id = ANY($1::uuid[])",
            [sent.id for sent in still],
        )
        for sent in still:
            await telling.tell_paid(connection, sent.payout_id, now)
    return len(still)
