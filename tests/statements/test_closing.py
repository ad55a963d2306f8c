"""Statements chain and come to what the ledger holds, whoever closes, how often and in which order."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from partner_network.commissions import booking
from partner_network.commissions.actions import mature
from partner_network.database import connections
from partner_network.ledger import actions as ledger
from partner_network.ledger import queries as ledger_queries
from partner_network.ledger.accounts import Pair
from partner_network.statements import rules
from partner_network.statements.actions import close
from partner_network.statements.rules import Content, Line
from tests.conftest import Databases
from tests.statements import network
from tests.statements.network import SETTLEMENT, day, fetch, statements

SEEDS = [1, 2, 3]
WORKERS = 16
Said = list[tuple[Any, ...]]


async def said() -> Said:
    """What the statements say, but for the numbers of transfers, which depend on when they were made."""
    rows = await fetch(
        """SELECT s.number, s.seq, s.opening_minor, s.closing_minor, s.carried_reason, s.totals::text,
               array(SELECT (l.kind, l.amount_minor, l.earning_period, t.effective_at)::text
                     FROM statement_lines l JOIN ledger_transfers t ON t.id = l.transfer_id
                     WHERE l.statement_id = s.id ORDER BY 1) AS lines
           FROM statements s ORDER BY s.number"""
    )
    return [tuple(row.values()) for row in rows]


async def lines_by_rule(statement: asyncpg.Record) -> tuple[Line, ...]:
    """The lines of a statement, each drawn up by the rules for one line, without the close's own reading."""
    rows = await fetch(
        """SELECT t.id, t.effective_at, t.commission_id, e.kind, e.key, c.period, c.kind AS earned_as,
               v.occurred_at, v.recorded_at,
               CASE t.credit_account_id WHEN $2 THEN t.amount_minor ELSE -t.amount_minor END AS minor
           FROM statement_lines l JOIN ledger_transfers t ON t.id = l.transfer_id
           JOIN ledger_entries e ON e.id = t.entry_id
           LEFT JOIN commissions c ON c.id = t.commission_id
           LEFT JOIN conversions v ON v.id = c.conversion_id
           WHERE l.statement_id = $1 ORDER BY t.id""",
        statement["id"],
        statement["account_id"],
    )
    return tuple(
        Line(
            transfer_id=row["id"],
            kind=rules.line_kind(
                row["kind"],
                is_revision=row["key"].startswith("commission:"),
                is_bonus=row["earned_as"] == "bonus",
                is_late=row["occurred_at"] is not None
                and rules.is_late(SETTLEMENT, row["occurred_at"], row["recorded_at"]),
            ),
            amount_minor=row["minor"],
            effective_at=row["effective_at"],
            earning_period=row["period"],
            commission_id=row["commission_id"],
        )
        for row in rows
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_is_lived_statements_chain_and_state_every_posting_once_as_the_rules_draw_it_up(
    streams: list[network.Stream], seed: int
) -> None:
    async for now in network.live(streams, seed):
        assert not (await close.close_due(now)).left_out
    made = await statements()
    assert len(made) >= len(network.PAIRS) * 3
    kinds = {row["kind"] for row in await fetch("SELECT DISTINCT kind FROM statement_lines")}
    assert {"earned", "late", "bonus", "tax", "netted"} <= kinds
    await must_chain(made)
    await must_state_once()
    for one in made:
        await must_be_drawn_up_by_the_rules(one)


async def must_chain(made: Sequence[asyncpg.Record]) -> None:
    """Each opens with what the one before closed with, and closes with what the ledger holds."""
    closing: dict[int, int] = {}
    for one in made:
        assert one["opening_minor"] == closing.get(one["account_id"], 0)
        async with connections.transaction() as connection:
            held = await ledger_queries.balance_before(connection, one["account_id"], one["ends_at"])
        # what later closes date into the last instant of their period is not yet there at this one's end
        assert one["closing_minor"] == held
        closing[one["account_id"]] = one["closing_minor"]
    payable = await fetch("SELECT id FROM ledger_accounts WHERE kind = 'pay'")
    assert set(closing) == {row["id"] for row in payable}


async def must_be_drawn_up_by_the_rules(one: asyncpg.Record) -> None:
    """Its fingerprint is that of the lines as the rules for one line draw them up."""
    content = Content(
        number=one["number"],
        payee_id=one["payee_id"],
        payer_id=one["payer_id"],
        currency=one["currency"],
        period=one["period"],
        opening_minor=one["opening_minor"],
        closing_minor=one["closing_minor"],
        lines=await lines_by_rule(one),
    )
    assert one["content_hash"] == rules.content_hash(content)
    listed = await fetch(
        """SELECT transfer_id, kind, amount_minor, earning_period FROM statement_lines
           WHERE statement_id = $1 ORDER BY transfer_id""",
        one["id"],
    )
    assert [tuple(row.values()) for row in listed] == [
        (line.transfer_id, line.kind, line.amount_minor, line.earning_period) for line in content.lines
    ]


async def must_state_once() -> None:
    """Every posting before its account's last cut-off stands on one statement, and none after it does."""
    wrong = await fetch(
        """SELECT t.id FROM ledger_transfers t
           JOIN ledger_accounts a ON a.kind = 'pay' AND a.id IN (t.credit_account_id, t.debit_account_id)
           LEFT JOIN statement_lines l ON l.transfer_id = t.id AND l.account_id = a.id
           GROUP BY a.id, t.id, t.effective_at
           HAVING count(l) <> (t.effective_at < (SELECT max(ends_at) FROM statements
                                                  WHERE account_id = a.id))::int"""
    )
    assert wrong == []


async def test_closing_month_by_month_at_once_or_by_many_workers_says_the_same(
    databases: Databases, template: str
) -> None:
    found: list[Said] = []
    for how in ("monthly", "at once", "many", "twice"):
        async with network.fresh(databases, template):
            made = await network.found()
            async for now in network.live(made, seed=4):
                if how in {"monthly", "twice"}:
                    await close.close_due(now)
                if how == "twice":
                    assert (await close.close_due(now)).statements == []
            workers = WORKERS if how == "many" else 1
            closed = await asyncio.gather(*(close.close_due(day(5, 1, 1)) for _ in range(workers)))
            assert not any(one.left_out for one in closed)
            found.append(await said())
    assert found[0]
    assert found == [found[0]] * 4


async def test_sixteen_workers_that_mature_and_close_at_once_book_everything_once(
    streams: list[network.Stream],
) -> None:
    for stream in streams:
        for minor in range(1, 41):
            await network.earn(stream, minor, day(1, 10), day(1, 10))
    now = day(3, 1, 1)

    async def work() -> tuple[int, int]:
        matured = await mature.mature_due(now)
        closed = await close.close_due(now)
        assert not [*matured.left_out, *closed.left_out]
        return matured.commissions, len(closed.statements)

    done = await asyncio.gather(*(work() for _ in range(WORKERS)))
    assert sum(matured for matured, _ in done) == 3 * 40
    assert sum(closed for _, closed in done) == 3
    # 1 + 2 + ... + 40 each: the reciprocal pair sets all of it off, Night Radio charges tax of 155.80
    totals = await fetch("SELECT closing_minor, totals::text FROM statements ORDER BY number")
    assert sorted((row["closing_minor"], row["totals"]) for row in totals) == [
        (0, '{"earned": 820, "netted": -820}'),
        (0, '{"earned": 820, "netted": -820}'),
        (976, '{"tax": 156, "earned": 820}'),
    ]


async def leave_waiting(stream: network.Stream) -> None:
    await fetch(
        """INSERT INTO unaccrued_conversions SELECT partnership_id, conversion_id FROM commissions
           WHERE partnership_id = $1 RETURNING 1""",
        stream.id,
    )


async def test_a_stream_whose_facts_nobody_computed_is_left_out_and_all_others_mature(
    streams: list[network.Stream],
) -> None:
    mutual, _, radio = streams
    for stream in (mutual, radio):
        await network.earn(stream, 500, day(1, 10), day(1, 10))
    await leave_waiting(radio)
    matured = await mature.mature_due(day(3, 1, 1))
    assert matured.commissions == 1
    (left_out,) = matured.left_out
    assert left_out.name == "night-radio for tune-house"
    assert left_out.reason == "Facts of this partnership are not accrued yet; mature it again after that."
    await fetch("DELETE FROM unaccrued_conversions RETURNING 1")
    assert await mature.mature_due(day(3, 1, 1)) == mature.Matured(1, ())


async def test_a_pair_whose_facts_nobody_computed_is_left_out_and_all_others_close(
    streams: list[network.Stream],
) -> None:
    mutual, _, radio = streams
    for stream in (mutual, radio):
        await network.earn(stream, 500, day(1, 10), day(1, 10))
    now = day(3, 1, 1)
    await mature.mature_due(now)
    await leave_waiting(radio)
    (left_out,) = (await close.close_due(now)).left_out
    assert left_out.name == "night-radio and tune-house, EUR"
    assert left_out.reason == "1 orders of 2026-02 are not accrued and matured yet; close again after that."
    assert [row["number"] for row in await statements()] == ["TUNE-HOUSE-VINYL-WEEKLY-2026-02-EUR"]
    await fetch("DELETE FROM unaccrued_conversions RETURNING 1")
    closed = await close.close_due(now)
    assert (len(closed.statements), closed.left_out) == (1, [])


async def test_money_that_the_ledger_refuses_to_move_leaves_its_stream_out_alone(
    streams: list[network.Stream],
) -> None:
    mutual, _, radio = streams
    ids = [await network.earn(stream, 500, day(1, 10), day(1, 10)) for stream in (mutual, radio)]
    async with connections.transaction() as connection:
        # somebody booked the move of Night Radio's commission already, with other content
        account = Pair(radio.partner_id, radio.advertiser_id, "EUR")
        (other,) = booking.maturity_entries([(ids[1], 499, day(2, 1), "another clause")], account)
        await ledger.post(connection, [other], recorded_at=day(2, 1))
    matured = await mature.mature_due(day(3, 1, 1))
    assert (matured.commissions, [one.name for one in matured.left_out]) == (
        1,
        ["night-radio for tune-house"],
    )
    assert "with other content" in matured.left_out[0].reason
