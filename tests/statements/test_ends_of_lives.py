"""Lives drawn by lot that end: the last statements are paid whatever they come to, and nothing stays due."""

import random
from datetime import datetime

import pytest

from partner_network.commissions.actions import mature
from partner_network.database import connections
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.statements import standing_queries
from partner_network.statements.actions import close, lapse
from tests.statements import network
from tests.statements.network import day, fetch, statements
from tests.statements.test_credit_notes import unproved
from tests.statements.test_last import end

_MINIMUM = network.SETTLEMENT.minimum_payout_minor


async def record_clawbacks() -> None:
    """Record what revisions took back as accruing would: ten days to contest, half of a statement."""
    await fetch(
        """INSERT INTO clawbacks
               (transfer_id, commission_id, amount_minor, contest_until, max_share_ppm, clause)
           SELECT t.id, t.commission_id, t.amount_minor, e.recorded_at + interval '240 hours', 500_000,
               'settlement.clawback'
           FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id
           JOIN ledger_accounts a ON a.id = t.debit_account_id AND a.kind = 'clawback_due'
           WHERE t.commission_id IS NOT NULL AND e.kind = 'clawback'
               AND NOT EXISTS (SELECT FROM clawbacks k WHERE k.transfer_id = t.id) RETURNING 1"""
    )


async def pay_everything(now: datetime) -> None:
    """Pay what is payable, so that what the last statements bring stands alone."""
    async with connections.transaction() as connection:
        for one in await standing_queries.standings(connection):
            if one.pay_minor:
                account = one.account
                pair = Pair(account.payee_id, account.payer_id, account.currency)
                paid_in, funded = (Fact(f"{what}:{account.account_id}", now) for what in ("in", "fund"))
                entries = [
                    events.receive(paid_in, account.payer_id, account.currency, one.pay_minor),
                    events.fund(funded, pair, one.pay_minor),
                ]
                await ledger.post(connection, entries, recorded_at=now)


async def held(kind: str) -> int:
    rows = await fetch(
        """SELECT coalesce(sum(abs(b.debits_posted_minor - b.credits_posted_minor)), 0)::bigint AS minor
           FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id WHERE a.kind = $1""",
        kind,
    )
    return rows[0]["minor"]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_whatever_was_lived_the_last_statements_are_paid_and_nothing_is_due_for_ever_after(
    streams: list[network.Stream], seed: int
) -> None:
    lot = random.Random(seed)  # noqa: S311 -- the same life for the same seed
    async for now in network.live(streams, seed, (1, 2, 3)):
        await record_clawbacks()
        assert not (await close.close_due(now)).left_out
    await pay_everything(day(4, 1, 2))
    for stream in streams:
        await network.earn(stream, lot.randint(1, 900), day(3, 31, 20), day(4, 2, 9))
        await end(stream, day(4, 1, 0))  # the thirty days of run-off are over when April is
    for month in (5, 6, 7):
        now = day(month, 1, 1)
        await mature.mature_due(now)
        assert not (await close.close_due(now)).left_out
        await lapse.let_lapse(now)
        assert await held("clawback_due") == await held("clawback_owed")
    newest = {one["account_id"]: one for one in await statements()}
    assert all(one["closing_minor"] == 0 or one["carried_reason"] is None for one in newest.values())
    assert all(one["ignores_minimum"] == (0 < one["closing_minor"] < _MINIMUM) for one in newest.values())
    assert (await held("pay_pending"), await held("clawback_due"), await held("clawback_owed")) == (0, 0, 0)
    assert await lapse.let_lapse(day(9, 1)) == 0
    assert await unproved() == []
