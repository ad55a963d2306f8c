"""A partner whose account at Stripe was closed opens another one, and what waited is paid there."""

import httpx

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts import rules
from partner_network.payouts.actions import compare, onboard
from tests.builders import SMALL
from tests.payouts.conftest import EARNED_MINOR, Sale

BACK = "https://network.test/payout-account"


async def close_account(sale: Sale) -> str:
    """Close the partner's account at Stripe, as its owner does there; return its id."""
    account_id = await sale.account_of(SMALL)
    async with httpx.AsyncClient(base_url=sale.stripe_address) as client:
        answer = await client.post(
            f"/v2/core/accounts/{account_id}/close",
            json={},
            headers={"authorization": "Bearer sk_test_sale"},
        )
    answer.raise_for_status()
    return account_id


async def open_another(sale: Sale) -> str:
    """Go to Stripe from the partner's page; return the account that the partner has then."""
    await onboard.open_recipient(
        sale.stripe,
        sale.brands[SMALL],
        by=sale.owners[SMALL],
        return_url=f"{BACK}/return",
        refresh_url=f"{BACK}/refresh",
        now=await clock.now(),
    )
    return await sale.account_of(SMALL)


async def pay(sale: Sale) -> None:
    await payouts.pay(sale.stripe, await clock.now())


async def held_reason() -> str | None:
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT held_reason FROM payouts")


async def sent_to(sale: Sale) -> list[tuple[str, int, int]]:
    """Return of each transfer at Stripe where it went, what was sent and what came back, the oldest first."""
    found = [one async for one in sale.stripe.all_transfers()][::-1]
    return [(one.destination, one.amount_minor, one.reversed_minor) for one in found]


async def former_accounts() -> list[str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT account_id FROM former_stripe_accounts ORDER BY replaced_at")
    return [row["account_id"] for row in rows]


async def must_prove(sale: Sale) -> None:
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []


async def test_what_waits_for_a_closed_account_is_paid_to_the_one_opened_after_it(sale: Sale) -> None:
    await sale.to_be_paid()
    closed = await close_account(sale)
    await pay(sale)
    assert await held_reason() == rules.ACCOUNT_CLOSED

    opened = await open_another(sale)
    assert opened != closed
    assert await former_accounts() == [closed]
    await pay(sale)
    assert await sent_to(sale) == []
    await sale.review(SMALL, "active")
    await pay(sale)

    assert await sent_to(sale) == [(opened, EARNED_MINOR, 0)]
    assert await sale.attempts() == [("failed", EARNED_MINOR), ("settled", EARNED_MINOR)]
    assert await sale.posted("pay_funded") == 0
    await must_prove(sale)


async def test_what_comes_back_from_a_former_account_goes_to_the_new_one(sale: Sale) -> None:
    await sale.to_be_paid()
    await pay(sale)
    await sale.reverse(600)
    closed = await close_account(sale)
    opened = await open_another(sale)
    await sale.review(SMALL, "active")
    await payouts.read_movements(sale.stripe, rules.HeardEvent("trr", "evt"), await clock.now())
    await pay(sale)

    assert await sent_to(sale) == [(closed, EARNED_MINOR, 600), (opened, 600, 0)]
    await must_prove(sale)


async def test_who_opens_another_account_twice_has_one(sale: Sale) -> None:
    closed = await close_account(sale)
    first = await open_another(sale)
    assert await open_another(sale) == first
    assert await former_accounts() == [closed]

    again = await close_account(sale)
    third = await open_another(sale)
    assert third not in {closed, first}
    assert await former_accounts() == [closed, again]


async def test_an_account_that_is_not_closed_is_kept(sale: Sale) -> None:
    account_id = await sale.account_of(SMALL)
    await sale.review(SMALL, "restricted")
    assert await open_another(sale) == account_id
    assert await former_accounts() == []


async def test_who_asks_stripe_again_is_told_that_the_account_is_closed(sale: Sale) -> None:
    await close_account(sale)
    status = await onboard.read_recipient(sale.stripe, sale.brands[SMALL], await clock.now())
    assert status == "closed"
