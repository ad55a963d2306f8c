"""Approved and funded statements of many partners, each with an account at Stripe's stand-in."""

import asyncio

import asyncpg
import httpx

from bench.close import __main__ as close
from bench.close import network
from bench.replay import progress
from partner_network.database import connections
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.payouts.actions import fund

ORDERS_EACH = 20
"""So that each statement is above the minimum of a payout."""
KEY, WEBHOOK_SECRET = "sk_test_of_the_bench", "whsec_of_the_bench"
CARD = "pm_card_bypassPending"
AT_ONCE = 8

# Two people sign everything: their reading is not what is measured.
_SIGNED = """
INSERT INTO statement_preparations (statement_id, content_hash, closing_minor, currency, preparer_id,
        prepared_at)
    SELECT s.id, s.content_hash, s.closing_minor, s.currency, m.id, s.closed_at
    FROM statements s, (SELECT id FROM members ORDER BY id LIMIT 1) m WHERE s.carried_reason IS NULL;
INSERT INTO statement_approvals (statement_id, content_hash, closing_minor, currency, preparer_id,
        approver_id, reason, approved_at)
    SELECT p.statement_id, p.content_hash, p.closing_minor, p.currency, p.preparer_id, m.id, 'All there',
        p.prepared_at
    FROM statement_preparations p, (SELECT id FROM members ORDER BY id DESC LIMIT 1) m
"""
_ACCOUNT = """
INSERT INTO stripe_accounts (brand_id, account_id, transfers_status, read_at) VALUES ($1, $2, 'active', $3)
"""
_PAYER = """
INSERT INTO stripe_accounts (brand_id, customer_id, payment_method_id, read_at) VALUES ($1, $2, $3, $4)
"""
_FUNDING = """
INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status, requested_by,
        requested_at)
    SELECT gen_random_uuid(), a.payer_id, sum(a.closing_minor), a.currency, 'funding', 'requested',
        (SELECT id FROM members ORDER BY id LIMIT 1), $1
    FROM statements a JOIN statement_approvals USING (content_hash) GROUP BY a.payer_id, a.currency
    RETURNING id, advertiser_id, currency
"""


def found(owner_url: str, worker_url: str, stripe_url: str, payouts: int) -> None:
    """Make it all by the product's own code but for the signatures; nothing is sent yet."""
    asyncio.run(network.found(owner_url, payouts * ORDERS_EACH, payouts))
    for what in ("accrue", "mature", "close"):
        close.asked_alone(what, worker_url)
    asyncio.run(_fund(owner_url, worker_url, stripe_url))


def stripe_at(url: str, *, per_s: int) -> StripeConnect:
    """Return a conversation with the stand-in at so many transfers a second."""
    return StripeConnect(
        secret_key=KEY, api_base=url, webhook_secret=WEBHOOK_SECRET, sandbox=True, transfers_per_s=per_s
    )


async def _fund(owner_url: str, worker_url: str, stripe_url: str) -> None:
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    stripe = stripe_at(stripe_url, per_s=1)
    try:
        await owner.execute(_SIGNED)
        with progress.timed("accounts at Stripe's stand-in"):
            await _open_accounts(owner, stripe, stripe_url)
        await _pay_in(owner, stripe, worker_url)
    finally:
        await stripe.close()
        await owner.close()


async def _open_accounts(
    owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect, stripe_url: str
) -> None:
    brands = await owner.fetch("SELECT id, slug FROM brands WHERE slug LIKE 'blog-%'")
    free = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=stripe_url, trust_env=False, timeout=60) as control:

        async def opened(brand: asyncpg.Record) -> str:
            async with free:
                account = await stripe.create_recipient(
                    brand_id=str(brand["id"]),
                    name=brand["slug"],
                    email=f"{brand['slug']}@x.test",
                    country="US",
                    idempotency_key=f"open {brand['id']}",
                )
                seen = {"account": account.id, "status": "active"}
                (await control.post("/_simulator/reviews", json=seen)).raise_for_status()
                return account.id

        accounts = await asyncio.gather(*(opened(brand) for brand in brands))
    rows = [
        (brand["id"], account, network.CLOSED_AT) for brand, account in zip(brands, accounts, strict=True)
    ]
    await owner.executemany(_ACCOUNT, rows)


async def _pay_in(
    owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect, worker_url: str
) -> None:
    payer = await owner.fetchval("SELECT DISTINCT payer_id FROM statements")
    customer = await stripe.create_customer(
        brand_id=str(payer), name="shop-1", email="shop-1@x.test", idempotency_key="customer"
    )
    await owner.execute(_PAYER, payer, customer, CARD, network.CLOSED_AT)
    funding = await owner.fetchrow(_FUNDING, network.CLOSED_AT)
    if funding is None:
        raise RuntimeError("nothing is approved, so nothing can be paid in")
    await connections.open_pool(worker_url, max_size=4)
    try:
        with progress.timed("funded"):
            if await fund.charge_funding(stripe, funding["id"], network.CLOSED_AT) != "settled":
                raise RuntimeError("the payment has not settled")
            await fund.fund_statements(payer, funding["currency"], network.CLOSED_AT)
    finally:
        await connections.close_pool()
