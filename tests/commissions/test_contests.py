"""Clawbacks with their cause, contested in time and decided; amounts worked out by hand."""

import pytest

from partner_network.commissions.actions import adjustments, contests
from partner_network.commissions.actions.adjustments import NewAdjustment
from partner_network.commissions.actions.contests import Outcome
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from partner_network.statements import jobs as statements
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, at, numbered
from tests.commissions.test_holds import accounts, only, proved, stated
from tests.payouts.conftest import Sale, sale, simulator

__all__ = ["sale", "simulator"]


@pytest.fixture
async def taken_back(sale: Sale) -> int:
    """The order of 150.00 matured, stood on a statement and was then refunded whole: 15.00 is due."""
    await builders.set_clock(at(3, 1))
    await statements.close_periods(await clock.now())
    await builders.set_clock(at(3, 2))
    await sale.refund(SHOP, "00001", 15_000, at(3, 2))
    await sale.work()
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT transfer_id FROM clawbacks")


async def earn(sale: Sale, day: int, month: int, number: int) -> None:
    """Bring an order of 100.00, worth 10.00, which matures on the first of the next month."""
    (click,) = await sale.click(SHOP, SMALL, at(month, day, 9))
    await builders.set_clock(at(month, day, 13))
    await sale.order(SHOP, *numbered([(f"c{number}", at(month, day), 10_000, click)], start=number))
    await sale.work()


async def contest(sale: Sale, clawback: int, by: Member | None = None) -> None:
    await contests.contest_clawback(
        clawback, reason="She kept it", by=by or sale.owners[SMALL], now=await clock.now()
    )


async def decide(sale: Sale, clawback: int, outcome: Outcome) -> None:
    await contests.decide_contest(
        clawback, outcome=outcome, reason="Seen", by=sale.manager, now=await clock.now()
    )


async def close(month: int) -> None:
    await builders.set_clock(at(month, 1))
    await statements.close_periods(await clock.now())


async def test_a_clawback_says_which_refund_made_it_and_why(taken_back: int) -> None:
    async with connections.transaction() as connection:
        row = await connection.fetchrow(
            """SELECT k.amount_minor, k.cause, k.reason, f.refund_id, k.contest_until
               FROM clawbacks k JOIN refunds f ON f.id = k.cause_id WHERE k.transfer_id = $1""",
            taken_back,
        )
    assert row is not None
    assert tuple(row) == (1_500, "refund", "Scratched", "R-00001-0302", at(3, 12, 13))  # ten times 24 hours


async def test_while_a_contest_is_open_no_close_recovers_and_a_declined_one_is_recovered_by_its_share(
    sale: Sale, taken_back: int
) -> None:
    await builders.set_clock(at(3, 10))
    await contest(sale, taken_back)
    await earn(sale, 12, 3, 2)
    await close(5)
    assert [one.totals for one in await stated() if one.period == "2026-04"] == [{"earned": 1_000}]
    await decide(sale, taken_back, "declined")
    await earn(sale, 5, 5, 3)
    await close(7)
    # at most half of the 10.00 that June newly credits
    assert [one.totals for one in await stated() if one.period == "2026-06"] == [
        {"earned": 1_000, "recovered": -500}
    ]
    assert (await accounts(sale))["clawback_due"] == 1_000
    assert await proved() == []


async def test_an_upheld_contest_takes_off_what_is_due_and_no_recompute_undoes_it(
    sale: Sale, taken_back: int
) -> None:
    await contest(sale, taken_back)
    await builders.set_clock(at(3, 3))
    await decide(sale, taken_back, "upheld")
    await sale.work()
    assert "clawback_due" not in await accounts(sale)
    await earn(sale, 5, 3, 2)  # recomputes the stream
    assert (await only_first()) == 1_500
    assert await proved() == []


async def only_first() -> int:
    async with connections.transaction() as connection:
        return await connection.fetchval(
            """SELECT r.target_minor FROM current_targets r JOIN commissions c ON c.id = r.commission_id
               JOIN conversions v ON v.id = c.conversion_id WHERE v.order_id = '00001'"""
        )


async def test_an_upheld_contest_of_what_was_recovered_pays_it_again(sale: Sale, taken_back: int) -> None:
    await builders.set_clock(at(3, 10))
    await contest(sale, taken_back)
    await decide(sale, taken_back, "upheld")
    await sale.work()
    assert (await accounts(sale)) == {"recv": 1_500, "pay": 1_500}
    assert await proved() == []


async def test_only_its_own_partner_contests_it_once_and_in_time(sale: Sale, taken_back: int) -> None:
    for other in (sale.owners[SHOP], sale.owners[RADIO]):
        with pytest.raises(NotFoundError, match="no such clawback for you"):
            await contest(sale, taken_back, other)
    with pytest.raises(ForbiddenError, match="contest clawbacks"):
        await contest(sale, taken_back, sale.manager)
    await builders.set_clock(at(3, 11))
    with pytest.raises(ConflictError, match="nothing to decide"):
        await decide(sale, taken_back, "declined")
    await contest(sale, taken_back)
    with pytest.raises(ConflictError, match="contested already"):
        await contest(sale, taken_back)
    await decide(sale, taken_back, "declined")
    with pytest.raises(ConflictError, match="decided already"):
        await decide(sale, taken_back, "upheld")


async def test_at_the_end_of_its_time_a_clawback_can_no_longer_be_contested(
    sale: Sale, taken_back: int
) -> None:
    await builders.set_clock(at(3, 12, 13))
    with pytest.raises(ConflictError, match="time to contest"):
        await contest(sale, taken_back)


async def test_an_adjustment_is_booked_and_stays_through_later_facts(sale: Sale) -> None:
    one = await only(sale)
    await builders.set_clock(at(1, 13))
    given = NewAdjustment(commission_id=one.id, minor=-300, reason="Agreed by telephone")
    await adjustments.adjust_commission(given, by=sale.manager, now=await clock.now())
    await sale.work()
    assert await accounts(sale) == {"recv": 1_200, "pay_pending": 1_200}
    await sale.refund(SHOP, "00001", 5_000, at(1, 13))
    await sale.work()
    assert await accounts(sale) == {"recv": 700, "pay_pending": 700}
    assert await proved() == []


@pytest.mark.parametrize(("minor", "reason"), [(0, "Why"), (10**16, "Why"), (5, " "), (5, "x" * 501)])
async def test_an_adjustment_needs_an_amount_and_a_reason(sale: Sale, minor: int, reason: str) -> None:
    one = await only(sale)
    given = NewAdjustment(commission_id=one.id, minor=minor, reason=reason)
    with pytest.raises(InvalidError, match="an amount and a reason"):
        await adjustments.adjust_commission(given, by=sale.manager, now=await clock.now())


async def test_an_adjustment_takes_a_second_factor(sale: Sale) -> None:
    one = await only(sale)
    given = NewAdjustment(commission_id=one.id, minor=5, reason="Why")
    with pytest.raises(ForbiddenError):
        await adjustments.adjust_commission(
            given, by=Member(sale.manager.id, "M", "m@x.test", None, frozenset({"manager"})), now=at(1, 13)
        )


async def bonus(sale: Sale) -> tuple[int, int]:
    """What the bonus of the radio comes to, and what is still due of its clawbacks."""
    async with connections.transaction() as connection:
        row = await connection.fetchrow(
            """SELECT r.target_minor, (SELECT coalesce(sum(due_minor), 0)::bigint FROM open_clawbacks k
                   WHERE k.commission_id = c.id) AS due_minor
               FROM commissions c JOIN current_targets r ON r.commission_id = c.id
               WHERE c.kind = 'bonus' AND c.partner_id = $1""",
            sale.brands[RADIO],
        )
    assert row is not None
    return row["target_minor"], row["due_minor"]


async def played(sale: Sale, day: int, number: int) -> None:
    (click,) = await sale.click(SHOP, RADIO, at(3, day, 9))
    await sale.order(SHOP, *numbered([(f"r{number}", at(3, day), 10_000, click)], start=number))
    await sale.work()


async def test_an_upheld_contest_of_a_bonus_gives_it_back_whatever_is_computed_later(sale: Sale) -> None:
    await builders.set_clock(at(3, 5, 13))
    await played(sale, 5, 2)
    await builders.set_clock(at(4, 2))
    await sale.work()  # 2.50 for the first of two orders of the quarter has matured
    await sale.refund(SHOP, "00002", 10_000, at(4, 2))
    await sale.work()
    assert await bonus(sale) == (0, 250)
    async with connections.transaction() as connection:
        clawback = await connection.fetchval(
            """SELECT transfer_id FROM clawbacks k JOIN commissions c ON c.id = k.commission_id
               WHERE c.kind = 'bonus'"""
        )
    await contest(sale, clawback, sale.owners[RADIO])
    await decide(sale, clawback, "upheld")
    await sale.work()
    assert await bonus(sale) == (250, 0)
    await played(sale, 6, 3)  # the second place of the same quarter
    assert await bonus(sale) == (500, 0)
    assert await proved() == []
