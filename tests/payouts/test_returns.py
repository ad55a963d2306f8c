"""Unused prepaid money goes back by two people's word, once, and never more than is free."""

import asyncio
import re
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect, StripeRefusedError, StripeUnreachableError
from partner_network.gateways.stripe_payments import Refund
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.payouts import funding_jobs, return_queries
from partner_network.payouts.actions import compare, fund, give_back, movements, returns
from tests.builders import SHOP
from tests.conftest import FreshDatabase
from tests.payouts.conftest import EARNED_MINOR, Sale
from tests.payouts.test_comebacks import must_prove

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def request(connection: "Connection | Owner", sale: Sale, minor: int) -> UUID:
    """Ask for money that no statement asks for, as an objection upheld after a payment leaves it."""
    now = await clock.now()
    funding_id = ids.new_id(now)
    await connection.execute(
        """INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status,
               requested_by, requested_at) VALUES ($1, $2, $3, 'USD', $4, 'requested', $5, $6)""",
        funding_id,
        sale.brands[SHOP],
        minor,
        f"funding-{funding_id}",
        sale.owners[SHOP].id,
        now,
    )
    return funding_id


async def prepay(sale: Sale, minor: int) -> None:
    async with connections.transaction() as connection:
        funding_id = await request(connection, sale, minor)
    assert await fund.charge_funding(sale.stripe, funding_id, await clock.now()) == "settled"


async def ask(sale: Sale, minor: int, by: Member | None = None) -> UUID:
    return await returns.ask_return(
        sale.brands[SHOP], "USD", minor, reason="They leave", by=by or sale.preparer, now=await clock.now()
    )


async def approve(sale: Sale, ask_id: UUID, by: Member | None = None) -> None:
    now = await clock.now()
    await returns.decide_return(ask_id, "approved", reason="Checked", by=by or sale.approver, now=now)


async def parts() -> list[tuple[str, int]]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT status, amount_minor FROM prepaid_returns ORDER BY id")
    return [(row["status"], row["amount_minor"]) for row in rows]


async def open_cases() -> list[str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT kind FROM cases WHERE closed_at IS NULL")
    return [row["kind"] for row in rows]


async def refunds_minor(sale: Sale) -> list[int]:
    found = [one async for one in sale.stripe.movements()]
    return sorted(-one.amount_minor for one in found if one.kind == "return")


async def test_it_goes_back_of_the_newest_payments_in_parts_and_is_booked_once(sale: Sale) -> None:
    await prepay(sale, 1_000)
    await prepay(sale, 700)
    await approve(sale, await ask(sale, 900))

    now = await clock.now()
    await funding_jobs.look_after_fundings(sale.stripe, now)
    await funding_jobs.look_after_fundings(sale.stripe, now)

    assert await parts() == [("accepted", 700), ("accepted", 200)]
    assert await refunds_minor(sale) == [200, 700]
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 800
    assert await movements.book_movements(sale.stripe, now) == 0
    assert await open_cases() == []
    await must_prove(sale)
    async with connections.transaction() as connection:
        told = await connection.fetch(
            "SELECT DISTINCT kind FROM notifications WHERE kind = 'prepaid-returned'"
        )
        left = await return_queries.parts(connection, sale.brands[SHOP], "USD", 10_000)
    assert len(told) == 1
    assert [one.amount_minor for one in left] == [800]


async def test_two_people_with_a_reason_each_are_needed(sale: Sale) -> None:
    await prepay(sale, 1_000)
    with pytest.raises(InvalidError):
        await returns.ask_return(
            sale.brands[SHOP], "USD", 0, reason=" ", by=sale.preparer, now=await clock.now()
        )
    with pytest.raises(ForbiddenError):
        await ask(sale, 500, by=sale.owners[SHOP])
    asked = await ask(sale, 500)
    with pytest.raises(ConflictError, match="under way already"):
        await ask(sale, 100)
    with pytest.raises(ForbiddenError, match="another person"):
        await approve(sale, asked, by=sale.preparer)
    await give_back.give_back_approved(sale.stripe, await clock.now())

    assert await parts() == [("asked", 500)]
    assert await refunds_minor(sale) == []


async def test_a_statement_funded_meanwhile_wins_and_the_return_is_refused(sale: Sale) -> None:
    await prepay(sale, EARNED_MINOR)
    asked = await ask(sale, EARNED_MINOR)
    await sale.close_and_sign()
    assert len(await fund.fund_statements(sale.brands[SHOP], "USD", await clock.now())) == 1

    with pytest.raises(ConflictError, match=r"Only .*0\.00 is unused"):
        await approve(sale, asked)
    now = await clock.now()
    await returns.decide_return(asked, "declined", reason="Spent", by=sale.preparer, now=now)
    await give_back.give_back_approved(sale.stripe, now)
    assert await parts() == [("declined", EARNED_MINOR)]
    await must_prove(sale)


async def test_what_an_approved_return_reserved_funds_no_statement(sale: Sale) -> None:
    await prepay(sale, EARNED_MINOR)
    await approve(sale, await ask(sale, 1))
    await sale.close_and_sign()

    assert await fund.fund_statements(sale.brands[SHOP], "USD", await clock.now()) == []
    await give_back.give_back_approved(sale.stripe, await clock.now())
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR - 1
    await must_prove(sale)


async def test_a_return_and_a_funding_at_one_instant_never_spend_more_than_there_is(sale: Sale) -> None:
    await prepay(sale, EARNED_MINOR)
    asked = await ask(sale, EARNED_MINOR)
    await sale.close_and_sign()
    now = await clock.now()

    funded, approved = await asyncio.gather(
        fund.fund_statements(sale.brands[SHOP], "USD", now), approve(sale, asked), return_exceptions=True
    )
    await give_back.give_back_approved(sale.stripe, now)

    assert isinstance(approved, ConflictError)  # an approved statement comes first, funded yet or not
    assert isinstance(funded, list)
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
    assert await refunds_minor(sale) == []


async def test_two_workers_at_once_give_back_once(sale: Sale) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))
    now = await clock.now()
    await asyncio.gather(*(give_back.give_back_approved(sale.stripe, now) for _ in range(2)))
    await give_back.give_back_approved(sale.stripe, now)

    assert await refunds_minor(sale) == [400]
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 600
    await must_prove(sale)


@pytest.mark.parametrize("hours", [0, 1, 30])
async def test_an_answer_that_was_lost_is_found_and_nothing_goes_back_twice(
    sale: Sale, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))
    now = await clock.now()
    really = StripeConnect.give_back

    async def lose_the_answer(self: StripeConnect, **asked: object) -> Refund:
        await really(self, **asked)  # pyright: ignore[reportArgumentType]  # passed on as it came
        raise StripeUnreachableError("the line was cut")

    with monkeypatch.context() as cut:
        cut.setattr(StripeConnect, "give_back", lose_the_answer)
        await give_back.give_back_approved(sale.stripe, now)
    assert await parts() == [("approved", 400)]
    # What Stripe shows meanwhile is not taken for something foreign.
    assert await movements.book_movements(sale.stripe, now) == 0
    assert await open_cases() == []
    await age(hours)
    await give_back.give_back_approved(sale.stripe, now)

    assert await parts() == [("accepted", 400)]
    assert await refunds_minor(sale) == [400]
    assert await compare.compare_with_stripe(sale.stripe, now) == []
    await must_prove(sale)


async def age(hours: int) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE prepaid_returns SET sent_at = sent_at - make_interval(hours => $1)", hours
        )


async def test_a_request_that_never_arrived_is_not_sent_again_once_its_key_is_forgotten(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))

    async def never_arrive(self: StripeConnect, **asked: object) -> Refund:
        raise StripeUnreachableError(f"{self} cannot be asked {asked}")

    monkeypatch.setattr(StripeConnect, "give_back", never_arrive)
    await give_back.give_back_approved(sale.stripe, await clock.now())
    await age(24)
    await give_back.give_back_approved(sale.stripe, await clock.now())

    assert await parts() == [("failed", 400)]
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 1_000
    await must_prove(sale)


async def test_a_refund_that_stripe_refuses_frees_the_money_and_says_why(sale: Sale) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))
    await sale.dispute_funding(None)
    await give_back.give_back_approved(sale.stripe, await clock.now())

    assert await parts() == [("failed", 400)]
    async with connections.transaction() as connection:
        (shown,) = await return_queries.returns(connection)
    assert shown.status == "failed"
    assert "charged back" in shown.answers[0]


async def test_a_fault_of_ours_is_a_case_and_keeps_the_rest_going(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))

    async def refuse(self: StripeConnect, **asked: object) -> Refund:
        raise StripeRefusedError("http_401", f"{self} may not ask {asked}")

    with monkeypatch.context() as wrong:
        wrong.setattr(StripeConnect, "give_back", refuse)
        await funding_jobs.look_after_fundings(sale.stripe, await clock.now())
    assert (await parts(), await open_cases()) == ([("approved", 400)], ["fault of ours"])
    await give_back.give_back_approved(sale.stripe, await clock.now())
    assert await parts() == [("accepted", 400)]


async def test_a_refund_that_a_bank_did_not_take_is_the_advertisers_again(sale: Sale) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))
    now = await clock.now()
    await give_back.give_back_approved(sale.stripe, now)
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO stripe_transactions (id, kind, currency, amount_minor, fee_minor, source_id, about,
                   said, created)
               SELECT 'txn_back', 'reinstated', 'USD', 400, 0, p.refund_id, f.payment_intent_id, 'x', now()
               FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id"""
        )
    assert await movements.book_movements(sale.stripe, now) == 1

    assert await sale.posted("prepaid", sale.brands[SHOP]) == 1_000
    async with connections.transaction() as connection:
        left = await return_queries.parts(connection, sale.brands[SHOP], "USD", 10_000)
    assert [one.amount_minor for one in left] == [1_000]
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []


async def test_a_refund_made_at_stripe_itself_is_still_a_case(sale: Sale) -> None:
    await prepay(sale, 1_000)
    async with connections.transaction() as connection:
        intent = await connection.fetchval("SELECT payment_intent_id FROM fundings")
    await sale.ask_stripe("/v1/refunds", payment_intent=intent, amount="300")
    await movements.book_movements(sale.stripe, await clock.now())

    assert await open_cases() == ["funding returned"]
    with pytest.raises(ConflictError, match=r"Only .*7\.00"):
        await ask(sale, 701)
    await ask(sale, 700)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("amount_minor = amount_minor + 1", "Return .* of 401 .*calls for the entry"),
        ("amount_minor = 1001", "went back 1,001; it brought in 1,000"),
        ("asked_by = decided_by, status = 'accepted'", "not decided by another person"),
        (
            "status = 'failed', refund_id = NULL, entry_id = NULL",
            "Entry return:.* follows from no fact",
        ),
    ],
)
async def test_the_proof_sees_a_return_that_was_changed(
    sale: Sale, database: FreshDatabase, change: str, said: str
) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 400))
    await give_back.give_back_approved(sale.stripe, await clock.now())
    owner = await database.connect("owner")
    try:
        await owner.execute("ALTER TABLE prepaid_returns DROP CONSTRAINT returned_by_two_people")
        await owner.execute(f"UPDATE prepaid_returns SET {change}")
        found = [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference]
    finally:
        await owner.close()
    assert any(re.search(said, one, re.DOTALL) for one in found), found


async def test_what_a_bank_does_not_take_is_prepaid_again_with_a_case_and_may_be_given_back_anew(
    sale: Sale,
) -> None:
    await prepay(sale, 1_000)
    await approve(sale, await ask(sale, 600))
    await funding_jobs.look_after_fundings(sale.stripe, await clock.now())
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 400
    async with connections.transaction() as connection:
        refund = await connection.fetchval("SELECT refund_id FROM prepaid_returns")

    await sale.control("refund-failures", refund=refund)
    for _ in range(2):
        await movements.book_movements(sale.stripe, await clock.now())

    # 1,000 - 600 + 600
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 1_000
    assert await sale.posted("cash") == 1_000
    assert await open_cases() == ["refund failed"]
    async with connections.transaction() as connection:
        told = await connection.fetch("SELECT kind FROM notifications WHERE kind = 'prepaid-return-failed'")
        (shown,) = await return_queries.returns(connection)
    assert told
    assert (shown.status, shown.returned_minor, shown.came_back_minor) == ("came_back", 0, 600)
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []
    await approve(sale, await ask(sale, 1_000))
    await funding_jobs.look_after_fundings(sale.stripe, await clock.now())
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
