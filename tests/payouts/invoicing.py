"""What an advertiser's finance does about an invoice, and what Stripe shows of it."""

from typing import Any
from uuid import UUID

import httpx

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts.actions import fund
from tests.builders import SHOP
from tests.payouts.conftest import EARNED_MINOR, Sale


async def asked(sale: Sale, minor: int = EARNED_MINOR) -> UUID:
    """Close and sign, and let the advertiser's finance ask for an invoice."""
    await sale.close_and_sign()
    return await ask(sale, minor)


async def ask(sale: Sale, minor: int = EARNED_MINOR) -> UUID:
    async with connections.transaction(eyes=sale.brands[SHOP]) as connection:
        return await fund.request_funding(
            connection,
            advertiser_id=sale.brands[SHOP],
            amount_minor=minor,
            currency="USD",
            requested_by=sale.owners[SHOP],
            now=await clock.now(connection),
            way="invoice",
        )


async def followed(sale: Sale, funding_id: UUID) -> str:
    return await fund.charge_funding(sale.stripe, funding_id, await clock.now())


async def the_funding() -> Any:
    async with connections.transaction() as connection:
        return await connection.fetchrow("SELECT * FROM fundings ORDER BY requested_at DESC, id DESC LIMIT 1")


async def invoices(sale: Sale) -> list[Any]:
    async with httpx.AsyncClient(base_url=sale.stripe_address) as client:
        answer = await client.get("/v1/invoices?limit=100", headers={"authorization": "Bearer sk_test_sale"})
    return answer.raise_for_status().json()["data"]


async def pay_on_page(method: str = "pm_card_bypassPending") -> int:
    """Pay the one invoice on Stripe's page, as a person does."""
    url = (await the_funding())["invoice_url"]
    async with httpx.AsyncClient() as client:
        return (await client.post(url, data={"method": method})).status_code


async def call_off(sale: Sale, funding_id: UUID, brand: str = SHOP) -> None:
    async with connections.transaction(eyes=sale.brands[brand]) as connection:
        await fund.call_off(connection, sale.brands[brand], funding_id, by=sale.owners[brand])


async def told(kind: str) -> int:
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT count(*) FROM notifications WHERE kind = $1", kind)
