"""Each guard of the money tables is what refuses its write: drop it, and the write passes."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeAlias

import asyncpg
import pytest

from tests.conftest import FreshDatabase
from tests.ledger.guards import (
    of_accounts,
    of_cases,
    of_commissions,
    of_payments,
    of_returns,
    of_statements,
    of_write_offs,
)
from tests.ledger.guards.forbidden import Guard
from tests.ledger.guards.written import PEOPLE, STANDING, WELCOME, Insert, written

TABLES = tuple(WELCOME)
GUARDS = (
    *of_accounts.ACCOUNTS,
    *of_accounts.ENTRIES,
    *of_commissions.COMMISSIONS,
    *of_statements.STATEMENTS,
    *of_payments.PAYMENTS,
    *of_cases.CASES,
    *of_returns.RETURNS,
    *of_write_offs.WRITE_OFFS,
)
CHANGING = {"fundings", "prepaid_returns", "write_offs", "ledger_balances", "cases", "reconciliations"}
"""What is not append-only: it changes its state, or says only that work was done."""
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def owner(books: FreshDatabase) -> AsyncIterator[Owner]:
    connection = await books.connect("owner")
    try:
        async with connection.transaction():
            await connection.execute(PEOPLE)
            for table, row in STANDING:
                await connection.execute(written(table, row))
        yield connection
    finally:
        await connection.close()


async def run(owner: Owner, write: Sequence[Insert | str]) -> None:
    """Write, and let what is looked at when a transaction ends be looked at now."""
    for one in write:
        await owner.execute(one if isinstance(one, str) else one.sql)
    await owner.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def refusal(owner: Owner, write: Sequence[Insert | str]) -> str | None:
    """Return what refuses a write: the constraint's name, or what a trigger says; None where nothing does."""
    try:
        async with owner.transaction():
            await run(owner, write)
            raise Passed  # noqa: TRY301 - nothing that is tried may stay
    except Passed:
        return None
    except asyncpg.IntegrityConstraintViolationError as error:
        return getattr(error, "constraint_name", None) or str(error)


class Passed(Exception):  # noqa: N818 - it is no error: it undoes what passed
    """The write passed."""


async def drop(owner: Owner, name: str) -> None:
    """Drop whatever has this name: a trigger, a constraint with what leans on it, or a unique index."""
    for table in TABLES:
        if await owner.fetchval(
            """SELECT count(*) FROM pg_trigger
               WHERE NOT tgisinternal AND tgname = $1 AND tgrelid = $2::text::regclass""",
            name,
            table,
        ):
            await owner.execute(f"DROP TRIGGER {name} ON {table}")
        await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name} CASCADE")
    await owner.execute(f"DROP INDEX IF EXISTS {name}")


async def verdict(owner: Owner, guard: Guard) -> str | None:
    """Say what is wrong with a guard: another refuses its write, none does, or it is not needed for it."""
    refused = await refusal(owner, guard.write)
    if refused is None or not ((guard.says and guard.says in refused) or refused == guard.name):
        return f"{guard.table}.{guard.name} does not refuse its write; {refused} does"
    tried = owner.transaction()
    await tried.start()
    try:
        for name in (guard.name, *guard.beside):
            await drop(owner, name)
        still = await refusal(owner, guard.write)
    finally:
        await tried.rollback()
    return None if still is None else f"without {guard.table}.{guard.name} its write is refused by {still}"


async def test_a_welcome_row_of_every_table_is_taken(owner: Owner) -> None:
    together = [["ledger_entries", "ledger_transfers"], ["statements"]]
    alone = [
        [table]
        for table in TABLES
        if table not in {"ledger_entries", "ledger_transfers", "ledger_balances", "statement_lines"}
    ]
    for tables in [*together, *alone]:
        assert await refusal(owner, [Insert(table) for table in tables]) is None, tables
    line = [Insert("statements", {"closing_minor": "100"}), Insert("statement_lines")]
    assert await refusal(owner, line) is None


async def test_each_guard_is_what_refuses_its_write_and_nothing_else_does(
    owner: Owner,
) -> None:
    wrong = [said for guard in GUARDS if (said := await verdict(owner, guard)) is not None]
    assert wrong == [], "\n".join(wrong)


async def test_no_guard_of_the_money_tables_is_without_such_a_write(
    owner: Owner,
) -> None:
    rows = await owner.fetch(
        """SELECT conrelid::regclass::text AS at, conname AS name FROM pg_constraint c
           WHERE conrelid::regclass::text = ANY($1::text[]) AND contype IN ('c', 'f', 'p', 'u', 'x')
               AND NOT EXISTS (  -- a key that another key of fewer columns implies only serves to be cited
                   SELECT FROM pg_constraint k WHERE c.contype = 'u' AND k.conrelid = c.conrelid
                       AND k.contype IN ('p', 'u') AND k.oid <> c.oid AND k.conkey <@ c.conkey)
           UNION SELECT tgrelid::regclass::text, tgname FROM pg_trigger
           WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY($1::text[])
           UNION SELECT indrelid::regclass::text, indexrelid::regclass::text FROM pg_index i
           WHERE indisunique AND indrelid::regclass::text = ANY($1::text[])
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)""",
        list(TABLES),
    )
    there = {(row["at"], row["name"]) for row in rows}
    known = {(guard.table, guard.name) for guard in GUARDS}
    emptied = {(table, "never_emptied") for table in TABLES}
    opened = {("ledger_accounts", "open_balance")}
    assert there - known - emptied - opened == set()
    assert known - there == set()


async def test_only_its_own_trigger_keeps_a_money_table_from_being_emptied(
    owner: Owner,
) -> None:
    for table in [one for one in TABLES if one not in CHANGING]:
        own = f"{table} is append-only: TRUNCATE is refused"
        assert str(await refusal(owner, [f"TRUNCATE {table} CASCADE"])).startswith(own)
        await owner.execute(f"DROP TRIGGER never_emptied ON {table}")
        assert not str(await refusal(owner, [f"TRUNCATE {table} CASCADE"])).startswith(own)


async def test_an_account_has_a_balance_because_a_trigger_opens_it(
    owner: Owner,
) -> None:
    counted = "SELECT count(*) FROM ledger_balances WHERE account_id = 9000"
    tried = owner.transaction()
    await tried.start()
    await owner.execute(Insert("ledger_accounts").sql)
    assert await owner.fetchval(counted) == 1
    await tried.rollback()
    await owner.execute("DROP TRIGGER open_balance ON ledger_accounts")
    await owner.execute(Insert("ledger_accounts").sql)
    assert await owner.fetchval(counted) == 0


async def test_no_role_of_the_application_gets_through_either(books: FreshDatabase, owner: Owner) -> None:
    assert owner
    through: list[str] = []
    for role in ("web", "worker", "redirect"):
        connection = await books.connect(role)
        try:
            for guard in GUARDS:
                try:
                    if await refusal(connection, guard.write) is None:
                        through.append(f"{guard.table}.{guard.name} as {role}")
                except (asyncpg.InsufficientPrivilegeError, asyncpg.DataError):
                    continue
        finally:
            await connection.close()
    assert through == []
