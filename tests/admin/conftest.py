"""The web app's doors, and one sale whose month is closed: a statement of 15.00 that waits for finance."""

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import fund
from partner_network.payouts.rules import ChargeFunding
from partner_network.statements import jobs as statements
from tests import builders
from tests.builders import SHOP, at
from tests.doors import Browser, Network, network
from tests.payouts.conftest import EARNED_MINOR, Sale, sale, simulator

__all__ = ["network", "sale", "simulator"]


class Office:
    """The back office and its people, and the sale behind the statement."""

    def __init__(self, network: Network, sale: Sale) -> None:
        self.network = network
        self.sale = sale

    async def person(self, name: str, role: str = "finance") -> Browser:
        await self.network.person(f"{name}@office.example", None, [role])
        return await self.network.signed_in(f"{name}@office.example")

    async def pay(self) -> None:
        """Let the advertiser pay in through the web, and the worker charge it and pay the partner."""
        now, shop = await clock.now(), self.sale.brands[SHOP]
        async with connections.transaction(eyes=shop) as connection:
            funding_id = await fund.request_funding(
                connection,
                advertiser_id=shop,
                amount_minor=EARNED_MINOR,
                currency="USD",
                requested_by=self.sale.owners[SHOP],
                now=now,
            )
        async with self.network.as_worker():
            await payouts.charge(self.sale.stripe, ChargeFunding(funding_id), now)


@pytest.fixture
async def closed(sale: Sale) -> Sale:
    """February, in which the order of January matured, is closed: one statement."""
    await builders.set_clock(at(3, 1))
    await statements.close_periods(await clock.now())
    return sale


@pytest.fixture
async def office(closed: Sale, network: Network) -> Office:
    """The web app on the closed month; the process has the web role's rights only."""
    return Office(network, closed)
