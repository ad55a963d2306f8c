"""What a partner's bank does with its payouts is told and shown, and never sends anything again."""

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import Event
from partner_network.payouts import bank_queries, rules
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import bank, hear
from partner_network.payouts.bank_queries import BankPayout
from tests.builders import SMALL
from tests.payouts.conftest import EARNED_MINOR, Sale

DAY_S = 86_400


async def paid(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("settled", EARNED_MINOR)]


async def at_the_bank(sale: Sale, last4: str, *, days: int) -> None:
    """Let the partner name a bank account, and days pass at Stripe."""
    await sale.control("bank-accounts", account=await sale.account_of(SMALL), currency="usd", last4=last4)
    await sale.control("clock", advance_s=days * DAY_S)


async def look(sale: Sale) -> list[BankPayout]:
    """Look at Stripe as every night, and return what is known of the one payout."""
    await bank.read_all(sale.stripe, await clock.now())
    return await known()


async def known() -> list[BankPayout]:
    async with connections.transaction() as connection:
        payout_id = await connection.fetchval("SELECT id FROM payouts")
        return list(await bank_queries.bank_payouts_of(connection, payout_id))


async def outcome() -> str:
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT bank_status FROM payout_attempts")


async def refusals_told() -> int:
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT count(*) FROM notifications WHERE kind = 'bank-refused'")


async def must_have_sent_once(sale: Sale) -> None:
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def test_a_bank_that_takes_the_money_is_shown_with_day_amount_and_the_transfers_it_bundles(
    sale: Sale,
) -> None:
    await paid(sale)
    assert await outcome() == "none"
    await at_the_bank(sale, "6789", days=5)

    (shown,) = await look(sale)

    async with connections.transaction() as connection:
        transfer = await connection.fetchval("SELECT stripe_transfer_id FROM payout_attempts")
    assert (shown.status, shown.amount_minor, shown.currency) == ("paid", EARNED_MINOR, "USD")
    assert (shown.transfers, shown.failure) == ((transfer,), None)
    assert (shown.arrives_on - shown.made_at.date()).days == 2
    assert await outcome() == "paid"
    assert await refusals_told() == 0
    await must_have_sent_once(sale)


async def test_a_bank_that_refuses_is_told_once_and_its_money_goes_out_again_from_stripe_alone(
    sale: Sale,
) -> None:
    await paid(sale)
    await at_the_bank(sale, "1116", days=4)

    (refused,) = await look(sale)
    await look(sale)

    assert (refused.status, await outcome()) == ("failed", "failed")
    assert "No bank account could be located" in (refused.failure or "")
    assert await refusals_told() == 1
    await must_have_sent_once(sale)

    await at_the_bank(sale, "6789", days=4)
    first, second = await look(sale)
    assert (first.status, second.status, await outcome()) == ("failed", "paid", "paid")
    assert first.transfers == second.transfers
    await must_have_sent_once(sale)


async def test_what_was_paid_may_fail_days_later_and_is_never_paid_again_by_an_old_answer(sale: Sale) -> None:
    await paid(sale)
    await at_the_bank(sale, "1113", days=4)
    (shown,) = await look(sale)
    assert (shown.status, await outcome()) == ("paid", "paid")

    await sale.control("clock", advance_s=3 * DAY_S)
    (late,) = [one for one in await look(sale) if one.id == shown.id]

    assert (late.status, await outcome()) == ("failed", "failed")
    assert await refusals_told() == 1
    await must_have_sent_once(sale)


async def test_a_webhook_names_the_account_and_its_payout_is_read_anew_in_any_order(sale: Sale) -> None:
    await paid(sale)
    await at_the_bank(sale, "6789", days=5)
    (shown,) = await look(sale)
    async with connections.transaction() as connection:
        await connection.execute("UPDATE payout_attempts SET bank_status = 'none'")
        await connection.execute("UPDATE bank_payouts SET status = 'in_transit'")
    account, now = await sale.account_of(SMALL), await clock.now()

    for n, kind in enumerate(("payout.paid", "payout.created", "payout.updated")):
        event = Event(f"evt_{n}", kind, shown.id, now, account=account)
        assert await hear.store_event(event, b"{}", now=now)
        await payouts.read_bank_payout(sale.stripe, rules.HeardBankPayout(shown.id, account, f"evt_{n}"), now)

    assert await outcome() == "paid"
    async with connections.transaction() as connection:
        asked = await connection.fetchval(
            "SELECT count(*) FROM pgqueuer WHERE entrypoint = $1", rules.READ_BANK_PAYOUT
        )
        unhandled = await connection.fetchval("SELECT count(*) FROM stripe_events WHERE handled_at IS NULL")
    assert (asked, unhandled) == (3, 0)


async def test_payouts_of_an_account_that_is_nobodys_here_leave_nothing(sale: Sale) -> None:
    await paid(sale)

    await bank.read_bank_payout(sale.stripe, "po_stranger", "acct_stranger", await clock.now())

    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM bank_payouts") == 0
