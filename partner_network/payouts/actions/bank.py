"""Keep what the banks of partners did with the payouts of their own accounts at Stripe."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways.stripe_banks import BankPayout
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.notifications.actions import tell

LOOKED_BACK = timedelta(days=40)
"""How far back the nightly look goes: a bank sends back within days what it had seemed to pay."""


class _Account(msgspec.Struct, frozen=True):
    brand_id: UUID
    id: str


async def read_bank_payout(stripe: StripeConnect, payout_id: str, account_id: str, now: datetime) -> None:
    """Read one payout of a partner's account again and keep what became of it; one of a stranger is not ours.

    Idempotent, in any order: the webhook is never believed, and what was paid or failed is never on its way
    again. It changes no attempt but its ``bank_status``: the transfer itself was accepted by Stripe.
    Source: MONEY section 6.
    """
    async with connections.transaction() as connection:
        brand_id = await connection.fetchval(
            """SELECT brand_id FROM stripe_accounts WHERE account_id = $1
               UNION SELECT brand_id FROM former_stripe_accounts WHERE account_id = $1""",
            account_id,
        )
    if brand_id is not None:
        shown = await stripe.read_bank_payout(payout_id, account=account_id)
        await _keep_with_bundle(stripe, _Account(brand_id, account_id), shown, now)


async def read_all(stripe: StripeConnect, now: datetime) -> None:
    """Read the newest payouts of every account that we sent money to lately: no webhook has to arrive."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT DISTINCT o.payee_id AS brand_id, t.destination AS id, min(t.finished_at) AS since
               FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
               WHERE t.stripe_transfer_id IS NOT NULL
                   AND (t.finished_at > $1 OR t.bank_status IN ('none', 'in_transit'))
               GROUP BY 1, 2 ORDER BY 2""",
            now - LOOKED_BACK,
        )
    for row in rows:
        account = _Account(row["brand_id"], row["id"])
        since = min(row["since"] or now, now - LOOKED_BACK)
        shown = [one async for one in stripe.bank_payouts(account=account.id, since=since)]
        for one in reversed(shown):
            await _keep_with_bundle(stripe, account, one, now)


async def _keep_with_bundle(
    stripe: StripeConnect, account: _Account, shown: BankPayout, now: datetime
) -> None:
    async with connections.transaction() as connection:
        is_known = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM bank_payout_transfers WHERE bank_payout_id = $1)", shown.id
        )
    transfers: Sequence[str] = ()
    came_back: Sequence[str] = ()
    # What a person pays out by hand names no transfers, and Stripe refuses the question.
    if shown.is_automatic and not is_known:
        bundle = await stripe.bundle_of(shown.id, account=account.id)
        transfers, came_back = bundle.transfers, bundle.came_back
    for earlier in came_back:
        # Its webhook may be late or lost; without it nobody knows which transfers go out again.
        await _keep_with_bundle(
            stripe, account, await stripe.read_bank_payout(earlier, account=account.id), now
        )
    async with connections.transaction() as connection:
        await connections.lock_all(connection, f"bank:{shown.id}")
        await _keep(connection, account, shown, now)
        await _bundle(connection, shown.id, transfers, came_back)
        await _mark(connection, shown.id)


async def _keep(connection: Connection, account: _Account, shown: BankPayout, now: datetime) -> None:
    before = await connection.fetchval("SELECT status FROM bank_payouts WHERE id = $1", shown.id)
    await connection.execute(
        """INSERT INTO bank_payouts (id, brand_id, account_id, currency, amount_minor, status, failure,
               arrives_on, made_at, read_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT (id) DO UPDATE SET status = $6, failure = $7, arrives_on = $8, read_at = $10
               WHERE bank_payouts.status = 'in_transit' OR $6 = 'failed'""",
        shown.id,
        account.brand_id,
        account.id,
        shown.currency,
        shown.amount_minor,
        shown.status,
        shown.failure,
        shown.arrives_on,
        shown.made_at,
        now,
    )
    if shown.status == "failed" and before != "failed":
        to = tell.brand(account.brand_id)
        await tell.notify(connection, "bank-refused", shown.id, to, said={"reason": shown.failure or ""})


async def _bundle(
    connection: Connection, bank_payout_id: str, transfers: Sequence[str], came_back: Sequence[str]
) -> None:
    await connection.execute(
        """INSERT INTO bank_payout_transfers (bank_payout_id, attempt_id)
           SELECT $1, id FROM payout_attempts WHERE stripe_transfer_id = ANY($2::text[])
           UNION SELECT $1, attempt_id FROM bank_payout_transfers WHERE bank_payout_id = ANY($3::text[])
           ON CONFLICT DO NOTHING""",
        bank_payout_id,
        list(transfers),
        list(came_back),
    )


async def _mark(connection: Connection, bank_payout_id: str) -> None:
    """Write on each attempt what became of the newest payout that took it along."""
    # Payouts before their attempts, as everybody locks them.
    await connection.execute(
        """SELECT FROM payouts WHERE id IN (
               SELECT t.payout_id FROM bank_payout_transfers b JOIN payout_attempts t ON t.id = b.attempt_id
               WHERE b.bank_payout_id = $1) ORDER BY id FOR UPDATE""",
        bank_payout_id,
    )
    await connection.execute(
        """UPDATE payout_attempts t SET bank_status = newest.status
           FROM (SELECT DISTINCT ON (x.attempt_id) x.attempt_id, b.status
                 FROM bank_payout_transfers x JOIN bank_payouts b ON b.id = x.bank_payout_id
                 WHERE x.attempt_id IN (
                     SELECT attempt_id FROM bank_payout_transfers WHERE bank_payout_id = $1)
                 ORDER BY x.attempt_id, b.made_at DESC, b.id DESC) newest
           WHERE t.id = newest.attempt_id AND t.bank_status <> newest.status""",
        bank_payout_id,
    )
