"""A case stays open until its difference was looked for and not found, or until a person closes it."""

from datetime import UTC, datetime

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect, StripeUnreachableError
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import cases, compare, movements
from partner_network.payouts.rules import CaseKind
from tests.builders import SMALL
from tests.payouts.conftest import Sale

NIGHT = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)


async def opened(kind: CaseKind, subject: str) -> None:
    async with connections.transaction() as connection:
        await cases.open_case(connection, kind, subject, "As it was found.", await clock.now(connection))


async def open_cases() -> list[tuple[str, str]]:
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            "SELECT kind, subject FROM cases WHERE closed_at IS NULL ORDER BY kind, subject"
        )
    return [(row["kind"], row["subject"]) for row in rows]


async def a_payment_by_hand_that_comes_back(sale: Sale) -> None:
    """Somebody charges a customer at Stripe past the product, and the bank takes it back."""
    charged = await sale.charge_by_hand(700)
    await sale.control("disputes", payment_intent=charged, verdict="lost")


async def compared(sale: Sale) -> list[str]:
    return [one.kind for one in await compare.compare_with_stripe(sale.stripe, await clock.now())]


async def test_a_case_of_a_balance_stays_open_while_the_balance_cannot_be_compared(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("drop_before", times=3)
    await payouts.pay(sale.stripe, await clock.now())
    await opened("balance differs", "USD")

    await compared(sale)

    assert ("balance differs", "USD") in await open_cases()


async def test_a_case_closes_by_itself_once_its_difference_was_looked_for_and_is_gone(sale: Sale) -> None:
    await opened("balance differs", "USD")
    assert await compared(sale) == []
    assert await open_cases() == []


async def test_the_same_subject_under_another_kind_keeps_no_case_open(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    await sale.send_by_hand(SMALL, 500)
    await compared(sale)
    strange = next(subject for kind, subject in await open_cases() if kind == "transfer not booked")
    await opened("transfer differs", strange)

    await compared(sale)

    assert ("transfer differs", strange) not in await open_cases()
    assert ("transfer not booked", strange) in await open_cases()


async def test_money_that_moved_of_a_payment_that_is_not_ours_is_a_case_until_a_person_closes_it(
    sale: Sale,
) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    await a_payment_by_hand_that_comes_back(sale)
    now = await clock.now()
    await movements.book_movements(sale.stripe, now)
    ((_, subject),) = [one for one in await open_cases() if one[0] == "movement not booked"]

    await compared(sale)
    assert ("movement not booked", subject) in await open_cases()
    async with connections.transaction() as connection:
        case_id = await connection.fetchval("SELECT id FROM cases WHERE subject = $1", subject)
    await cases.close_case(case_id, reason="Of another shop of ours", by=sale.preparer, now=now)
    await compared(sale)

    assert "movement not booked" not in {kind for kind, _ in await open_cases()}


async def test_a_night_in_which_stripe_cannot_be_reached_is_made_up_for_in_the_morning(sale: Sale) -> None:
    now = await clock.now()
    nobody = StripeConnect(
        secret_key="sk_test_sale", api_base="http://127.0.0.1:9", webhook_secret="x", sandbox=True
    )
    try:
        with pytest.raises(StripeUnreachableError):
            await payouts.reconcile_due(nobody, now, NIGHT)
    finally:
        await nobody.close()

    assert await payouts.reconcile_due(sale.stripe, now, NIGHT.replace(hour=8)) is True
    assert await payouts.reconcile_due(sale.stripe, now, NIGHT.replace(hour=9)) is False
