"""Clawbacks that are due when a partnership ends, borne by the network by two people's word; to the cent."""

import asyncio
from pathlib import Path

import asyncpg
import msgspec
import pytest

from partner_network.commissions.actions import adjustments
from partner_network.commissions.actions.adjustments import NewAdjustment
from partner_network.dashboards.exporting import verifying, writing
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from partner_network.receipts.commission import queries as commission
from partner_network.receipts.queries import held
from partner_network.statements import write_off_queries
from partner_network.statements.actions import lapse, write_off
from partner_network.statements.actions.write_off import Decision
from tests import builders
from tests.builders import SHOP, SMALL, at
from tests.commissions.test_contests import close, earn, taken_back
from tests.commissions.test_holds import accounts, only, proved
from tests.payouts.conftest import Sale, sale, simulator
from tests.statements.test_lapsing import end, lapsed

__all__ = ["sale", "simulator", "taken_back"]
BORNE_BY_NETWORK = ("written_off", 1_500, "lapsed")


async def propose(sale: Sale, clawback: int, by: Member | None = None, reason: str = "Our mistake") -> None:
    await write_off.propose_write_off(clawback, reason=reason, by=by or sale.preparer, now=await clock.now())


async def decide(
    sale: Sale, clawback: int, decision: Decision = "approved", by: Member | None = None
) -> None:
    await write_off.decide_write_off(
        clawback, decision, reason="Seen", by=by or sale.approver, now=await clock.now()
    )


async def looked_at(month: int, day: int) -> int:
    await builders.set_clock(at(month, day))
    return await lapse.let_lapse(await clock.now())


async def network_wide(sale: Sale) -> dict[str, int]:
    """What the network bore, what the advertiser has paid in and not used, and what is due and owed."""
    return {
        kind: await sale.posted(kind) for kind in ("writeoff", "prepaid", "clawback_due", "clawback_owed")
    }


async def states() -> list[str]:
    async with connections.transaction(eyes="operator") as connection:
        return [one.state for one in await write_off_queries.write_offs(connection)]


async def told(kind: str) -> list[str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT coalesce(b.slug, m.name) AS who FROM notifications n
               LEFT JOIN brands b ON b.id = n.brand_id
               LEFT JOIN members m ON m.id = n.member_id WHERE n.kind = $1 ORDER BY 1""",
            kind,
        )
    return [row["who"] for row in rows]


async def test_what_two_people_approved_is_borne_by_the_network_once_and_the_advertiser_has_it_prepaid(
    sale: Sale, taken_back: int
) -> None:
    before = await network_wide(sale)
    await propose(sale, taken_back)
    await decide(sale, taken_back)
    assert await network_wide(sale) == before  # nothing moves before the end
    await end(sale, 4, 10)
    await close(5)
    assert await lapsed() == []
    await builders.set_clock(at(5, 11))
    now = await clock.now()
    assert sorted(await asyncio.gather(lapse.let_lapse(now), lapse.let_lapse(now))) == [0, 1]
    assert await lapsed() == [BORNE_BY_NETWORK]
    after = await network_wide(sale)
    assert {kind: after[kind] - before[kind] for kind in after} == {
        "writeoff": 1_500,
        "prepaid": 1_500,
        "clawback_due": -1_500,
        "clawback_owed": -1_500,
    }
    assert await states() == ["borne"]
    assert await told("clawback-written-off") == sorted([SHOP, SMALL])
    assert await told("clawback-lapsed") == []
    assert await proved() == []


async def test_it_bears_what_statements_left_and_no_more(sale: Sale, taken_back: int) -> None:
    await propose(sale, taken_back)
    await decide(sale, taken_back)
    await earn(sale, 5, 3, 2)  # 10.00, of which April takes 5.00 of the 15.00 back
    await end(sale, 4, 10)
    await close(5)
    assert await looked_at(5, 11) == 1
    assert await lapsed() == [("recovered", 500, "settlement.clawback"), ("written_off", 1_000, "lapsed")]
    assert await proved() == []


async def test_while_a_proposal_waits_it_does_not_lapse_and_declined_the_advertiser_bears_it(
    sale: Sale, taken_back: int
) -> None:
    await end(sale, 4, 10)
    await propose(sale, taken_back)
    await close(5)
    assert await looked_at(5, 11) == 0
    await decide(sale, taken_back, "declined")
    assert await looked_at(5, 12) == 1
    assert await lapsed() == [("forgiven", 1_500, "lapsed")]
    assert await states() == ["declined"]
    assert await proved() == []


async def test_withdrawn_it_may_be_proposed_anew_by_another_and_approved_after_the_end(
    sale: Sale, taken_back: int
) -> None:
    await end(sale, 4, 10)
    await propose(sale, taken_back)
    await close(5)
    await builders.set_clock(at(5, 11))
    await decide(sale, taken_back, "withdrawn", by=sale.preparer)
    await propose(sale, taken_back, by=sale.approver)
    assert await looked_at(5, 12) == 0
    await decide(sale, taken_back, by=sale.preparer)
    assert await looked_at(5, 13) == 1
    assert await lapsed() == [BORNE_BY_NETWORK]
    assert sorted(await states()) == ["borne", "withdrawn"]
    assert await proved() == []


async def test_what_was_approved_and_is_restored_before_the_end_leaves_nothing_to_bear(
    sale: Sale, taken_back: int
) -> None:
    await propose(sale, taken_back)
    await decide(sale, taken_back)
    await adjust(sale, 1_500)
    await end(sale, 4, 10)
    await close(5)
    assert await looked_at(5, 11) == 0
    assert await states() == ["nothing_left"]
    assert await sale.posted("writeoff") == 0
    assert await proved() == []


async def adjust(sale: Sale, minor: int) -> None:
    new = NewAdjustment(commission_id=(await only(sale)).id, minor=minor, reason="She kept it")
    await adjustments.adjust_commission(new, by=sale.manager, now=await clock.now())
    await sale.work()


@pytest.fixture
async def borne(sale: Sale, taken_back: int) -> Sale:
    """All 15.00 were borne by the network on the eleventh of May."""
    await propose(sale, taken_back)
    await decide(sale, taken_back)
    await end(sale, 4, 10)
    await close(5)
    assert await looked_at(5, 11) == 1
    return sale


async def test_what_the_network_bore_and_is_earned_again_is_not_paid_twice(borne: Sale) -> None:
    before = await accounts(borne)
    await adjust(borne, 600)
    assert await accounts(borne) == before  # the partner was never made to give them back
    await adjust(borne, 1_100)  # 9.00 more of what was borne, and 2.00 that the partner never had
    assert await accounts(borne) == {
        **before,
        "recv": before.get("recv", 0) + 200,
        "pay": before.get("pay", 0) + 200,
    }
    assert await borne.posted("writeoff") == 1_500
    assert await proved() == []


async def test_both_brands_read_that_the_network_bears_it(borne: Sale) -> None:
    order = await only(borne)
    for reader in (borne.owners[SHOP], borne.owners[SMALL]):
        async with connections.transaction(eyes=reader.eyes) as connection:
            (one,) = await held.taken_back(connection, reader.brand_id)
            ((taken,),) = (await commission.taken_of(connection, [order.id])).values()
        assert (one.due_minor, one.lapsed_minor, one.lapsed_by, one.is_written_off) == (0, 1_500, "5.7", True)
        assert (taken.due_minor, taken.lapsed_minor, taken.written_off_minor) == (0, 1_500, 1_500)


@pytest.mark.parametrize("brand", [SHOP, SMALL])
@pytest.mark.usefixtures("borne")
async def test_what_either_brand_exports_proves_it(tmp_path: Path, brand: str) -> None:
    await writing.export(brand, tmp_path / brand, await clock.now(), lambda _, __: None)
    kinds = {kind.name: kind for kind in verifying.verify(tmp_path / brand)}
    assert kinds["clawbacks"].count == 1
    assert [kind.difference for kind in kinds.values() if kind.difference is not None] == []


async def test_who_may_not_is_refused_and_says_what_to_do(sale: Sale, taken_back: int) -> None:
    with pytest.raises(ForbiddenError):
        await propose(sale, taken_back, by=sale.manager)
    with pytest.raises(ForbiddenError):
        await propose(sale, taken_back, by=msgspec.structs.replace(sale.preparer, has_given_factor=False))
    with pytest.raises(InvalidError):
        await propose(sale, taken_back, reason=" ")
    for nothing in (taken_back + 1, 0, 2**63):
        with pytest.raises(NotFoundError, match="no such clawback"):
            await propose(sale, nothing)
    with pytest.raises(ConflictError, match="No write-off of this clawback waits"):
        await decide(sale, taken_back)
    await propose(sale, taken_back)
    assert await told("write-off-proposed") == ["Art"]
    with pytest.raises(ConflictError, match="proposed already"):
        await propose(sale, taken_back, by=sale.approver)
    for decision in ("approved", "declined"):
        with pytest.raises(ForbiddenError, match="cannot decide it"):
            await decide(sale, taken_back, decision, by=sale.preparer)
    with pytest.raises(ForbiddenError, match="decline it in place"):
        await decide(sale, taken_back, "withdrawn")
    await decide(sale, taken_back)
    with pytest.raises(ConflictError, match="waits for a decision"):
        await decide(sale, taken_back, "declined")
    await adjust(sale, 1_500)
    with pytest.raises(ConflictError, match="Nothing is due"):
        await propose(sale, taken_back)


async def test_two_who_decide_at_one_instant_decide_once(sale: Sale, taken_back: int) -> None:
    await propose(sale, taken_back)
    done = await asyncio.gather(
        decide(sale, taken_back), decide(sale, taken_back, "declined"), return_exceptions=True
    )
    assert [type(one) for one in done if one is not None] == [ConflictError]


async def test_the_database_books_nothing_that_was_not_approved_and_keeps_what_was_decided(
    sale: Sale, taken_back: int
) -> None:
    await propose(sale, taken_back)
    bear = """INSERT INTO clawback_settlements (clawback_id, transfer_id, kind, amount_minor)
        SELECT transfer_id, transfer_id, 'written_off', amount_minor FROM clawbacks"""
    approve = (
        "UPDATE write_offs SET status = 'approved', decided_at = now(), decided_reason = 'x', decided_by = "
    )
    async with connections.transaction() as connection:
        with pytest.raises(asyncpg.RestrictViolationError, match="nobody has approved"):
            async with connection.transaction():
                await connection.execute(bear)
        with pytest.raises(asyncpg.CheckViolationError, match="another_person_decides"):
            async with connection.transaction():
                await connection.execute(f"{approve} proposed_by")
    await decide(sale, taken_back)
    async with connections.transaction() as connection:
        with pytest.raises(asyncpg.RestrictViolationError, match="decided for good"):
            async with connection.transaction():
                await connection.execute("UPDATE write_offs SET status = 'declined'")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("DELETE FROM write_offs", "which nobody had approved"),
        ("UPDATE write_offs SET limit_minor = 1499", "which nobody had approved"),
        ("UPDATE write_offs SET decided_at = '2026-06-01'", "which nobody had approved"),
        (
            "UPDATE write_offs SET proposed_by = (SELECT id FROM members WHERE email LIKE 'mia%')",
            "may not manage payouts",
        ),
        ("UPDATE clawback_settlements SET kind = 'forgiven'", "write off:"),
        ("UPDATE clawback_settlements SET amount_minor = 1499", "due of it was 1,500"),
        ("UPDATE ledger_entries SET reason = 'A gift' WHERE kind = 'write_off'", "write off:"),
    ],
)
@pytest.mark.usefixtures("borne")
async def test_what_was_borne_otherwise_is_found(change: str, names: str) -> None:
    async with connections.transaction() as connection:
        for table in ("write_offs", "clawback_settlements", "ledger_entries"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await connection.execute("ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_made_in_check")
        await connection.execute(change)
    assert names in "; ".join(await proved())
