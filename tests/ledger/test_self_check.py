"""What a look at the whole ledger finds, set-based, when somebody changed it behind everybody's back."""

from datetime import timedelta

import pytest

from partner_network.database import connections
from partner_network.ledger import events, queries, self_check
from partner_network.ledger.invariants import Held, Sums
from partner_network.ledger.moments import AsOf
from partner_network.ledger.self_check import Look
from tests.conftest import FreshDatabase
from tests.ledger.conftest import fact, happen, post
from tests.ledger.parties import NOON, OTHER_WAY, PAIR, Paper

LATER = NOON + timedelta(days=3)


async def looks(as_of: AsOf | None = None) -> list[Look]:
    async with connections.transaction(isolation="repeatable_read") as connection:
        return [look async for look in self_check.examine(connection, as_of)]


async def wrong(as_of: AsOf | None = None) -> dict[str, list[str]]:
    return {look.name: list(look.wrong) for look in await looks(as_of) if look.wrong}


async def test_a_ledger_as_it_should_be_is_found_so(books: FreshDatabase) -> None:
    assert books.name
    assert [(look.name, look.count) for look in await looks() if not look.wrong] == [
        ("legs", 12),
        ("reservations", 2),
        ("entries", 11),
        ("balances", 11),
        ("invariants", 11),
    ]


async def test_an_empty_ledger_is_as_it_should_be(database: FreshDatabase) -> None:
    assert database.name
    assert [look.count for look in await looks()] == [0, 0, 0, 0, 0]


DAMAGES = [
    (
        (
            "UPDATE ledger_balances SET debits_posted_minor = debits_posted_minor + 1 "
            "WHERE account_id = (SELECT id FROM ledger_accounts WHERE kind = 'cash')"
        ),
        {"balances": "The balance of account 1 (cash in EUR) is not", "invariants": "All posted debits less"},
    ),
    (
        "UPDATE ledger_balances SET may_go_negative = true WHERE account_id = 4",
        {"balances": "The balance of account 4 (pay in EUR)"},
    ),
    (
        "DELETE FROM ledger_balances WHERE account_id = 1",
        {"balances": "The balance of account 1 ", "invariants": "All posted"},
    ),
    (
        "UPDATE ledger_transfers SET amount_minor = amount_minor + 1 WHERE id = 1",
        {"balances": "The balance of"},
    ),
    (
        "UPDATE ledger_transfers SET effective_at = effective_at - interval '1 day' WHERE id = 1",
        {"legs": "Leg 1 of entry 1 is not of its entry"},
    ),
    ("UPDATE ledger_transfers SET currency = 'USD' WHERE id = 2", {"legs": "Leg 2 of entry 2 is not"}),
    ("UPDATE ledger_entries SET currency = 'USD' WHERE id = 3", {"legs": "Leg 3 of entry 3 is not"}),
    (
        "UPDATE ledger_transfers SET amount_minor = 399 WHERE phase = 'post'",
        {"reservations": "Leg 10 does not end leg 9", "balances": "The balance of"},
    ),
    (
        "UPDATE ledger_transfers SET pending_id = 1 WHERE phase = 'post'",
        {"reservations": "Leg 10 does not end leg 1,"},
    ),
    (
        """DELETE FROM ledger_transfers
           WHERE entry_id = (SELECT id FROM ledger_entries WHERE key = 'march hold')""",
        {"entries": "Entry march hold (3) has no legs", "balances": "The balance of"},
    ),
    (
        """DELETE FROM ledger_transfers WHERE leg = 2
           AND entry_id = (SELECT id FROM ledger_entries WHERE key = 'march fund')""",
        {
            "entries": "Entry march fund (7) debits -500 more than it credits in the group: owed",
            "balances": "The balance of",
        },
    ),
]


@pytest.mark.parametrize(("sql", "said"), DAMAGES, ids=[str(n) for n in range(len(DAMAGES))])
async def test_each_damage_is_found_where_it_is(books: FreshDatabase, sql: str, said: dict[str, str]) -> None:
    owner = await books.connect("owner")
    try:
        for table in ("ledger_transfers", "ledger_entries", "ledger_balances"):
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for name, table in await owner.fetch(
            """SELECT conname, conrelid::regclass::text FROM pg_constraint
               WHERE contype IN ('f', 'c') AND conrelid::regclass::text LIKE 'ledger_%'"""
        ):
            await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        await owner.execute(sql)
    finally:
        await owner.close()
    found = await wrong()
    assert found.keys() == said.keys()
    for name, begins in said.items():
        assert any(sentence.startswith(begins) for sentence in found[name])


async def test_what_accounts_held_at_a_date_is_the_sum_of_what_was_known_then(books: FreshDatabase) -> None:
    assert books.name
    before = AsOf(NOON + timedelta(seconds=1))
    async with connections.transaction() as connection:
        then = await queries.held(connection, before)
        now = await queries.held(connection)
    assert {one.account: one.sums for one in then} == {one.account: one.sums for one in now}
    await post(events.accrue(fact("later", at=LATER), OTHER_WAY, 70), at=LATER)
    async with connections.transaction() as connection:
        assert await queries.held(connection, before) == then
        assert len(await queries.held(connection, AsOf(LATER + timedelta(seconds=1)))) == len(then) + 2
    assert await wrong(before) == {}


async def test_the_two_dates_of_an_entry_are_looked_at_apart(brands: FreshDatabase) -> None:
    assert brands.name
    await post(events.accrue(fact("backdated", at=NOON), PAIR, 70), at=LATER)
    between = NOON + timedelta(days=1)
    async with connections.transaction() as connection:
        assert await queries.held(connection, AsOf(between, "recorded")) == []
        assert await queries.held(connection, AsOf(between, "effective")) == [
            Held(PAIR.pay_pending, Sums(0, 70, 0, 0)),
            Held(PAIR.recv, Sums(70, 0, 0, 0)),
        ]


async def test_what_the_database_keeps_is_what_the_legs_come_to_on_paper(brands: FreshDatabase) -> None:
    assert brands.name
    await happen()
    await happen(OTHER_WAY, name="april", shop=OTHER_WAY.advertiser_id)
    paper = Paper([events.accrue(fact("k"), PAIR, 1_000), events.mature(fact("k"), PAIR, 600)])
    async with connections.transaction() as connection:
        held = {one.account: one.minor for one in await queries.held(connection)}
    assert held[PAIR.recv] == paper.minor(PAIR.recv) - 500 == 500
    assert held[PAIR.pay] == paper.minor(PAIR.pay) - 500 == 100
    assert (held[PAIR.pay_pending], held[PAIR.pay_held], held[PAIR.clawback_due]) == (300, 100, 50)
    assert await wrong() == {}
