"""Compare what we believe we paid with what Stripe says it paid, and book what has left the account."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways.stripe_connect import StripeConnect, Transfer
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.payouts.actions import telling


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

    Looks no further back than the oldest of them, and asks Stripe nothing when there is none.
    """
    accepted = await _sent("t.status = 'accepted'")
    awaited = {sent.stripe_transfer_id for sent in accepted}
    shown: dict[str, Transfer] = {}
    if awaited:
        async for transfer in stripe.all_transfers():
            shown[transfer.id] = transfer
            if awaited <= shown.keys():
                break
    return await _settle([sent for sent in accepted if _difference(sent, shown) is None], now)


async def reconcile(stripe: StripeConnect, now: datetime) -> Report:
    """Settle every accepted attempt that Stripe shows with the same amount and destination.

    Idempotent. Nothing is booked for a transfer that differs: it is reported, and a person decides.
    """
    shown = {transfer.id: transfer async for transfer in stripe.all_transfers()}
    ours = await _sent("t.stripe_transfer_id IS NOT NULL")
    differences = _differences(ours, shown)
    wrong = {difference.transfer_id for difference in differences}
    arrived = [sent for sent in ours if sent.status == "accepted" and sent.stripe_transfer_id not in wrong]
    return Report(await _settle(arrived, now), tuple(differences))


class _Sent(msgspec.Struct, frozen=True):
    id: UUID
    payout_id: UUID
    stripe_transfer_id: str
    amount_minor: int
    destination: str
    status: str
    currency: str
    payee_id: UUID
    payer_id: UUID


async def _sent(which: str) -> list[_Sent]:
    async with connections.transaction() as connection:
        return await _read(connection, f"WHERE {which} ORDER BY t.id")


async def _read(connection: Connection, which: str, *values: object) -> list[_Sent]:
    rows = await connection.fetch(
        f"""SELECT t.id, t.payout_id, t.stripe_transfer_id, t.amount_minor, t.destination, t.status,
                o.currency, o.payee_id, o.payer_id
            FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id {which}""",
        *values,
    )
    return [_Sent(**row) for row in rows]


def _difference(sent: _Sent, shown: dict[str, Transfer]) -> Difference | None:
    transfer = shown.get(sent.stripe_transfer_id)
    if transfer is None:
        return Difference(sent.stripe_transfer_id, "Stripe does not show a transfer we booked.")
    if (transfer.amount_minor, transfer.currency, transfer.destination) != (
        sent.amount_minor,
        sent.currency,
        sent.destination,
    ):
        return Difference(transfer.id, "Stripe shows another amount or another destination.")
    return None


def _differences(ours: list[_Sent], shown: dict[str, Transfer]) -> list[Difference]:
    known = {sent.stripe_transfer_id for sent in ours}
    unknown = [
        Difference(transfer_id, "Stripe shows a transfer that we did not book.", is_unknown=True)
        for transfer_id in shown
        if transfer_id not in known
    ]
    return [found for sent in ours if (found := _difference(sent, shown)) is not None] + unknown


async def _settle(arrived: list[_Sent], now: datetime) -> int:
    """Book what has left the account, for what another worker has not booked; lock nothing else."""
    if not arrived:
        return 0
    async with connections.transaction() as connection:
        still = await _read(
            connection,
            "WHERE t.id = ANY($1::uuid[]) AND t.status = 'accepted' ORDER BY t.id FOR UPDATE OF o, t",
            [sent.id for sent in arrived],
        )
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
