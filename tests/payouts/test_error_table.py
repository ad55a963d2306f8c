"""What Stripe answers and what is done about it: the table of DESIGN section 7, row by row."""

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.payouts import jobs as payouts
from partner_network.payouts import rules
from partner_network.payouts.actions import release
from tests.builders import SMALL
from tests.payouts.conftest import EARNED_MINOR, Sale


async def held_reason() -> str | None:
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT held_reason FROM payouts")


async def pay(sale: Sale) -> None:
    await payouts.pay(sale.stripe, await clock.now())


async def let_go(sale: Sale, reason: str = "Looked at Stripe: there is none") -> None:
    async with connections.transaction() as connection:
        payout_id = await connection.fetchval("SELECT id FROM payouts")
    await release.release_payout(payout_id, reason=reason, by=sale.preparer, now=await clock.now())


async def grow_old(hours: int) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE payout_attempts SET started_at = started_at - make_interval(hours => $1)", hours
        )


async def test_a_stored_failure_is_repeated_while_its_transfer_may_not_be_listed_yet(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("500")
    await pay(sale)

    assert await sale.attempts() == [("unknown", EARNED_MINOR)]
    assert await held_reason() is None
    assert await sale.transfers_minor() == []


async def test_a_stored_failure_without_a_transfer_ends_with_a_person_and_then_with_a_new_key(
    sale: Sale,
) -> None:
    await sale.to_be_paid()
    await sale.fault("500")
    await pay(sale)
    await grow_old(1)
    await pay(sale)
    assert await held_reason() == rules.ANSWER_MISSING

    await let_go(sale)
    await pay(sale)
    await pay(sale)

    assert await sale.attempts() == [("failed", EARNED_MINOR), ("settled", EARNED_MINOR)]
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def test_an_answer_lost_for_a_day_is_looked_up_and_not_sent_again(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("drop_after", times=3)
    await pay(sale)
    await grow_old(24)

    await pay(sale)

    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def test_a_request_lost_for_a_day_waits_for_a_person(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("drop_before", times=3)
    await pay(sale)
    await grow_old(24)

    await pay(sale)

    assert await held_reason() == rules.ANSWER_MISSING
    assert await sale.transfers_minor() == []
    await let_go(sale)
    await pay(sale)
    await pay(sale)
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def test_a_capability_lost_after_the_approval_holds_the_payout_until_it_is_back(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.review(SMALL, "restricted")
    await pay(sale)

    assert await sale.attempts() == [("failed", EARNED_MINOR)]
    assert await held_reason() == rules.ACCOUNT_RESTRICTED
    assert await sale.posted("pay_funded") == EARNED_MINOR
    await sale.review(SMALL, "active")
    await pay(sale)
    assert await sale.attempts() == [("failed", EARNED_MINOR), ("settled", EARNED_MINOR)]


async def test_a_403_is_held_with_stripes_words_and_goes_out_when_a_person_lets_it(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("403")
    await pay(sale)
    assert "Stripe cannot pay this partner" in (await held_reason() or "")
    await pay(sale)
    assert await sale.transfers_minor() == []

    await let_go(sale, "Cleared up with Stripe")
    await pay(sale)

    assert await sale.attempts() == [("failed", EARNED_MINOR), ("settled", EARNED_MINOR)]


async def test_a_key_used_with_other_content_stops_the_run_and_opens_a_case(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("drop_before", times=3)
    await pay(sale)
    async with connections.transaction() as connection:
        key = await connection.fetchval("SELECT idempotency_key FROM payout_attempts")
    await sale.send_by_hand(SMALL, 100, key)

    with pytest.raises(RuntimeError, match="refused our request itself"):
        await pay(sale)

    assert await held_reason() == rules.OUR_FAULT
    async with connections.transaction() as connection:
        kinds = await connection.fetch("SELECT kind, subject FROM cases WHERE closed_at IS NULL")
    assert [row["kind"] for row in kinds] == ["fault of ours"]


async def test_only_finance_with_a_second_factor_lets_a_payout_go_and_says_why(sale: Sale) -> None:
    await sale.to_be_paid(fund_it=True)
    with pytest.raises(ConflictError, match="Nothing holds this payout"):
        await let_go(sale)
    await sale.fault("403")
    await pay(sale)

    with pytest.raises(InvalidError):
        await let_go(sale, "  ")
    async with connections.transaction() as connection:
        payout_id = await connection.fetchval("SELECT id FROM payouts")
    for person in (sale.manager, sale.owners[SMALL]):
        with pytest.raises(ForbiddenError):
            await release.release_payout(payout_id, reason="Mine", by=person, now=await clock.now())
    assert await held_reason() is not None
