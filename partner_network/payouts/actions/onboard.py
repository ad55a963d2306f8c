"""Make brands known to Stripe: partners as recipients, advertisers as customers."""

from datetime import datetime
from uuid import UUID

from partner_network.brands import queries as brands
from partner_network.brands import reach
from partner_network.brands.queries import Brand
from partner_network.database import connections
from partner_network.gateways.stripe_connect import ConnectedAccount, StripeConnect
from partner_network.identity.actions import audit
from partner_network.identity.rules.audit import Kind
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.payouts.actions.accounts import CLOSED


async def open_recipient(
    stripe: StripeConnect,
    brand_id: UUID,
    *,
    by: Member,
    return_url: str,
    refresh_url: str,
    now: datetime,
    platform_country: str = reach.DEFAULT_PLATFORM,
) -> str:
    """Return the address of Stripe's page on which a partner introduces itself, opening its account first.

    An account that was closed at Stripe is replaced by another one; what waited goes there.
    Errors: InvalidError where Stripe could never pay the brand; nothing is asked of Stripe then.
    """
    brand = await brands.brand_of(brand_id, eyes=brand_id)
    reach.must_reach(brand.country, platform=platform_country)
    account_id = await _known(brand_id, "account_id")
    if account_id is None or await _read(stripe, account_id) == CLOSED:
        account_id = await _open_account(stripe, brand, by=by, closed=account_id, now=now)
    return await stripe.onboarding_link(account_id, return_url=return_url, refresh_url=refresh_url)


async def read_recipient(stripe: StripeConnect, brand_id: UUID, now: datetime) -> str:
    """Re-read from Stripe whether a partner may be paid, and let payouts go that waited for it."""
    account_id = await _known(brand_id, "account_id")
    if account_id is None:
        raise ConflictError("This brand has no account at Stripe yet; begin the onboarding first.")
    transfers_status = await _read(stripe, account_id)
    async with connections.transaction(eyes=brand_id) as connection:
        # Another account may have replaced it while Stripe was asked.
        await connection.execute(
            """UPDATE stripe_accounts SET transfers_status = $3, read_at = $4
               WHERE brand_id = $1 AND account_id = $2""",
            brand_id,
            account_id,
            transfers_status,
            now,
        )
    return transfers_status


async def _read(stripe: StripeConnect, account_id: str) -> str:
    try:
        return (await stripe.read_account(account_id)).transfers_status
    except NotFoundError:
        return CLOSED


async def _open_account(
    stripe: StripeConnect, brand: Brand, *, by: Member, closed: str | None, now: datetime
) -> str:
    """Open a first account, or the one after a closed one; return the account that the brand has then."""
    async with connections.transaction(eyes=brand.id) as connection:
        before = await connection.fetchval(
            "SELECT count(*) FROM former_stripe_accounts WHERE brand_id = $1", brand.id
        )
    # Who asks twice for the same account gets the same one; the one after a closed account is another.
    key = f"recipient-{brand.id}" if closed is None else f"recipient-{brand.id}-{before + 2}"
    opened = await stripe.create_recipient(
        brand_id=str(brand.id),
        name=brand.name,
        email=by.email,
        country=brand.country,
        idempotency_key=key,
    )
    if closed is None:
        await _remember(brand.id, "account_id", opened.id, by, now)
        return opened.id
    return await _replace(brand.id, closed, opened, by, now)


async def _replace(brand_id: UUID, closed: str, opened: ConnectedAccount, by: Member, now: datetime) -> str:
    """Write down the former account and the new one together; return the one that holds."""
    async with connections.transaction(eyes=brand_id) as connection:
        held = await connection.fetchval(
            "SELECT account_id FROM stripe_accounts WHERE brand_id = $1 FOR UPDATE", brand_id
        )
        if held != closed:  # somebody of the same brand was faster
            return held
        await connection.execute(
            "INSERT INTO former_stripe_accounts (account_id, brand_id, replaced_at) VALUES ($1, $2, $3)",
            closed,
            brand_id,
            now,
        )
        await connection.execute(
            """UPDATE stripe_accounts SET account_id = $2, transfers_status = $3, read_at = $4
               WHERE brand_id = $1""",
            brand_id,
            opened.id,
            opened.transfers_status,
            now,
        )
        await audit.record(
            connection,
            by,
            "change",
            "payout account",
            brand_id,
            brands=[brand_id],
            before={"account_id": closed},
            after={"account_id": opened.id},
        )
    return opened.id


async def save_payment_method(
    stripe: StripeConnect, brand_id: UUID, *, by: Member, payment_method_id: str, now: datetime
) -> None:
    """Keep the payment method that funds an advertiser's statements, by its id at Stripe."""
    await open_customer(stripe, brand_id, by=by, now=now)
    await _remember(brand_id, "payment_method_id", payment_method_id, by, now)


async def open_customer(stripe: StripeConnect, brand_id: UUID, *, by: Member, now: datetime) -> str:
    """Return whom a brand's payments belong to at Stripe, made with the first of them.

    Errors: StripeUnreachableError, then ask again: whoever asks twice gets the same one.
    """
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
