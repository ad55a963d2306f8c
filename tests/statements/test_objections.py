"""A payer objects to the one line of a closed month: 15.00 USD of Tune House to Needle Drop."""

from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PartnerNetworkError,
)
from partner_network.statements import approval_queries, queries
from partner_network.statements import jobs as statements
from partner_network.statements.actions import ask, limits, objections, sign_off
from partner_network.statements.approving import Outcome
from partner_network.statements.queries import Statement
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, at
from tests.payouts.conftest import Sale, sale, simulator

__all__ = ["sale", "simulator"]


class Month:
    """The closed month with its people."""

    def __init__(self, sale: Sale, statement: Statement, transfer_id: int) -> None:
        self.sale = sale
        self.statement = statement
        self.transfer_id = transfer_id
        self.payer = sale.owners[SHOP]

    async def prepare(self) -> None:
        await sign_off.prepare_statement(
            self.statement.id,
            content_hash=self.statement.content_hash,
            preparer=self.sale.preparer,
            now=await clock.now(),
        )

    async def approve(self, approver: Member | None = None, reason: str = "As agreed") -> Statement:
        return await sign_off.approve_statement(
            self.statement.id,
            content_hash=self.statement.content_hash,
            approver=approver or self.sale.approver,
            reason=reason,
            now=await clock.now(),
        )

    async def object(self, by: Member | None = None, transfer_id: int | None = None) -> UUID:
        return await objections.object_to_line(
            self.statement.id,
            transfer_id or self.transfer_id,
            reason="It was never delivered",
            by=by or self.payer,
            now=await clock.now(),
        )

    async def answer(self, outcome: Outcome, minor: int = 0) -> None:
        await objections.answer_objection(
            self.statement.id,
            self.transfer_id,
            outcome=outcome,
            minor=minor,
            reason="The shop's own log says so",
            by=self.sale.approver,
            now=await clock.now(),
        )

    async def read(self) -> Statement:
        async with connections.transaction() as connection:
            return await queries.statement_of(connection, self.statement.id)


@pytest.fixture
async def month(sale: Sale) -> Month:
    await builders.set_clock(at(3, 1))
    await statements.close_periods(await clock.now())
    async with connections.transaction() as connection:
        (statement,) = await queries.statements(connection)
        (line,) = await queries.lines_of(connection, statement.id)
    return Month(sale, statement, line.transfer_id)


async def colleague() -> Member:
    """One more person in the network's finance."""
    member_id = uuid4()
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO members (id, email, name, password_hash, created_at)
               VALUES ($1, 'zoe@network.test', 'Zoe', 'x', $2)""",
            member_id,
            at(1, 1),
        )
        await connection.execute(
            """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
               VALUES (gen_random_uuid(), $1, NULL, 'finance', $2)""",
            member_id,
            at(1, 1),
        )
    return Member(member_id, "Zoe", "zoe@network.test", None, frozenset({"finance"}), has_given_factor=True)


async def limit(sale: Sale, above_minor: int | None) -> None:
    admin = msgspec.structs.replace(sale.approver, roles=frozenset({"admin"}))
    await limits.set_limit("USD", above_minor, reason="Two see more", by=admin, now=await clock.now())


async def test_an_objection_stops_approval_until_it_is_answered(month: Month) -> None:
    await month.prepare()
    await month.object()

    with pytest.raises(ConflictError, match="nobody has answered"):
        await month.approve()
    await month.answer("declined")

    assert (await month.approve()).status == "approved"


async def test_the_database_itself_refuses_an_approval_over_an_objection(month: Month) -> None:
    await month.prepare()
    await month.object()
    with pytest.raises(asyncpg.RestrictViolationError, match="is not answered"):
        async with connections.transaction() as connection:
            await connection.execute(
                """INSERT INTO statement_approvals SELECT statement_id, content_hash, closing_minor, currency,
                       preparer_id, $1, 'forged', now() FROM statement_preparations""",
                month.sale.approver.id,
            )


async def test_what_is_upheld_is_an_adjustment_that_the_next_statement_recovers(month: Month) -> None:
    await month.prepare()
    await month.object()
    await month.answer("upheld", 600)
    await month.approve()
    await month.sale.work()

    async with connections.transaction() as connection:
        (one,) = await approval_queries.objections_of(connection, month.statement.id)
        targets = await connection.fetch("SELECT target_minor FROM current_targets")
        due = await connection.fetch("SELECT due_minor FROM open_clawbacks")
    assert (one.outcome, one.adjusted_minor, one.answer) == ("upheld", 600, "The shop's own log says so")
    assert [row["target_minor"] for row in targets] == [900]
    assert [row["due_minor"] for row in due] == [600]
    assert (await month.read()).closing_minor == 1_500  # an issued statement is never reopened


@pytest.mark.parametrize("minor", [0, -1, 1_501])
async def test_no_more_is_taken_back_than_the_line_is_worth(month: Month, minor: int) -> None:
    await month.prepare()
    await month.object()
    with pytest.raises(InvalidError, match=r"up to .*15\.00"):
        await month.answer("upheld", minor)
    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM adjustments") == 0


async def test_an_objection_is_answered_once(month: Month) -> None:
    await month.prepare()
    await month.object()
    await month.answer("declined")
    with pytest.raises(ConflictError, match="answered already"):
        await month.answer("upheld", 100)


async def test_only_who_pays_a_statement_objects_to_it(month: Month) -> None:
    await month.prepare()
    with pytest.raises(ConflictError, match="Only Tune House, who pays"):
        await month.object(by=month.sale.owners[SMALL])
    with pytest.raises(NotFoundError, match="no such statement"):
        await month.object(by=month.sale.owners[RADIO])
    with pytest.raises(ForbiddenError, match="object to statements"):
        await month.object(by=month.sale.approver)


async def test_before_a_statement_is_issued_there_is_nothing_to_object_to(month: Month) -> None:
    with pytest.raises(ConflictError, match="not issued yet"):
        await month.object()


async def test_a_line_of_another_statement_and_a_second_objection_are_refused(month: Month) -> None:
    await month.prepare()
    with pytest.raises(NotFoundError, match="no such line"):
        await month.object(transfer_id=10**9)
    await month.object()
    with pytest.raises(ConflictError, match="already"):
        await month.object()


async def test_after_approval_the_days_of_the_contract_still_run(month: Month) -> None:
    await month.prepare()  # issued on the first of March in Berlin: five days, the sixth to its end
    await month.approve()
    await builders.set_clock(at(3, 6, 22))
    await month.object()
    await month.answer("declined")
    await builders.set_clock(at(3, 7, 0))
    with pytest.raises(ConflictError, match="days to object to it are over"):
        await month.object()


async def test_a_large_statement_needs_two_approvers_besides_its_preparer(month: Month) -> None:
    await limit(month.sale, 1_499)
    await month.prepare()
    zoe = await colleague()

    first = await month.approve()
    with pytest.raises(ForbiddenError, match="another person must give the second"):
        await month.approve()
    with pytest.raises(ForbiddenError, match="You prepared"):
        await month.approve(month.sale.preparer)
    second = await month.approve(zoe)

    assert (first.status, second.status, second.approver_id) == ("issued", "approved", zoe.id)


async def test_at_the_limit_itself_one_approver_is_enough(month: Month) -> None:
    await limit(month.sale, 1_500)
    await month.prepare()
    assert (await month.approve()).status == "approved"


async def test_a_limit_that_is_lifted_asks_for_nobody_else(month: Month) -> None:
    await limit(month.sale, 0)
    await builders.set_clock(at(3, 2))
    await limit(month.sale, None)
    await month.prepare()
    assert (await month.approve()).status == "approved"


async def test_the_database_itself_refuses_one_approver_above_the_limit(month: Month) -> None:
    await limit(month.sale, 1_499)
    await month.prepare()
    with pytest.raises(asyncpg.RestrictViolationError, match="above the limit of one approver"):
        async with connections.transaction() as connection:
            await connection.execute(
                """INSERT INTO statement_approvals SELECT statement_id, content_hash, closing_minor, currency,
                       preparer_id, $1, 'forged', $2 FROM statement_preparations""",
                month.sale.approver.id,
                await clock.now(),
            )


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
async def test_an_approval_without_a_reason_is_refused(month: Month, reason: str) -> None:
    await month.prepare()
    with pytest.raises(InvalidError, match="why you approve it"):
        await month.approve(reason=reason)
    assert (await month.read()).status == "issued"


@pytest.mark.parametrize(
    ("currency", "minor", "reason", "field"),
    [("XYZ", 1, "x", "currency"), ("EUR", -1, "x", "amount"), ("EUR", 1, " ", "reason")],
)
async def test_a_limit_says_what_is_wrong_with_it(
    sale: Sale, currency: str, minor: int, reason: str, field: str
) -> None:
    admin = msgspec.structs.replace(sale.approver, roles=frozenset({"admin"}))
    with pytest.raises(InvalidError) as refused:
        await limits.set_limit(currency, minor, reason=reason, by=admin, now=await clock.now())
    assert set(refused.value.fields) == {field}


async def test_finance_sets_no_limit_for_itself(sale: Sale) -> None:
    with pytest.raises(PartnerNetworkError, match="set approval limits"):
        await limits.set_limit("EUR", 1, reason="x", by=sale.approver, now=await clock.now())


async def test_an_open_period_is_not_closed_early_and_says_when_it_will_be(month: Month) -> None:
    with pytest.raises(ConflictError, match="has not ended") as refused:
        await ask.ask_to_close(month.sale.preparer, now=await clock.now(), period="2026-03")
    assert "preview" in refused.value.sentence
    await ask.ask_to_close(month.sale.preparer, now=await clock.now(), period="2026-02")
    with pytest.raises(InvalidError, match="no period"):
        await ask.ask_to_close(month.sale.preparer, now=await clock.now(), period="soon")
