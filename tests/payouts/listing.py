"""Stripe's list of what moved our balance, watched: how much of it is asked for, and what it shows late."""

from collections.abc import AsyncGenerator, Awaitable, Mapping
from datetime import datetime

import pytest

from partner_network.gateways import clock, stripe_connect
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.stripe_movements import Movement
from partner_network.gateways.stripe_transport import Transport
from partner_network.payouts.actions import movements
from tests.builders import Cast


class Listing:
    """Stripe's list of balance transactions, which may show one late and counts what is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pages = 0
        self.transfer_pages = 0
        self.hidden: set[str] = set()
        real_walk, real_request = StripeConnect.movements, Transport.request_async

        async def walk(stripe: StripeConnect, *, since: datetime | None = None) -> AsyncGenerator[Movement]:
            async for one in real_walk(stripe, since=since):
                if one.source_id not in self.hidden:
                    yield one

        async def request(
            transport: Transport,
            method: str,
            url: str,
            headers: Mapping[str, str],
            post_data: str | None = None,
        ) -> tuple[bytes, int, Mapping[str, str]]:
            self.pages += "/v1/balance_transactions" in url
            self.transfer_pages += "/v1/transfers" in url and method == "get"
            return await real_request(transport, method, url, headers, post_data)

        monkeypatch.setattr(StripeConnect, "movements", walk)
        monkeypatch.setattr(Transport, "request_async", request)
        monkeypatch.setattr(stripe_connect, "PAGE", 2)

    async def asked_by(self, sale: Cast) -> int:
        """Return how many pages one look into what moved asks for."""
        before = self.pages
        await movements.book_movements(sale.stripe, await clock.now())
        return self.pages - before

    async def asked(self, work: Awaitable[object]) -> tuple[int, int]:
        """Return how many pages of the balance, and how often for transfers, some work asks."""
        before, before_of_transfers = self.pages, self.transfer_pages
        await work
        return self.pages - before, self.transfer_pages - before_of_transfers
