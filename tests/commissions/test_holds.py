"""Commissions held and let go: where the money lies, what statements say, and what is refused."""

import pytest

from partner_network.commissions import hold_queries
from partner_network.commissions.actions import holds
from partner_network.commissions.hold_queries import Placed
from partner_network.dashboards.verification import proof, reading
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.statements import jobs as statements
from partner_network.statements import queries as statement_queries
from partner_network.statements.queries import Statement
from tests import builders
from tests.builders import SHOP, SMALL, at, numbered
from tests.payouts.conftest import EARNED_MINOR, Sale, sale, simulator

__all__ = ["sale", "simulator"]


async def only(sale: Sale) -> Placed:
    async with connections.transaction() as connection:
        (one,) = await hold_queries.placed_of(connection, sale.partnerships[SHOP, SMALL].id)
    return one


async def hold(sale: Sale, by: Member | None = None, reason: str = "The customer is unknown") -> None:
    one = await only(sale)
    await holds.hold_commission(one.id, reason=reason, by=by or sale.manager, now=await clock.now())


async def release(sale: Sale) -> None:
    one = await only(sale)
    await holds.release_commission(one.id, reason="She is known", by=sale.manager, now=await clock.now())


async def accounts(sale: Sale) -> dict[str, int]:
    kinds = ("recv", "pay_pending", "pay_held", "pay", "clawback_due")
    return {kind: minor for kind in kinds if (minor := await sale.posted(kind))}


async def stated() -> list[Statement]:
    async with connections.transaction() as connection:
        return await statement_queries.statements(connection)


async def proved() -> list[str]:
    rows = await reading.read_books()
    return [kind.difference for kind in proof.recomputed(rows) if kind.difference is not None]


async def test_a_hold_sets_pending_money_apart_and_a_release_brings_it_back(sale: Sale) -> None:
    await hold(sale)
    await sale.work()
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay_held": EARNED_MINOR}
    await builders.set_clock(at(1, 13))
    await release(sale)
    await sale.work()
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay_pending": EARNED_MINOR}
    assert await proved() == []


async def test_what_is_held_does_not_mature_and_a_release_after_its_day_makes_it_payable(sale: Sale) -> None:
    await hold(sale)
    await builders.set_clock(at(2, 3))
    await statements.close_periods(await clock.now())
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay_held": EARNED_MINOR}
    assert await stated() == []
    await release(sale)
    await sale.work()
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay": EARNED_MINOR}
    await builders.set_clock(at(3, 1))
    await statements.close_periods(await clock.now())
    (one,) = await stated()
    assert (one.period, one.closing_minor, one.totals) == ("2026-02", 1_500, {"released": 1_500})
    assert await proved() == []


async def test_held_after_its_day_both_lines_stand_on_one_statement(sale: Sale) -> None:
    await builders.set_clock(at(2, 1))
    await sale.work()
    await builders.set_clock(at(3, 1, 9))  # February has ended, and is not closed yet
    await hold(sale)
    await statements.close_periods(await clock.now())
    (one,) = await stated()
    assert (one.period, one.closing_minor) == ("2026-02", 0)
    assert one.totals == {"earned": 1_500, "held": -1_500}
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay_held": EARNED_MINOR}
    assert await proved() == []


async def test_what_stands_on_a_statement_can_no_longer_be_held(sale: Sale) -> None:
    await builders.set_clock(at(3, 1))
    await statements.close_periods(await clock.now())
    with pytest.raises(ConflictError, match="stands on a statement already"):
        await hold(sale)
    with pytest.raises(ConflictError, match="nothing to hold"):
        await holds.hold_partnership(
            sale.partnerships[SHOP, SMALL].id, reason="Odd", by=sale.manager, now=await clock.now()
        )


async def test_a_refund_while_held_lessens_what_is_held_and_nothing_else(sale: Sale) -> None:
    await hold(sale)
    await sale.work()
    await builders.set_clock(at(2, 10))
    await sale.refund(SHOP, "00001", 5_000, at(2, 10))
    await sale.work()
    assert await accounts(sale) == {"recv": 1_000, "pay_held": 1_000}
    assert await proved() == []


async def test_what_a_held_order_gains_is_held_with_it(sale: Sale) -> None:
    await hold(sale)
    await sale.work()
    await builders.set_clock(at(2, 10))
    await sale.adjust(SHOP, SMALL, "00001", 250)
    await sale.work()
    assert await accounts(sale) == {"recv": 1_750, "pay_held": 1_750}
    await builders.set_clock(at(2, 11))
    await release(sale)
    await sale.work()
    assert await accounts(sale) == {"recv": 1_750, "pay": 1_750}
    assert await proved() == []


async def test_all_of_a_partnership_is_held_and_released_by_one_reason(sale: Sale) -> None:
    (click,) = await sale.click(SHOP, SMALL, at(1, 11))
    await sale.order(SHOP, *numbered([("bob", at(1, 11), 10_000, click)], start=2))
    await sale.work()
    partnership = sale.partnerships[SHOP, SMALL].id
    now = await clock.now()
    assert await holds.hold_partnership(partnership, reason="A review", by=sale.manager, now=now) == 2
    await sale.work()
    # 10 % of the first 200.00 and 15 % of the other 50.00
    assert await accounts(sale) == {"recv": 2_750, "pay_held": 2_750}
    await builders.set_clock(at(1, 14))
    now = await clock.now()
    assert await holds.release_partnership(partnership, reason="All fine", by=sale.manager, now=now) == 2
    await sale.work()
    assert await accounts(sale) == {"recv": 2_750, "pay_pending": 2_750}
    assert await proved() == []


async def test_a_hold_and_its_release_before_any_money_moved_book_both(sale: Sale) -> None:
    await hold(sale)
    await builders.set_clock(at(1, 13))
    await release(sale)
    with pytest.raises(ConflictError, match="not held"):
        await release(sale)
    await sale.work()
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay_pending": EARNED_MINOR}
    await hold(sale)  # a second time
    await sale.work()
    assert await accounts(sale) == {"recv": EARNED_MINOR, "pay_held": EARNED_MINOR}
    assert await proved() == []


async def test_a_hold_needs_a_reason_a_right_and_something_that_is_not_held(sale: Sale) -> None:
    with pytest.raises(InvalidError, match="characters why"):
        await hold(sale, reason="  ")
    with pytest.raises(InvalidError, match="characters why"):
        await hold(sale, reason="x" * 501)
    with pytest.raises(ForbiddenError, match="You may not hold commissions"):
        await hold(sale, by=sale.owners[SHOP])
    await hold(sale)
    with pytest.raises(ConflictError, match="held already"):
        await hold(sale)
