"""What Stripe took back in part: trace, promises and export say to the cent what was sent, and what waits."""

from pathlib import Path
from uuid import UUID

import pytest

from partner_network.dashboards.exporting import writing
from partner_network.dashboards.promises import queries as promises
from partner_network.dashboards.tracing import composing
from partner_network.dashboards.tracing.composing import Trace
from partner_network.dashboards.web import words
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import movements
from partner_network.statements import queries as statements
from tests.builders import SHOP, SMALL, at
from tests.conftest import FreshDatabase
from tests.dashboards.test_exports import differences, forged
from tests.dashboards.test_gifts_traced import as_read_by
from tests.payouts.conftest import EARNED_MINOR, Sale, sale, simulator

__all__ = ["sale", "simulator"]
BACK_MINOR = 600


async def taken_back_in_part(sale: Sale) -> None:
    """Pay 15.00, of which Stripe takes 6.00 back."""
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    await sale.reverse(BACK_MINOR)
    await movements.book_movements(sale.stripe, await clock.now())


async def trace(brand_id: UUID | None) -> Trace:
    async with connections.transaction(eyes=brand_id) as connection:
        return await traced(connection)


async def traced(connection: Connection) -> Trace:
    (one,) = await statements.statements(connection)
    lines = await composing.first_lines(connection, one, after=0, limit=10)
    return await composing.trace_of(connection, one, lines, words.KIND_OF_LINE)


def sent(found: Trace) -> list[tuple[str, int]]:
    (step,) = [one for one in found.sums if one.name == "transfers"]
    assert step.result.minor == EARNED_MINOR
    return [(str(part.words), part.minor) for part in step.parts]


async def stages(brand_id: UUID) -> list[tuple[str, int]]:
    async with connections.transaction(eyes=brand_id) as connection:
        found = await promises.promises_of(connection, brand_id, await clock.now(connection))
    return sorted((one.stage, one.minor) for one in found)


@pytest.mark.parametrize("reader", [SHOP, SMALL])
async def test_a_trace_says_what_came_back_and_that_it_waits_to_be_sent_again(
    sale: Sale, reader: str
) -> None:
    await taken_back_in_part(sale)
    found = await trace(sale.brands[reader])
    assert sent(found) == [
        ("Transfer accepted by Stripe", 1_500),
        ("Taken back by Stripe", -600),
        ("Funded, to be sent again", 600),
    ]
    assert (found.holds, found.is_sent) == (True, False)


@pytest.mark.parametrize("reader", [SHOP, SMALL])
async def test_a_trace_adds_up_once_what_came_back_was_sent_again(sale: Sale, reader: str) -> None:
    await taken_back_in_part(sale)
    await payouts.pay(sale.stripe, await clock.now())
    found = await trace(sale.brands[reader])
    assert sent(found) == [
        ("Transfer accepted by Stripe", 1_500),
        ("Taken back by Stripe", -600),
        ("Transfer accepted by Stripe", 600),
    ]
    assert (found.holds, found.is_sent) == (True, True)


async def test_what_the_ledger_does_not_know_of_a_transfer_is_a_step_that_does_not_add_up(sale: Sale) -> None:
    await taken_back_in_part(sale)
    async with connections.transaction() as connection:
        await connection.execute("UPDATE payout_attempts SET reversed_minor = 601")
    assert not (await trace(sale.brands[SMALL])).holds


@pytest.mark.parametrize("reader", [SHOP, SMALL])
async def test_only_what_came_back_is_promised_again(sale: Sale, reader: str) -> None:
    await taken_back_in_part(sale)
    assert await stages(sale.brands[reader]) == [("funded", 600), ("paid", 900)]
    await payouts.pay(sale.stripe, await clock.now())
    assert await stages(sale.brands[reader]) == [("paid", 600), ("paid", 900)]


async def test_what_came_back_whole_is_promised_whole(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    await sale.reverse(EARNED_MINOR)
    await movements.book_movements(sale.stripe, await clock.now())
    assert await stages(sale.brands[SMALL]) == [("funded", EARNED_MINOR)]


@pytest.mark.parametrize("brand", [SHOP, SMALL])
@pytest.mark.parametrize("is_sent_again", [False, True])
async def test_an_export_proves_what_came_back(
    sale: Sale, tmp_path: Path, brand: str, *, is_sent_again: bool
) -> None:
    await taken_back_in_part(sale)
    if is_sent_again:
        await payouts.pay(sale.stripe, await clock.now())
    await writing.export(brand, tmp_path / brand, at(5, 5), lambda _, __: None)
    assert differences(tmp_path / brand) == []


@pytest.mark.parametrize("brand", [SHOP, SMALL])
async def test_an_export_proves_payouts_to_an_account_that_was_replaced_meanwhile(
    sale: Sale, tmp_path: Path, brand: str
) -> None:
    await taken_back_in_part(sale)
    before = await sale.account_of(SMALL)
    async with connections.transaction() as connection:
        await connection.execute(
            "INSERT INTO former_stripe_accounts (account_id, brand_id, replaced_at) VALUES ($1, $2, $3)",
            before,
            sale.brands[SMALL],
            at(3, 2),
        )
        other = await connection.fetchval(
            "SELECT account_id FROM stripe_accounts WHERE brand_id = $1", sale.brands[SHOP]
        )
        await connection.execute(
            "UPDATE stripe_accounts SET account_id = NULL WHERE brand_id = $1", sale.brands[SHOP]
        )
        await connection.execute(
            "UPDATE stripe_accounts SET account_id = $2 WHERE brand_id = $1", sale.brands[SMALL], other
        )
    await payouts.pay(sale.stripe, await clock.now())
    assert [one[1] for one in await sale.attempts()] == [EARNED_MINOR, BACK_MINOR]
    await writing.export(brand, tmp_path / brand, at(5, 5), lambda _, __: None)
    assert differences(tmp_path / brand) == []

    forged(tmp_path / brand, "former_accounts", lambda rows: rows.pop())
    assert any("the account of its payee is" in one for one in differences(tmp_path / brand))


async def banked(sale: Sale, amount_minor: int) -> None:
    """Let one payout to the bank take all transfers of Needle Drop's account along."""
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO bank_payouts (id, brand_id, account_id, currency, amount_minor, status, arrives_on,
                   made_at, read_at)
               VALUES ('po_1', $1, 'acct_1', 'USD', $2, 'paid', '2026-03-04', $3, $3)""",
            sale.brands[SMALL],
            amount_minor,
            at(3, 3),
        )
        await connection.execute(
            """INSERT INTO bank_payout_transfers
               SELECT 'po_1', id FROM payout_attempts WHERE stripe_transfer_id IS NOT NULL"""
        )


async def test_a_payout_to_the_bank_is_traced_to_the_transfers_that_it_bundles(
    sale: Sale, database: FreshDatabase
) -> None:
    await taken_back_in_part(sale)
    await payouts.pay(sale.stripe, await clock.now())
    await banked(sale, EARNED_MINOR)
    async with as_read_by(database, sale.brands[SMALL]) as connection:
        (one,) = (await traced(connection)).banked
    assert [(str(part.words)[:12], part.minor) for part in one.sum.parts] == [
        ("Transfer for", 1_500),
        ("Transfer for", 600),
        ("Taken back b", -600),
    ]
    assert (one.sum.result.minor, one.sum.holds, one.status) == (1_500, True, "paid")
    async with as_read_by(database, sale.brands[SHOP]) as connection:
        assert (await traced(connection)).banked == [], (
            "what else the payee is paid is not its payer's to read"
        )


async def test_a_payout_to_the_bank_that_is_not_its_transfers_does_not_add_up(sale: Sale) -> None:
    await taken_back_in_part(sale)
    await banked(sale, 899)
    assert not (await trace(sale.brands[SMALL])).holds
