"""The proof finds nothing wrong with the network that lived, and every single row that somebody changes."""

import re
from collections.abc import AsyncIterator
from typing import cast

import asyncpg
import pytest

from partner_network.dashboards.verification import books, proof
from partner_network.dashboards.verification.kinds import Kind
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from tests.conftest import Databases, FreshDatabase
from tests.dashboards.conftest import Lived
from tests.dashboards.damages import DAMAGES, WITHOUT_MONEY, Damage


@pytest.fixture
async def owner(databases: Databases, lived: Lived) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The owner of the tables, in a transaction that comes to nothing."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        databases.url(lived.database), server_settings={"timezone": "UTC"}
    )
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def damage(owner: "asyncpg.Connection[asyncpg.Record]", table: str, sql: str) -> None:
    """Do what nobody may do, with the table's guards taken away."""
    await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_made_in_check")
    done = await owner.execute(sql)
    assert done.rpartition(" ")[2] == "1", f"{done}: one row was meant"


async def last_of(owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect | None) -> Kind:
    rows = await books.read_within(cast("Connection", owner))
    return [kind async for kind in proof.compared(rows, stripe, clock.wall_now())][-1]


async def test_everything_that_the_network_did_is_proved_with_a_line_for_each_kind(
    copy: FreshDatabase, stripe: StripeConnect
) -> None:
    kinds = [kind async for kind in proof.verify(stripe)]
    assert [kind.difference for kind in kinds if kind.difference is not None] == []
    counts = {kind.name: kind.count for kind in kinds}
    assert min(counts.values()) >= 3, f"{copy.name} holds too little to prove anything: {counts}"
    commissions = next(kind for kind in kinds if kind.name == "commissions")
    assert commissions.line == "commissions           20 recomputed, all equal to the cent"


@pytest.mark.parametrize("what", DAMAGES, ids=lambda what: f"{what.table}: {what.change[:50]}")
async def test_a_changed_row_is_found_and_named(
    owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect, what: Damage
) -> None:
    await damage(owner, what.table, f"UPDATE {what.table} SET {what.change} WHERE {what.where}")
    last = await last_of(owner, stripe)
    assert last.difference is not None
    assert (last.name, bool(re.search(what.names, last.difference))) == (what.kind, True), last.difference


async def test_a_row_is_changed_in_every_table_that_money_depends_on(
    owner: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    rows = await owner.fetch(
        """SELECT c.relname FROM pg_class c
           WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
    )
    assert {row["relname"] for row in rows} - WITHOUT_MONEY == {what.table for what in DAMAGES}
