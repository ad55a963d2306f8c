"""What is due of clawbacks when a partnership ends: borne by the advertiser, to the cent, once."""

import asyncio
from pathlib import Path

import pytest

from partner_network.commissions.actions import adjustments, holds
from partner_network.commissions.actions.adjustments import NewAdjustment
from partner_network.dashboards.exporting import verifying, writing
from partner_network.dashboards.queries import earnings
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.receipts.queries import held
from partner_network.statements import jobs as statements
from partner_network.statements.actions import lapse
from tests import builders, ending
from tests.builders import SHOP, SMALL, at
from tests.commissions.test_contests import close, contest, decide, earn, taken_back
from tests.commissions.test_holds import accounts, only, proved
from tests.payouts.conftest import Sale, sale, simulator

__all__ = ["sale", "simulator", "taken_back"]


async def end(sale: Sale, month: int, day: int) -> None:
    """End the partnership; its terms let it run off for 30 days."""
    async with connections.transaction() as connection:
        await ending.ended_at(connection, sale.partnerships[SHOP, SMALL].id, at(month, day))


async def lapsed() -> list[tuple[str, int, str | None]]:
    """Return each settlement of a clawback with its amount and the clause that its entry cites."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT s.kind, s.amount_minor, e.clause FROM clawback_settlements s
               JOIN ledger_transfers t ON t.id = s.transfer_id JOIN ledger_entries e ON e.id = t.entry_id
               ORDER BY s.transfer_id"""
        )
    return [tuple(row) for row in rows]


async def told() -> list[tuple[str, str]]:
    """Return which brands were told, with the amount that they read."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT b.slug, n.said::text FROM notifications n JOIN brands b ON b.id = n.brand_id
               WHERE n.kind = 'clawback-lapsed' ORDER BY 1"""
        )
    return [tuple(row) for row in rows]


@pytest.mark.usefixtures("taken_back")
async def test_after_the_run_off_what_was_not_recovered_is_borne_by_the_advertiser(
    sale: Sale,
) -> None:
    await earn(sale, 5, 3, 2)  # 10.00, of which April takes 5.00 of the 15.00 back
    await end(sale, 4, 10)
    await close(5)
    assert (await accounts(sale))["clawback_due"] == 1_000
    await builders.set_clock(at(5, 10, 11))  # 29 days after the end
    await statements.close_periods(await clock.now())
    assert (await accounts(sale))["clawback_due"] == 1_000
    await builders.set_clock(at(5, 10, 13))
    await statements.close_periods(await clock.now())
    assert "clawback_due" not in await accounts(sale)
    assert await sale.posted("clawback_owed") == 0
    assert await lapsed() == [("recovered", 500, "settlement.clawback"), ("forgiven", 1_000, "lapsed")]
    assert await proved() == []


@pytest.fixture
async def borne(sale: Sale, taken_back: int) -> Sale:
    """All 15.00 that came back after they were paid have lapsed, on the tenth of May."""
    assert taken_back
    await end(sale, 4, 10)
    await close(5)
    await builders.set_clock(at(5, 11))
    await statements.close_periods(await clock.now())
    assert await lapsed() == [("forgiven", 1_500, "lapsed")]
    return sale


async def adjust(sale: Sale, minor: int) -> None:
    """Give the order more or less than it pays, and book it."""
    new = NewAdjustment(commission_id=(await only(sale)).id, minor=minor, reason="She kept it")
    await adjustments.adjust_commission(new, by=sale.manager, now=await clock.now())
    await sale.work()


async def given_up(sale: Sale) -> tuple[int, int]:
    """Return what the partner's page says it earned, and what others gave up."""
    async with connections.transaction() as connection:
        (where,) = await earnings.whereabouts_of(connection, sale.brands[SMALL])
    return where.earned_minor, where.given_up_minor


@pytest.mark.usefixtures("taken_back")
async def test_both_are_told_once_however_often_and_by_how_many_workers_it_is_looked_at(
    sale: Sale,
) -> None:
    await end(sale, 4, 10)
    await builders.set_clock(at(5, 11))
    await sale.work()
    now = await clock.now()
    assert sorted(await asyncio.gather(lapse.let_lapse(now), lapse.let_lapse(now))) == [0, 1]
    await builders.set_clock(at(6, 1))
    await statements.close_periods(await clock.now())
    assert await lapsed() == [("forgiven", 1_500, "lapsed")]
    assert [slug for slug, _ in await told()] == sorted([SHOP, SMALL])
    assert all("1500" in said for _, said in await told())


async def test_nothing_lapses_while_a_contest_is_open_and_what_is_declined_lapses(
    sale: Sale, taken_back: int
) -> None:
    await builders.set_clock(at(3, 10))
    await contest(sale, taken_back)
    await end(sale, 3, 11)
    await close(5)
    assert (await accounts(sale))["clawback_due"] == 1_500
    await decide(sale, taken_back, "declined")
    await statements.close_periods(await clock.now())
    assert await lapsed() == [("forgiven", 1_500, "lapsed")]
    assert await proved() == []


@pytest.mark.usefixtures("taken_back")
async def test_nothing_lapses_while_a_commission_is_held_from_which_it_may_be_recovered(
    sale: Sale,
) -> None:
    await earn(sale, 5, 3, 2)
    second = await second_commission()
    await holds.hold_commission(second, reason="Odd", by=sale.manager, now=await clock.now())
    await end(sale, 3, 20)
    await close(6)
    assert await lapsed() == []
    await holds.release_commission(second, reason="Fine", by=sale.manager, now=await clock.now())
    await sale.work()
    await statements.close_periods(await clock.now())  # what is payable now stands on no statement yet
    assert await lapsed() == []
    await close(7)  # half of the 10.00 that June newly credits; what is left of the 15.00 lapses
    assert await lapsed() == [("recovered", 500, "settlement.clawback"), ("forgiven", 1_000, "lapsed")]
    assert await proved() == []


async def second_commission() -> int:
    async with connections.transaction() as connection:
        return await connection.fetchval(
            """SELECT c.id FROM commissions c JOIN conversions v ON v.id = c.conversion_id
               WHERE v.order_id = '00002'"""
        )


async def test_what_lapsed_and_is_earned_again_is_not_paid_twice(borne: Sale) -> None:
    before = await accounts(borne)
    assert await given_up(borne) == (0, 1_500)
    await adjust(borne, 600)  # a contest upheld elsewhere: the order pays 6.00 after all
    assert await accounts(borne) == before  # the partner was never made to give them back
    assert await given_up(borne) == (600, 900)
    await adjust(borne, 1_100)  # 9.00 more of what lapsed, and 2.00 that the partner never had
    assert await accounts(borne) == {"recv": before.get("recv", 0) + 200, "pay": before.get("pay", 0) + 200}
    assert await given_up(borne) == (1_700, 0)
    assert await proved() == []


@pytest.mark.usefixtures("taken_back")
async def test_of_what_was_recovered_in_part_the_lapsed_part_is_not_paid_again(sale: Sale) -> None:
    await earn(sale, 5, 3, 2)
    await end(sale, 4, 10)
    await close(5)
    await close(6)
    assert await lapsed() == [("recovered", 500, "settlement.clawback"), ("forgiven", 1_000, "lapsed")]
    before = await accounts(sale)
    async with connections.transaction() as connection:
        first = await connection.fetchval("SELECT commission_id FROM clawbacks")
    new = NewAdjustment(commission_id=first, minor=1_500, reason="She kept it")
    await adjustments.adjust_commission(new, by=sale.manager, now=await clock.now())
    await sale.work()
    assert await accounts(sale) == {**before, "recv": before["recv"] + 500, "pay": before["pay"] + 500}
    assert (await lapsed())[-1][:2] == ("returned", 500)
    assert await proved() == []


async def test_both_brands_and_the_operator_read_who_bears_it_and_by_which_clause(borne: Sale) -> None:
    for reader in (borne.owners[SHOP], borne.owners[SMALL], borne.manager):
        async with connections.transaction(eyes=reader.eyes) as connection:
            (one,) = await held.taken_back(connection, reader.brand_id)
        assert (one.amount_minor, one.due_minor, one.lapsed_minor) == (1_500, 0, 1_500)
        assert (one.lapsed_at, one.lapsed_by) == (at(5, 11), "5.7")


@pytest.mark.parametrize("brand", [SHOP, SMALL])
async def test_what_either_brand_exports_proves_it(borne: Sale, tmp_path: Path, brand: str) -> None:
    await adjust(borne, 600)
    await writing.export(brand, tmp_path / brand, await clock.now(), lambda _, __: None)
    kinds = {kind.name: kind for kind in verifying.verify(tmp_path / brand)}
    assert kinds["clawbacks"].count == 1
    assert [kind.difference for kind in kinds.values() if kind.difference is not None] == []


async def test_what_lapsed_was_earned_again_and_comes_back_is_due_again(borne: Sale) -> None:
    await adjust(borne, 600)
    await adjust(borne, -400)
    assert (await accounts(borne))["clawback_due"] == 400
    assert await proved() == []


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("UPDATE partnerships SET ended_at = NULL, status = 'active'", "before the end of partnership"),
        ("UPDATE partnerships SET ended_at = ended_at + interval '2 days'", "before the end of partnership"),
        ("UPDATE clawback_settlements SET amount_minor = 1499", "due of it was 1,500"),
        ("DELETE FROM clawback_settlements", "clawback_due"),
        ("UPDATE ledger_entries SET clause = NULL WHERE kind = 'forgive'", "under clause None"),
        ("UPDATE ledger_entries SET reason = 'A gift' WHERE kind = 'forgive'", "forgive:"),
    ],
)
@pytest.mark.usefixtures("borne")
async def test_what_lapsed_otherwise_is_found(change: str, names: str) -> None:
    async with connections.transaction() as connection:
        for table in ("partnerships", "clawback_settlements", "ledger_entries"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await connection.execute("ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_made_in_check")
        await connection.execute(change)
    assert names in "; ".join(await proved())
