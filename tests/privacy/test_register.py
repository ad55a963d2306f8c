"""Nothing about people is in the database that the one list of it does not name."""

import re
from collections import defaultdict

import pytest

from partner_network.database import connections
from partner_network.privacy.rules import register
from partner_network.privacy.rules.holdings import Holding
from tests.conftest import FreshDatabase

PERSONAL = re.compile(
    r"email|(^|_)name$|address|(^|_)ip($|_)|user_agent|prefix|external_id|phone|birth|country|visitor|payload"
    r"|_by$|^(member|actor|subject|customer|preparer|approver|session)_id$|password|last_used_from"
)
"""What a column is called that may name or describe somebody."""
OF_THINGS = {
    ("agreements", "contract_name"), ("brands", "name"), ("brands", "legal_name"), ("brands", "address"),
    ("brands", "country"), ("migration", "name"), ("migration", "app_name"), ("programs", "name"),
    ("conversions", "payload_hash"), ("refunds", "payload_hash"), ("ledger_entries", "payload_hash"),
    ("pgqueuer", "payload"), ("api_keys", "replaced_by"), ("stripe_accounts", "customer_id"),
    ("fundings", "customer_id"),
    ("erasures", "asked_by"), ("test_facts", "payload_hash"), ("touches", "payload_hash"),
    ("credit_redemptions", "payload_hash"),
}  # fmt: skip
"""Columns called so that are a company's, a thing's or a hash of facts."""

HOLDINGS = list(register.HOLDINGS.values())


async def columns_of_tables() -> dict[str, set[str]]:
    """Every table with its columns; a partition is its table."""
    rows = await connections.pool().fetch(
        """SELECT c.relname AS table_name, a.attname AS column_name
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND c.relnamespace = 'public'::regnamespace"""
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row["table_name"]].add(row["column_name"])
    return found


async def references_to(table: str) -> set[tuple[str, str]]:
    """Every column that points to a row of the table."""
    rows = await connections.pool().fetch(
        """SELECT DISTINCT k.conrelid::regclass::text AS table_name, a.attname AS column_name
           FROM pg_constraint k
           JOIN unnest(k.conkey, k.confkey) AS pair (own, theirs) ON true
           JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.own
           JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.theirs
           WHERE k.contype = 'f' AND k.confrelid = $1::regclass AND b.attname = 'id'
               AND NOT (SELECT relispartition FROM pg_class WHERE oid = k.conrelid)""",
        table,
    )
    return {(row["table_name"], row["column_name"]) for row in rows}


async def test_every_table_stands_in_the_register_once(database: FreshDatabase) -> None:
    assert database.name

    placed = [*register.HOLDINGS, *register.WITHOUT_PEOPLE]

    assert sorted(placed) == sorted(await columns_of_tables())


async def test_every_column_that_may_describe_somebody_is_named(database: FreshDatabase) -> None:
    assert database.name

    unnamed = {
        (table, column)
        for table, columns in (await columns_of_tables()).items()
        for column in columns
        if PERSONAL.search(column)
        and (table not in register.HOLDINGS or column not in register.HOLDINGS[table].columns)
    }

    assert unnamed == OF_THINGS


async def test_the_register_names_no_column_that_is_not_there(database: FreshDatabase) -> None:
    assert database.name
    there = await columns_of_tables()

    for one in HOLDINGS:
        assert {*one.columns, *one.members_columns, *one.shown, one.address} - {None} <= there[one.table]


async def test_whatever_points_to_a_person_is_exported_or_erased_by_it(database: FreshDatabase) -> None:
    assert database.name

    for table, column in await references_to("members"):
        holding = register.HOLDINGS[table]
        is_named_by_another = table == "statement_approvals" and column == "preparer_id"
        assert column in holding.members_columns or is_named_by_another, (table, column)
    for table, column in await references_to("customers"):
        assert column in register.HOLDINGS[table].columns, (table, column)


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda one: one.table)
def test_every_holding_says_what_why_how_long_and_can_be_done(holding: Holding) -> None:
    assert min(len(holding.holds), len(holding.kept)) > 5
    if holding.erasure == "delete":
        assert holding.owner or holding.address or holding.table in {"audit_salts", "customer_keys"}
    if holding.about == "members" and holding.members_columns and holding.table != "erasures":
        assert holding.shown, "what is held about a member is exported"
