"""A month closes once, is signed by two, is funded whole and is paid by exactly one transfer."""

import asyncio
import contextvars

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import Accepted
from partner_network.kernel.errors import ConflictError, ForbiddenError
from partner_network.payouts import jobs as payouts
from partner_network.payouts import sending_queries
from partner_network.payouts.actions import reconcile, record, send
from partner_network.statements import jobs as statements
from partner_network.statements import queries
from partner_network.statements.actions import close, sign_off
from partner_network.statements.queries import Statement
from tests import builders
from tests.builders import SMALL, at
from tests.conversions.cast import until_it_waits
from tests.payouts.conftest import EARNED_MINOR, Sale


async def _close_february(sale: Sale) -> Statement:
    await builders.set_clock(at(3, 1, 0, 30))
    await statements.close_periods(await clock.now())
    async with connections.transaction() as connection:
        (statement,) = await queries.statements(connection, brand_id=sale.brands[SMALL])
    return statement


async def test_a_sale_is_pending_until_its_month_is_over_and_then_payable(sale: Sale) -> None:
    assert (await sale.posted("pay_pending"), await sale.posted("pay")) == (EARNED_MINOR, 0)
    await builders.set_clock(at(2, 1, 0, 0))
    await sale.work()
    assert (await sale.posted("pay_pending"), await sale.posted("pay")) == (0, EARNED_MINOR)


async def test_two_workers_that_close_the_same_month_make_one_statement(sale: Sale) -> None:
    await builders.set_clock(at(3, 1, 0, 30))
    await sale.work()
    now = await clock.now()
    closed = await asyncio.gather(*(close.close_due(now) for _ in range(4)))
    assert sum(len(one.statements) for one in closed) == 1
    async with connections.transaction() as connection:
        (statement,) = await queries.statements(connection)
        (line,) = await queries.lines_of(connection, statement.id)
    assert (statement.period, statement.opening_minor, statement.closing_minor) == (
        "2026-02",
        0,
        EARNED_MINOR,
    )
    assert (line.kind, line.amount_minor, line.earning_period) == ("earned", EARNED_MINOR, "2026-01")


async def test_two_workers_that_mature_the_same_sale_move_it_once(sale: Sale) -> None:
    await builders.set_clock(at(2, 1, 0, 0))
    await asyncio.gather(*(sale.work() for _ in range(4)))
    assert await sale.posted("pay") == EARNED_MINOR


async def test_two_workers_that_pay_at_once_make_one_transfer(sale: Sale) -> None:
    await _close_february(sale)
    await sale.sign_off()
    await sale.pay_in()
    await sale.pay_twice_at_once()
    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    assert [await sale.posted(kind) for kind in ("pay", "pay_funded", "payout_clearing", "cash")] == [0] * 4


async def test_nobody_approves_what_they_prepared_themselves(sale: Sale) -> None:
    statement = await _close_february(sale)
    now, person = await clock.now(), sale.preparer
    read = statement.content_hash
    await sign_off.prepare_statement(statement.id, content_hash=read, preparer=person, now=now)
    with pytest.raises(ForbiddenError, match="another person must approve it"):
        await sign_off.approve_statement(
            statement.id, content_hash=read, approver=person, reason="mine", now=now
        )


async def test_the_database_itself_refuses_an_approval_by_the_preparer(sale: Sale) -> None:
    statement = await _close_february(sale)
    await sign_off.prepare_statement(
        statement.id,
        content_hash=statement.content_hash,
        preparer=sale.preparer,
        now=await clock.now(),
    )
    with pytest.raises(asyncpg.CheckViolationError, match="two_people"):
        async with connections.transaction() as connection:
            await connection.execute(
                """INSERT INTO statement_approvals SELECT statement_id, content_hash, closing_minor, currency,
                       preparer_id, preparer_id, 'forged', now() FROM statement_preparations"""
            )


async def test_what_was_not_read_is_not_signed(sale: Sale) -> None:
    statement = await _close_february(sale)
    with pytest.raises(ConflictError, match="not what you read"):
        await sign_off.prepare_statement(
            statement.id, content_hash=bytes(32), preparer=sale.preparer, now=await clock.now()
        )


async def test_a_payout_without_approval_of_that_content_cannot_be_written(sale: Sale) -> None:
    statement = await _close_february(sale)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="approved_content"):
        async with connections.transaction() as connection:
            await connection.execute(
                """INSERT INTO payouts (id, statement_id, content_hash, closing_minor, currency, payee_id,
                       payer_id, amount_minor, fund_entry_id, reserved_at)
                   SELECT gen_random_uuid(), id, content_hash, closing_minor, currency, payee_id, payer_id,
                       closing_minor, (SELECT max(id) FROM ledger_entries), now()
                   FROM statements WHERE id = $1""",
                statement.id,
            )


async def test_nothing_is_paid_before_the_advertiser_has_paid_in(sale: Sale) -> None:
    await _close_february(sale)
    await sale.sign_off()
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.transfers_minor() == []
    assert await sale.posted("pay") == EARNED_MINOR


@pytest.mark.parametrize(
    ("fault", "times"),
    [("drop_before", 3), ("drop_after", 3), ("409", 3), ("429", 1)],  # the SDK repeats all but 429 twice
)
async def test_a_line_that_is_cut_leads_to_one_transfer_all_the_same(
    sale: Sale, fault: str, times: int
) -> None:
    await _close_february(sale)
    await sale.sign_off()
    await sale.fault(fault, times=times)
    await sale.pay_in()
    assert (await sale.attempts())[0][0] in {"unknown", "submitting"}
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert await sale.attempts() == [("settled", EARNED_MINOR)]


async def test_a_partner_without_stripe_account_waits_and_is_told_what_to_do(sale: Sale) -> None:
    await _close_february(sale)
    await sale.sign_off()
    await _set_transfers_status(sale, "pending")
    await sale.pay_in()
    async with connections.transaction() as connection:
        reason = await connection.fetchval("SELECT held_reason FROM payouts")
    assert "finish its onboarding" in reason
    assert await sale.transfers_minor() == []
    await _set_transfers_status(sale, "active")
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def _set_transfers_status(sale: Sale, status: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE stripe_accounts SET transfers_status = $2 WHERE brand_id = $1", sale.brands[SMALL], status
        )


async def test_a_transfer_that_we_did_not_book_is_reported_and_nothing_is_settled_for_it(sale: Sale) -> None:
    async with connections.transaction() as connection:
        destination = await connection.fetchval(
            "SELECT account_id FROM stripe_accounts WHERE brand_id = $1", sale.brands[SMALL]
        )
    await _close_february(sale)
    await sale.sign_off()
    await sale.pay_in()
    await sale.stripe.fund(
        amount_minor=500,
        currency="USD",
        customer=await _customer(),
        payment_method=builders.CARD,
        idempotency_key="by hand",
        metadata={},
    )
    await sale.stripe.send_transfer(
        amount_minor=500,
        currency="USD",
        destination=destination,
        transfer_group="by hand",
        description="by hand",
        idempotency_key="by hand too",
        metadata={},
    )
    report = await reconcile.reconcile(sale.stripe, await clock.now())
    assert [difference.sentence for difference in report.differences] == [
        "Stripe shows a transfer that we did not book."
    ]


async def _customer() -> str:
    async with connections.transaction() as connection:
        return await connection.fetchval(
            "SELECT customer_id FROM stripe_accounts WHERE customer_id IS NOT NULL LIMIT 1"
        )


async def test_money_that_stripe_does_not_have_makes_a_new_attempt_under_a_new_key(sale: Sale) -> None:
    await _close_february(sale)
    await sale.sign_off()
    await _set_transfers_status(sale, "pending")
    await sale.pay_in()
    async with connections.transaction() as connection:
        other = await connection.fetchval(
            "SELECT account_id FROM stripe_accounts WHERE account_id IS NOT NULL AND brand_id <> $1 LIMIT 1",
            sale.brands[SMALL],
        )
    await sale.stripe.send_transfer(  # somebody empties the balance by hand
        amount_minor=EARNED_MINOR,
        currency="USD",
        destination=other,
        transfer_group="by hand",
        description="by hand",
        idempotency_key="emptied",
        metadata={},
    )
    await _set_transfers_status(sale, "active")
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("failed", EARNED_MINOR)]
    assert await sale.posted("pay_funded") == EARNED_MINOR
    await sale.stripe.fund(
        amount_minor=EARNED_MINOR,
        currency="USD",
        customer=await _customer(),
        payment_method=builders.CARD,
        idempotency_key="topped up",
        metadata={},
    )
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("failed", EARNED_MINOR), ("settled", EARNED_MINOR)]


async def test_who_records_an_answer_waits_for_who_looks_at_the_payout_and_neither_for_ever(
    sale: Sale,
) -> None:
    await sale.to_be_paid(fund_it=True)
    now = await clock.now()
    async with connections.transaction() as connection:
        payout_id = await connection.fetchval("SELECT id FROM payouts")
    await sale.fault("drop_before", 3)
    await send.send_payout(sale.stripe, payout_id, now)
    async with connections.transaction() as connection:
        attempt = await sending_queries.open_attempt(connection, payout_id)
    assert attempt is not None

    async with asyncio.TaskGroup() as workers, connections.transaction() as connection:
        await sending_queries.payout_to_send(connection, payout_id)
        recording = workers.create_task(
            record.record_answer(attempt, Accepted("tr_late"), now), context=contextvars.Context()
        )
        await until_it_waits(recording)
        assert await sending_queries.open_attempt(connection, payout_id) == attempt
    assert recording.result() == "accepted"
