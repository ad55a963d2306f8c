"""One small sale on its way to a payout, with the real SDK talking to the simulator."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from copy import copy as shallow
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import fund
from partner_network.sandbox.stripe_simulator import process, state
from partner_network.statements import jobs as statements
from tests import builders
from tests.builders import SHOP, SMALL, Cast, at, numbered
from tests.conftest import Databases, FreshDatabase
from tests.payouts.listing import Listing

EARNED_MINOR = 1_500
"""10 % of the one order of 150.00."""


class _Sold(msgspec.Struct, frozen=True):
    """What the first sale of a module came to, for the others to begin with."""

    database: str
    stripe_state: Path
    cast: dict[str, Any]


_SOLD: dict[str, _Sold] = {}
"""By the simulator that it happened with."""
_STATES: dict[str, Path] = {}


@pytest.fixture(scope="module")
def simulator(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("stripe") / "state.sqlite"
    with process.running(file) as address:
        _STATES[address] = file
        yield address
        sold = _SOLD.pop(address, None)
        if sold is not None:
            asyncio.run(databases.drop(sold.database))


class Sale(Cast):
    """The cast with what the simulator says, and shortcuts for two workers."""

    async def transfers_minor(self) -> list[int]:
        """Return the amounts of all transfers that the simulator made."""
        return [transfer.amount_minor async for transfer in self.stripe.all_transfers()]

    async def fault(self, kind: str, times: int = 1) -> None:
        """Cut the line at the next transfers."""
        async with httpx.AsyncClient(base_url=self.stripe_address) as client:
            body = {"route": "POST /v1/transfers", "kind": kind, "times": times}
            (await client.post("/_simulator/faults", json=body)).raise_for_status()

    async def pay_twice_at_once(self) -> None:
        """Let two workers run the payout at the same moment."""
        now = await clock.now()
        await asyncio.gather(payouts.pay(self.stripe, now), payouts.pay(self.stripe, now))

    async def to_be_paid(self, *, charge_it: bool = True, fund_it: bool = False) -> None:
        """Close, sign and bring the advertiser's money in, so that the next run pays."""
        await self.close_and_sign()
        now = await clock.now()
        funding_id = await self.ask_to_pay_in(now)
        if charge_it:
            assert await fund.charge_funding(self.stripe, funding_id, now) == "settled"
        if fund_it:
            await fund.fund_statements(self.brands[SHOP], "USD", now)

    async def ask_to_pay_in(self, now: datetime) -> UUID:
        """Let the advertiser's owner ask to pay in what the month comes to."""
        async with connections.transaction() as connection:
            return await fund.request_funding(
                connection,
                advertiser_id=self.brands[SHOP],
                amount_minor=EARNED_MINOR,
                currency="USD",
                requested_by=self.owners[SHOP],
                now=now,
            )

    async def close_and_sign(self) -> None:
        """Close the month and sign its statements."""
        await builders.set_clock(at(3, 1, 0, 30))
        await statements.close_periods(await clock.now())
        await self.sign_off()

    async def control(self, name: str, **body: object) -> Any:
        """Let others do something at the simulator: days, banks, card holders, Stripe's reviewers."""
        async with httpx.AsyncClient(base_url=self.stripe_address) as client:
            answer = await client.post(f"/_simulator/{name}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def review(self, slug: str, status: str) -> None:
        """Let Stripe decide about a partner's account."""
        await self.control("reviews", account=await self.account_of(slug), status=status)

    async def dispute_funding(self, verdict: str | None) -> str:
        """Let the advertiser's card holder dispute its payment."""
        async with connections.transaction() as connection:
            intent = await connection.fetchval("SELECT payment_intent_id FROM fundings")
        return (await self.control("disputes", payment_intent=intent, verdict=verdict))["id"]

    async def decide(self, dispute: str, verdict: str) -> None:
        """Let the card's bank decide a dispute."""
        await self.control("disputes", dispute=dispute, verdict=verdict)

    async def reverse(self, minor: int, *, attempt: int = 1) -> None:
        """Take money of an accepted transfer back, as a person does at Stripe."""
        async with connections.transaction() as connection:
            transfer = await connection.fetchval(
                """SELECT stripe_transfer_id FROM payout_attempts WHERE stripe_transfer_id IS NOT NULL
                   ORDER BY n OFFSET $1 LIMIT 1""",
                attempt - 1,
            )
        await self.ask_stripe(f"/v1/transfers/{transfer}/reversals", amount=str(minor))

    async def ask_stripe(self, path: str, *, on: str | None = None, **data: str) -> Any:
        """Ask Stripe for something past the product, as a person does at its pages, ours or a partner's."""
        whose = {} if on is None else {"stripe-account": on}
        headers = {"authorization": "Bearer sk_test_sale", **whose}
        async with httpx.AsyncClient(base_url=self.stripe_address) as client:
            answer = await client.post(path, data=data, headers=headers)
        answer.raise_for_status()
        return answer.json()

    async def top_up(self, minor: int) -> None:
        """Bring money of the operator's own."""
        await self.bring(minor)

    async def bring(self, minor: int) -> str:
        """Bring money of the operator's own; return the top-up's id."""
        brought = await self.ask_stripe("/v1/topups", amount=str(minor), currency="usd", description="Fees")
        if brought["status"] != "succeeded":
            await self.control("banks", id=brought["id"], outcome="paid")
        return brought["id"]

    async def account_of(self, slug: str) -> str:
        """Return a brand's account at Stripe."""
        async with connections.transaction() as connection:
            return await connection.fetchval(
                "SELECT account_id FROM stripe_accounts WHERE brand_id = $1", self.brands[slug]
            )

    async def send_by_hand(self, slug: str, minor: int, key: str = "by hand") -> None:
        """Send money past the product, out of a payment made for it; with a key of its own or another's."""
        await self.charge_by_hand(minor, f"for {key}")
        await self.stripe.send_transfer(
            amount_minor=minor,
            currency="USD",
            destination=await self.account_of(slug),
            transfer_group="by hand",
            description="by hand",
            idempotency_key=key,
            metadata={},
        )

    async def charge_by_hand(self, minor: int, key: str = "charged by hand") -> str:
        """Charge the advertiser past the product; return the payment's id."""
        async with connections.transaction() as connection:
            customer = await connection.fetchval(
                "SELECT customer_id FROM stripe_accounts WHERE customer_id IS NOT NULL LIMIT 1"
            )
        charged = await self.stripe.fund(
            amount_minor=minor,
            currency="USD",
            customer=customer,
            payment_method=builders.CARD,
            idempotency_key=key,
            metadata={},
        )
        return charged.payment_intent_id

    async def nights(self) -> int:
        """Return how many nights our books were compared with Stripe's."""
        async with connections.transaction() as connection:
            return await connection.fetchval("SELECT count(*) FROM reconciliations")

    async def attempts(self) -> list[tuple[str, int]]:
        """Return state and amount of each attempt, in the order they were made."""
        async with connections.transaction() as connection:
            rows = await connection.fetch("SELECT status, amount_minor FROM payout_attempts ORDER BY n, id")
        return [(row["status"], row["amount_minor"]) for row in rows]

    async def posted(self, kind: str, holder: UUID | None = None) -> int:
        """Return the posted balance of one account, in minor units."""
        async with connections.transaction() as connection:
            return await connection.fetchval(
                """SELECT coalesce(sum(CASE WHEN a.is_debit_normal
                           THEN b.debits_posted_minor - b.credits_posted_minor
                           ELSE b.credits_posted_minor - b.debits_posted_minor END), 0)::bigint
                   FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
                   WHERE a.kind = $1 AND ($2::uuid IS NULL OR a.holder_id = $2)""",
                kind,
                holder,
            )


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Listing:
    return Listing(monkeypatch)


@pytest.fixture
async def sale(database: FreshDatabase, databases: Databases, simulator: str) -> AsyncIterator[Sale]:
    """One order of Tune House, credited to Needle Drop, payable since the first of February."""
    async with httpx.AsyncClient(base_url=simulator) as client:
        (await client.post("/_simulator/reset")).raise_for_status()
    clock.use_simulated_time(sandbox=True)
    stripe = StripeConnect(
        secret_key="sk_test_sale", api_base=simulator, webhook_secret="whsec_sale", sandbox=True
    )
    sale = Sale(stripe, simulator)
    try:
        if simulator in _SOLD:
            await _begin_with(_SOLD[simulator], sale, database, databases)
        else:
            await _sell(sale)
            _SOLD[simulator] = await _kept(sale, database, databases)
        yield sale
    finally:
        await stripe.close()
        clock.use_simulated_time(sandbox=False)


async def _sell(sale: Sale) -> None:
    await builders.set_clock(at(1, 1))
    cast = await builders.open_network(sale.stripe, sale.stripe_address)
    sale.__dict__.update(cast.__dict__)
    (click,) = await sale.click(SHOP, SMALL, at(1, 9))
    await builders.set_clock(at(1, 12))
    await sale.order(SHOP, *numbered([("ada", at(1, 10), 15_000, click)], start=1))
    await sale.work()


async def _kept(sale: Sale, database: FreshDatabase, databases: Databases) -> _Sold:
    """Keep a copy of both sides as they are now: a network is signed once in a module, not for each test."""
    name = f"sold_{uuid4().hex[:12]}"
    await connections.close_pool()
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {database.name}")
    await connections.engine.start_connection_pool()
    file = _STATES[sale.stripe_address]
    kept = file.with_name(f"{name}.sqlite")
    with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(kept)) as copy:
        now.backup(copy)
    cast = {what: value for what, value in sale.__dict__.items() if what not in {"stripe", "stripe_address"}}
    return _Sold(name, kept, {what: shallow(value) for what, value in cast.items()})


async def _begin_with(sold: _Sold, sale: Sale, database: FreshDatabase, databases: Databases) -> None:
    """Put both sides back to what was kept, in the test's own database and the module's simulator."""
    await connections.close_pool()
    await databases.drop(database.name)
    await databases.execute(f"CREATE DATABASE {database.name} TEMPLATE {sold.database}")
    await connections.engine.start_connection_pool()
    with closing(sqlite3.connect(_STATES[sale.stripe_address], isolation_level=None)) as now:
        now.execute("ATTACH ? AS kept", (str(sold.stripe_state),))
        now.execute("BEGIN IMMEDIATE")
        for table in state.TABLES:
            now.execute(f"INSERT INTO main.{table} SELECT * FROM kept.{table}")
        now.execute("COMMIT")
    sale.__dict__.update({what: shallow(value) for what, value in sold.cast.items()})
