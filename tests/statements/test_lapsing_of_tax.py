"""What a credit note left due of tax when the partnership ends; the figures are of test_credit_notes."""

import pytest

from partner_network.commissions import booking
from partner_network.commissions.booking import Change
from partner_network.database import connections
from partner_network.ledger import actions as ledger
from partner_network.ledger.accounts import Pair
from partner_network.receipts.queries import held
from partner_network.statements.actions import close, lapse
from tests.statements import network
from tests.statements.network import day, fetch
from tests.statements.test_credit_notes import leave_due, open_tax, unproved
from tests.statements.test_last import end


async def reject(stream: network.Stream, minor: int) -> None:
    """Reject the commission that is held, so that nothing is left from which more could come."""
    (row,) = await fetch("SELECT id FROM commissions")
    change = Change(
        row["id"], stream.agreement_id, 2, minor, 0, has_matured=True, clause="attribution", held_minor=minor
    )
    entry, _ = booking.entry_for(change, Pair(stream.partner_id, stream.advertiser_id, "EUR"), day(4, 2))
    async with connections.transaction() as connection:
        await ledger.post(connection, [entry], recorded_at=day(4, 2))


@pytest.fixture
async def ended(streams: list[network.Stream]) -> network.Stream:
    """0.60 of tax are due, 10.00 are held, and no order can earn from the ninth of April on."""
    radio = streams[2]
    await leave_due(radio)
    await end(radio, day(3, 10, 0))
    return radio


async def settled() -> list[tuple[str, int, str | None, int | None]]:
    rows = await fetch(
        """SELECT s.kind, s.amount_minor, e.clause, t.commission_id FROM clawback_settlements s
           JOIN ledger_transfers t ON t.id = s.transfer_id JOIN ledger_entries e ON e.id = t.entry_id
           ORDER BY s.transfer_id"""
    )
    return [tuple(row) for row in rows]


async def test_tax_that_nothing_can_recover_any_more_lapses_once_and_both_brands_read_it(
    ended: network.Stream,
) -> None:
    assert await lapse.let_lapse(day(4, 10)) == 0  # what is held may still be let go and bring it
    await reject(ended, 1_000)
    assert await lapse.let_lapse(day(4, 8)) == 0  # the days of run-off are not over
    assert await open_tax() == ([(60, 60)], 60)
    assert await lapse.let_lapse(day(4, 10)) == 1
    assert await lapse.let_lapse(day(4, 11)) == 0
    assert await settled() == [("forgiven", 60, "lapsed", None)]
    assert await open_tax() == ([(60, 0)], 0)
    async with connections.transaction(eyes=ended.partner_id) as connection:
        (seen,) = await held.taken_back(connection, ended.partner_id)
    assert (seen.due_minor, seen.lapsed_minor, seen.lapsed_at) == (0, 60, day(4, 10))
    assert (await close.close_due(day(5, 1, 1))).left_out == []
    assert await unproved() == []


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("UPDATE clawback_settlements SET amount_minor = 59", "of tax lapsed by 59; due of it was 60"),
        ("UPDATE ledger_entries SET reason = 'A gift' WHERE kind = 'forgive'", "forgive:"),
        ("UPDATE partnerships SET ended_at = ended_at + interval '2 days'", "before the end of partnership"),
    ],
)
async def test_tax_that_lapsed_otherwise_is_found(ended: network.Stream, change: str, names: str) -> None:
    await reject(ended, 1_000)
    await lapse.let_lapse(day(4, 10))
    async with connections.transaction() as connection:
        for table in ("partnerships", "clawback_settlements", "ledger_entries"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await connection.execute("ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_made_in_check")
        await connection.execute(change)
    assert names in "; ".join(await unproved())
