"""A refund meets an accrual or a decision at work."""

import asyncio

import pytest

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue
from partner_network.database import connections
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order, refund


@pytest.fixture
async def sold(shop: Cast, blog: Partner) -> Cast:
    """An order of 50.00 that waits to be decided; Blog will get 5 % of it."""
    async with connections.transaction() as connection:
        click = await blog.click(connection, on(1))
    await shop.identify(("ada", click))
    await shop.report(order(1, on(2)))
    return shop


async def commission_minor() -> int:
    return await connections.pool().fetchval("SELECT sum(target_minor)::bigint FROM current_targets")


async def test_a_refund_that_is_being_stored_while_its_order_is_accrued_counts(
    sold: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await attribution.decide_pending()
    held = cast.HeldCommit(monkeypatch)
    storing = asyncio.create_task(sold.refund(refund(1, 1, on(3))))
    await held.reached_by(storing)
    accruing = asyncio.create_task(accrue.accrue_pending(on(31)))
    await cast.until_it_waits(accruing)
    held.let_go()
    await asyncio.gather(storing, accruing)
    await accrue.accrue_pending(on(31))
    assert await commission_minor() == 200


async def test_a_refund_that_comes_while_its_order_is_decided_counts(
    sold: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_decision = cast.HeldCommit(monkeypatch)
    deciding = asyncio.create_task(attribution.decide_pending())
    await held_decision.reached_by(deciding)
    held_refund = cast.HeldCommit(monkeypatch)
    storing = asyncio.create_task(sold.refund(refund(1, 1, on(3))))
    await cast.until_it_waits(storing, held_refund)
    held_decision.let_go()
    await deciding
    await held_refund.reached_by(storing)
    accruing = asyncio.create_task(accrue.accrue_pending(on(31)))
    await cast.until_it_waits(accruing)
    held_refund.let_go()
    await asyncio.gather(storing, accruing)
    await accrue.accrue_pending(on(31))
    assert await commission_minor() == 200
