# ruff: noqa: SLF001 - Piccolo keeps all it knows of a table under this one name
# pyright: reportPrivateUsage=false
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
from piccolo.columns import Column
from piccolo.table import Table

import partner_network
from partner_network.database import connections
from partner_network.piccolo_app import APP_CONFIG, SLICES_WITH_TABLES
from tests.conftest import FreshDatabase

TABLES: list[type[Table]] = APP_CONFIG.table_classes
UDT_OF = {
    "BIGINT": "int8", "BOOLEAN": "bool", "INTEGER": "int4", "SMALLINT": "int2", "TEXT[]": "_text",
    "TIMESTAMPTZ": "timestamptz", "UUID[]": "_uuid",
}  # fmt: skip
NOT_OURS = ("migration", "pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")
"""What Piccolo and the queue keep for themselves."""


class Seen(NamedTuple):
    type: str
    can_be_null: bool


async def in_database(connection: "asyncpg.Pool[asyncpg.Record]") -> dict[str, dict[str, Seen]]:
    """What the migrations made; a partition is its table, a view is no table."""
    rows = await connection.fetch(
        """SELECT c.table_name, c.column_name, c.udt_name, c.is_nullable = 'YES' AS can_be_null
           FROM information_schema.columns c
           JOIN information_schema.tables t USING (table_schema, table_name)
           WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> ALL($1)
               AND NOT EXISTS (SELECT FROM pg_inherits
                               WHERE inhrelid = quote_ident(c.table_name)::regclass)""",
        list(NOT_OURS),
    )
    found: dict[str, dict[str, Seen]] = {}
    for row in rows:
        columns = found.setdefault(row["table_name"], {})
        columns[row["column_name"]] = Seen(row["udt_name"], row["can_be_null"])
    return found


def type_of(column: Column) -> str:
    named = column.column_type
    return UDT_OF.get(named, named.lower())


def as_mapped(table: type[Table]) -> Mapping[str, Seen]:
    return {
        column._meta.db_column_name: Seen(type_of(column), column._meta.null)
        for column in table._meta.columns
    }


async def test_every_table_of_the_database_is_mapped_column_for_column(database: FreshDatabase) -> None:
    assert database.name

    made = await in_database(connections.pool())

    assert {table._meta.tablename: as_mapped(table) for table in TABLES} == made


async def test_a_table_that_nobody_mapped_and_a_column_that_differs_are_found(
    database: FreshDatabase,
) -> None:
    owner = await database.connect("owner")
    await owner.execute("CREATE TABLE stranger (id uuid); ALTER TABLE brands ALTER name DROP NOT NULL")
    await owner.close()

    made = await in_database(connections.pool())

    mapped = {table._meta.tablename: as_mapped(table) for table in TABLES}
    assert made.keys() - mapped.keys() == {"stranger"}
    assert {name for name in mapped if mapped[name] != made[name]} == {"brands"}


async def test_rows_can_be_read_through_every_mapping(database: FreshDatabase) -> None:
    assert database.name
    for table in TABLES:
        assert isinstance(await table.select().limit(1), list)


def test_each_slice_with_tables_is_registered() -> None:
    folder = Path(partner_network.__path__[0])

    assert {path.parent.name for path in folder.glob("*/tables.py")} == set(SLICES_WITH_TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table._meta.tablename)
def test_what_only_compares_is_shown_on_no_page(table: type[Table]) -> None:
    secrets = {
        "password_hash", "key_hash", "token_hash", "csrf_token", "salt", "sealed",
        "sealed_key", "credential_id", "public_key", "code_hash", "challenge", "holder_hash", "pseudonym_key",
    }  # fmt: skip

    for column in table._meta.columns:
        assert column._meta.secret == (column._meta.name in secrets), column._meta.name
