"""What transfers cost to compare follows from what is new, and nothing is overlooked for it."""

from datetime import datetime

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeUnreachableError
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import compare, movements, reconcile
from tests.builders import SMALL, at
from tests.payouts.conftest import EARNED_MINOR, Sale
from tests.payouts.listing import Listing

DAY_S = 86_400
BY_HAND_MINOR = 400


async def grown_old(sale: Sale) -> None:
    """Pay once, then let a history of seven more movements lie behind an old newest one.

    The partner leaves its money where it is, so that a transfer can still be taken back.
    """
    by_hand = {"payments[payouts][schedule][interval]": "manual"}
    await sale.ask_stripe("/v1/balance_settings", on=await sale.account_of(SMALL), **by_hand)
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    for _ in range(6):
        await sale.top_up(100)
    await sale.control("clock", advance_s=40 * DAY_S)
    await sale.top_up(100)
    await movements.book_movements(sale.stripe, await clock.now())
    assert await sale.attempts() == [("settled", EARNED_MINOR)]


async def sent_and_not_listed(sale: Sale, listing: Listing) -> str:
    """Send the payout while Stripe's list does not show its transfer yet; return its id."""
    await sale.to_be_paid(fund_it=True)
    await payouts.send.send_all(sale.stripe, await clock.now())
    (transfer,) = [one async for one in sale.stripe.all_transfers()]
    listing.hidden.add(transfer.id)
    return transfer.id


async def open_cases() -> dict[str, str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT kind, subject FROM cases WHERE closed_at IS NULL")
    return {row["kind"]: row["subject"] for row in rows}


async def compared(sale: Sale) -> dict[str, str]:
    found = await compare.compare_with_stripe(sale.stripe, await clock.now())
    return {one.kind: one.said for one in found}


async def test_a_night_asks_for_what_is_new_and_never_for_the_list_of_transfers(
    sale: Sale, listing: Listing
) -> None:
    await grown_old(sale)

    # One page for the movements, one for the balance, one for the transfers.
    asked = await listing.asked(compare.compare_with_stripe(sale.stripe, await clock.now()))

    assert asked == (3, 0)
    assert await open_cases() == {}


async def test_a_minute_that_awaits_a_transfer_in_vain_asks_for_one_page(
    sale: Sale, listing: Listing
) -> None:
    await grown_old(sale)
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE payout_attempts SET stripe_transfer_id = 'tr_none', status = 'accepted'"
        )
    for _ in range(3):
        assert await listing.asked(payouts.pay(sale.stripe, await clock.now())) == (1, 0)
    assert await sale.attempts() == [("accepted", EARNED_MINOR)]


async def test_a_transfer_that_is_listed_late_is_settled_once_it_is(sale: Sale, listing: Listing) -> None:
    await sent_and_not_listed(sale, listing)
    assert await reconcile.settle_arrived(sale.stripe, await clock.now()) == 0
    listing.hidden.clear()
    assert await reconcile.settle_arrived(sale.stripe, await clock.now()) == 1
    assert await sale.posted("payout_clearing") == 0


async def test_a_transfer_that_no_list_shows_is_asked_for_by_its_id_at_night(
    sale: Sale, listing: Listing
) -> None:
    await sent_and_not_listed(sale, listing)

    assert await compared(sale) == {}

    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    assert [await sale.posted(kind) for kind in ("payout_clearing", "cash")] == [0, 0]
    assert listing.transfer_pages == 1 + 1


async def test_an_accepted_transfer_that_went_elsewhere_is_not_settled_by_its_id(
    sale: Sale, listing: Listing
) -> None:
    await sent_and_not_listed(sale, listing)
    async with connections.transaction() as connection:
        await connection.execute("UPDATE payout_attempts SET destination = 'acct_other'")

    assert await compared(sale) == {"transfer differs": "Stripe shows another amount or another destination."}
    assert await sale.attempts() == [("accepted", EARNED_MINOR)]


async def test_an_old_transfer_that_is_reversed_is_booked_and_sent_again(sale: Sale) -> None:
    await grown_old(sale)
    await sale.reverse(600)

    assert await compared(sale) == {}

    assert await sale.attempts() == [("reversed", EARNED_MINOR)]
    assert await sale.posted("pay_funded") == 600
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("reversed", EARNED_MINOR), ("settled", 600)]
    assert await compared(sale) == {}


async def test_a_night_that_failed_is_made_up_for_and_finds_what_happened_in_between(sale: Sale) -> None:
    await grown_old(sale)
    await sale.send_by_hand(SMALL, BY_HAND_MINOR)
    await sale.control("faults", route="GET /v1/balance_transactions", kind="drop_before", times=3)
    night: datetime = at(4, 20, 3)
    with pytest.raises(StripeUnreachableError):
        await payouts.reconcile_due(sale.stripe, await clock.now(), night)
    assert (await sale.nights(), await open_cases()) == (0, {})
    await sale.control("clock", advance_s=9 * DAY_S)
    await sale.top_up(100)

    assert await payouts.reconcile_due(sale.stripe, await clock.now(), night)

    (stranger, _) = [one.id async for one in sale.stripe.all_transfers()]
    assert (await open_cases())["transfer not booked"] == stranger


async def test_a_strangers_transfer_that_was_never_listed_is_a_case_in_the_night_that_sees_the_balance(
    sale: Sale, listing: Listing
) -> None:
    await grown_old(sale)
    await sale.send_by_hand(SMALL, BY_HAND_MINOR)
    (stranger, _) = [one.id async for one in sale.stripe.all_transfers()]
    listing.hidden.add(stranger)
    await sale.control("clock", advance_s=9 * DAY_S)
    await sale.top_up(100)
    await movements.book_movements(sale.stripe, await clock.now())
    assert "transfer not booked" not in await compared(sale)
    listing.hidden.clear()

    found = await compared(sale)

    assert found["transfer not booked"] == "Stripe shows a transfer that we did not book."
    assert (await open_cases())["transfer not booked"] == stranger
