# ruff: noqa: SLF001 - Piccolo keeps all it knows of a table under this one name
# pyright: reportPrivateUsage=false
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from piccolo.table import Table

import partner_network
from partner_network.database import connections
from tests.conftest import FreshDatabase


def mapped() -> Iterator[type[Table]]:
    """Yield every table that a slice maps for Piccolo."""
    for slice_ in pkgutil.iter_modules(partner_network.__path__):
        if not slice_.ispkg:
            continue
        try:
            module = importlib.import_module(f"partner_network.{slice_.name}.tables")
        except ModuleNotFoundError:
            continue
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Table) and value.__module__ == module.__name__:
                yield value


# Piccolo has no column for these types; the tables' own modules say so.
UNMAPPED = {"terms": {"valid", "recorded"}}
TYPE_OF = {
    "Array": "ARRAY", "BigInt": "bigint", "Boolean": "boolean", "Bytea": "bytea", "Integer": "integer",
    "JSONB": "jsonb", "Numeric": "numeric", "Text": "text", "Timestamptz": "timestamp with time zone",
    "UUID": "uuid", "ForeignKey": "uuid", "Date": "date", "BigSerial": "bigint", "SmallInt": "smallint",
    "Varchar": "text",
}  # fmt: skip


async def test_every_mapped_table_is_in_step_with_the_migrations(database: FreshDatabase) -> None:
    assert database
    tables = list(mapped())
    assert len(tables) >= 14
    for table in tables:
        name = table._meta.tablename
        rows = await connections.pool().fetch(
            """SELECT column_name, is_nullable = 'YES' AS can_be_null, data_type
               FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1""",
            name,
        )
        real = {row["column_name"]: (row["can_be_null"], row["data_type"]) for row in rows}
        seen = {
            column._meta.db_column_name: (column._meta.null, TYPE_OF[type(column).__name__])
            for column in table._meta.columns
        }
        for column in UNMAPPED.get(name, set()):
            real.pop(column)
        assert seen == real, name


@pytest.mark.parametrize("table", list(mapped()), ids=lambda table: table._meta.tablename)
def test_what_only_compares_is_shown_on_no_page(table: type[Table]) -> None:
    secrets = {"password_hash", "key_hash", "token_hash"}

    for column in table._meta.columns:
        assert column._meta.secret == (column._meta.name in secrets), column._meta.name
