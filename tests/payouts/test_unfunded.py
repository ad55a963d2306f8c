"""Statements left unfunded pause the program on the day the contract fixes, and nothing earned is lost."""

from datetime import datetime
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.money import Money
from partner_network.payouts import jobs as payouts
from partner_network.payouts import queries
from partner_network.payouts.actions import fund, unfunded
from partner_network.payouts.queries import Fundable
from partner_network.programs import actions as programs
from tests import builders
from tests.builders import SHOP, SMALL, at, numbered
from tests.payouts.conftest import EARNED_MINOR, Sale

UNTIL_THE_10TH_DAY_ENDS = at(3, 11, 23, 59)
AFTER_IT = at(3, 12, 0, 0)
"""Approved on 1 March; clause 9.1 gives ten days."""
ASKED = 6
"""What waits, what left its accounts later, contracts, terms and their texts, and what is paused."""


async def at_time(now: datetime) -> None:
    await builders.set_clock(now)
    await unfunded.pause_unfunded(now)


async def pauses() -> list[bool]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT ended_at FROM program_pauses ORDER BY began_at, id")
    return [row["ended_at"] is None for row in rows]


async def told(kind: str) -> int:
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT count(*) FROM notifications WHERE kind = $1", kind)


async def approved(sale: Sale) -> None:
    await sale.to_be_paid(charge_it=False)
    async with connections.transaction() as connection:
        await connection.execute("DELETE FROM fundings")


async def pay_in(sale: Sale) -> None:
    now = await clock.now()
    funding_id = await sale.ask_to_pay_in(now)
    assert await fund.charge_funding(sale.stripe, funding_id, now) == "settled"
    await payouts.pay(sale.stripe, now)


async def test_on_the_last_day_nothing_is_paused_and_on_the_next_the_programs_of_that_brand_are(
    sale: Sale,
) -> None:
    await approved(sale)
    await at_time(UNTIL_THE_10TH_DAY_ENDS)
    assert await pauses() == []

    await at_time(AFTER_IT)
    await at_time(at(3, 20))

    assert await pauses() == [True]
    assert await told("program-unfunded") == 2 + 3  # the operator's finance, an owner of each partner
    assert await told("program-must-be-funded") == 1


async def test_what_is_paid_in_lets_the_program_go_on_by_itself_and_all_are_told(sale: Sale) -> None:
    await approved(sale)
    await at_time(AFTER_IT)
    await pay_in(sale)

    await at_time(at(3, 12, 6))
    await at_time(at(3, 20))

    assert await pauses() == [False]
    assert await told("program-funded-again") == 2 + 3 + 1
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def test_a_pause_takes_nothing_earned_away_and_orders_keep_counting(sale: Sale) -> None:
    await approved(sale)
    await at_time(AFTER_IT)

    (click,) = await sale.click(SHOP, SMALL, at(3, 13))
    await builders.set_clock(at(3, 14))
    await sale.order(SHOP, *numbered([("eve", at(3, 13, 13), 10_000, click)], start=7))
    await sale.work()

    assert await sale.posted("pay_pending", sale.brands[SMALL]) == 1_000
    assert await sale.posted("pay", sale.brands[SMALL]) == EARNED_MINOR


async def test_a_paused_program_invites_nobody_until_it_is_paid_for(sale: Sale) -> None:
    await approved(sale)
    await at_time(AFTER_IT)
    async with connections.transaction() as connection:
        program_id = await connection.fetchval("SELECT program_id FROM program_pauses WHERE ended_at IS NULL")

    with pytest.raises(ConflictError, match="paused"):
        await programs.invite_partner(sale.owners[SHOP], program_id, sale.brands[SMALL])


async def test_a_turn_of_the_calendar_asks_as_much_for_two_waiting_statements_as_for_one(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    await approved(sale)
    await builders.set_clock(UNTIL_THE_10TH_DAY_ENDS)
    asked: list[str] = []
    real = asyncpg.Connection.fetch

    async def fetch(connection: Any, query: str, *values: Any, **named: Any) -> Any:
        asked.append(query)
        return await real(connection, query, *values, **named)

    monkeypatch.setattr(asyncpg.Connection, "fetch", fetch)
    await unfunded.pause_unfunded(UNTIL_THE_10TH_DAY_ENDS)
    for_one = len(asked)
    real_fundable = queries.all_fundable

    async def twice(connection: connections.Connection) -> list[Fundable]:
        return [*await real_fundable(connection)] * 2

    monkeypatch.setattr(queries, "all_fundable", twice)
    asked.clear()
    await unfunded.pause_unfunded(UNTIL_THE_10TH_DAY_ENDS)
    assert len(asked) == for_one == ASKED
    assert await pauses() == []


async def test_what_is_due_is_said_in_each_currency_by_itself(sale: Sale) -> None:
    await approved(sale)
    async with connections.transaction() as connection:
        (dollars,) = await queries.all_fundable(connection)
    euros = replace(dollars.statement, currency="EUR", number="E-1")
    late = [dollars, Fundable(euros, 700), Fundable(dollars.statement, 250), Fundable(euros, 1)]

    # 15.00 + 2.50 and 7.00 + 0.01
    assert unfunded.due_by_currency(late) == [
        (dollars.statement.number, Money(1_750, "USD")),
        ("E-1", Money(701, "EUR")),
    ]


async def test_what_was_funded_in_time_pauses_nothing(sale: Sale) -> None:
    await approved(sale)
    await builders.set_clock(at(3, 5))
    await pay_in(sale)
    await at_time(AFTER_IT)
    assert await pauses() == []
