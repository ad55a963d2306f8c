"""Make brands known to Stripe: partners as recipients, advertisers as customers."""

from datetime import datetime
from uuid import UUID

from partner_network.brands import queries as brands
from partner_network.database import connections
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.actions import audit
from partner_network.identity.rules.audit import Kind
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError


async def open_recipient(
    stripe: StripeConnect, brand_id: UUID, *, by: Member, return_url: str, refresh_url: str, now: datetime
) -> str:
    """Return the address of Stripe's page on which a partner introduces itself, opening its account first."""
    account_id = await _known(brand_id, "account_id")
    if account_id is None:
        brand = await brands.brand_of(brand_id, eyes=brand_id)
        account = await stripe.create_recipient(
            brand_id=str(brand_id),
            name=brand.name,
            email=by.email,
            country=brand.country,
            idempotency_key=f"recipient-{brand_id}",
        )
        account_id = account.id
        await _remember(brand_id, "account_id", account_id, by, now)
    return await stripe.onboarding_link(account_id, return_url=return_url, refresh_url=refresh_url)


async def read_recipient(stripe: StripeConnect, brand_id: UUID, now: datetime) -> str:
    """Re-read from Stripe whether a partner may be paid, and let payouts go that waited for it."""
    account_id = await _known(brand_id, "account_id")
    if account_id is None:
        raise ConflictError("This brand has no account at Stripe yet; begin the onboarding first.")
    account = await stripe.read_account(account_id)
    async with connections.transaction(eyes=brand_id) as connection:
        await connection.execute(
            "UPDATE stripe_accounts SET transfers_status = $2, read_at = $3 WHERE brand_id = $1",
            brand_id,
            account.transfers_status,
            now,
        )
    return account.transfers_status


async def save_payment_method(
    stripe: StripeConnect, brand_id: UUID, *, by: Member, payment_method_id: str, now: datetime
) -> None:
    """Keep the payment method that funds an advertiser's statements, by its id at Stripe."""
    await _open_customer(stripe, brand_id, by=by, now=now)
    await _remember(brand_id, "payment_method_id", payment_method_id, by, now)


async def _open_customer(stripe: StripeConnect, brand_id: UUID, *, by: Member, now: datetime) -> str:
    customer_id = await _known(brand_id, "customer_id")
    if customer_id is None:
        brand = await brands.brand_of(brand_id, eyes=brand_id)
        customer_id = await stripe.create_customer(
            brand_id=str(brand_id), name=brand.name, email=by.email, idempotency_key=f"customer-{brand_id}"
        )
        await _remember(brand_id, "customer_id", customer_id, by, now)
    return customer_id


async def _known(brand_id: UUID, column: str) -> str | None:
    async with connections.transaction(eyes=brand_id) as connection:
        row = await connection.fetchrow("SELECT * FROM stripe_accounts WHERE brand_id = $1", brand_id)
        return None if row is None else row[column]


async def _remember(brand_id: UUID, column: str, value: str, by: Member, now: datetime) -> None:
    async with connections.transaction(eyes=brand_id) as connection:
        await connection.execute(
            f"""INSERT INTO stripe_accounts (brand_id, {column}, read_at) VALUES ($1, $2, $3)
                ON CONFLICT (brand_id) DO UPDATE SET {column} = $2""",
            brand_id,
            value,
            now,
        )
        kind: Kind = "payout account" if column == "account_id" else "payment method"
        await audit.record(connection, by, "change", kind, brand_id, brands=[brand_id], after={column: value})
