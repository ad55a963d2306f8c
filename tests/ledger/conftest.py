"""A shop, a blog, and a ledger in which something of everything has happened between them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pytest

from partner_network.database import connections
from partner_network.ledger import actions, events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact, Standing
from partner_network.ledger.rules import Booked, Entry
from tests.conftest import FreshDatabase
from tests.ledger.parties import BLOG, NOON, PAIR, SHOP


async def add_brands() -> None:
    for brand_id, slug in ((SHOP, "shop"), (BLOG, "blog")):
        await connections.pool().execute(
            """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
               VALUES ($1, $2, $2, $2, 'Street 1', 'DE', $3)""",
            brand_id,
            slug,
            NOON,
        )


async def post(*entries: Entry, at: datetime = NOON) -> Sequence[Booked]:
    async with connections.transaction() as connection:
        return await actions.post(connection, entries, recorded_at=at)


def fact(key: str, *, at: datetime = NOON, clause: str | None = None, reason: str | None = None) -> Fact:
    return Fact(key, at, clause, reason)


async def happen(pair: Pair = PAIR, *, name: str = "march", shop: UUID = SHOP) -> None:
    """Earn 1,000, mature 600, claw back 50 of it, fund and pay 400 of 950, reserve 100 of what is funded."""
    one = pair
    await post(
        events.accrue(fact(f"{name} accrue", clause="commission.components[0]"), one, 1_000),
        events.mature(fact(f"{name} mature"), one, 600),
        events.hold(fact(f"{name} hold", reason="=cmd|asked for"), one, 100, out_of="pay_pending"),
        events.receive(fact(f"{name} receive"), shop, one.currency, 950),
        events.charge_fee(fact(f"{name} fee"), one.currency, 29),
        events.claw_back(fact(f"{name} claw back"), one, 50, Standing()),
        events.fund(fact(f"{name} fund"), one, 500),
    )
    (pending,) = await post(events.reserve_payout(fact(f"{name} reserve"), one, 400))
    await post(
        events.accept_payout(fact(f"{name} accept"), one, 400, pending_id=pending.transfer_ids[0]),
        events.settle_payout(fact(f"{name} settle"), one, 400),
        events.reserve_payout(fact(f"{name} reserve more"), one, 100),
    )


@pytest.fixture
async def brands(database: FreshDatabase) -> FreshDatabase:
    await add_brands()
    return database


@pytest.fixture
async def books(brands: FreshDatabase) -> FreshDatabase:
    await happen()
    return brands
