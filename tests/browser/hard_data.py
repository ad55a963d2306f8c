"""Turns a copy of the lived network into one that is hard to show: names, amounts and lengths of lists.

What the rules would refuse is written past them: pages must hold what older or other programs may have left.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

UNBROKEN = "Donaudampfschifffahrtsgesellschaft" * 29 + "Donaudampfschi"
IN_WORDS = ("The Quite Long Named Company of Records " * 25).strip()
OTHERWAY = "חנות התקליטים 24 🎷🎺 متجر الأسطوانات 7"
MANY = 10_000
TIMES = 10**10
NAMES = (
    ("brands", "name"),
    ("brands", "legal_name"),
    ("members", "name"),
    ("programs", "name"),
    ("programs", "offer"),
    ("links", "name"),
    ("creatives", "title"),
    ("api_keys", "name"),
)
_LOOSEN = """DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT DISTINCT conrelid::regclass AS place, conname FROM pg_constraint
               WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f') AND conparentid = 0
                   AND conislocal LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', one.place, one.conname);
    END LOOP;
    FOR one IN SELECT oid::regclass AS place FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', one.place);
    END LOOP;
END $$"""
_COLUMNS = """SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
        AND table_name NOT LIKE 'clicks%' AND table_name NOT LIKE 'pgqueuer%'"""


def done(work: Coroutine[None, None, None]) -> None:
    """Do asynchronous work from a thread of its own: in this one Playwright's event loop runs."""
    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, work).result()


async def loosen(url: str) -> None:
    """Take the rules away that would refuse what follows."""
    connection: Connection = await asyncpg.connect(url)
    await connection.execute(_LOOSEN)
    await connection.close()


async def be_hard(url: str, *, name: str, currency: str, times: int) -> None:
    """Give everybody and everything one name, and multiply all money, in one currency."""
    connection: Connection = await asyncpg.connect(url)
    async with connection.transaction():
        for table, column in NAMES:
            await connection.execute(f"UPDATE {table} SET {column} = $1", name)
        for row in await connection.fetch(
            f"{_COLUMNS} AND column_name LIKE '%\\_minor' AND udt_name = 'int8'"
        ):
            changed = f"{row['column_name']} = {row['column_name']} * {times}"
            await connection.execute(f"UPDATE {row['table_name']} SET {changed}")
        for row in await connection.fetch(f"{_COLUMNS} AND column_name = 'currency'"):
            await connection.execute(f"UPDATE {row['table_name']} SET currency = $1", currency)
        await connection.execute(
            "UPDATE agreements SET terms_toml = regexp_replace(terms_toml, $1, $2, 'g')",
            '"(USD|EUR|JPY|KWD)"',
            f'"{currency}"',
        )
        for row in await connection.fetch(f"{_COLUMNS} AND udt_name = 'jsonb'"):
            column = row["column_name"]
            changed = f"{column} = regexp_replace({column}::text, '\"(USD|EUR|JPY|KWD)\"', $1, 'g')::jsonb"
            await connection.execute(f"UPDATE {row['table_name']} SET {changed}", f'"{currency}"')
    await connection.close()


async def be_many(url: str, statement: str) -> None:
    """Add ten thousand of what lists show: links, lines of one statement, records of the audit trail."""
    connection: Connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute(
            _copies(
                "links",
                "SELECT l AS whole FROM links l LIMIT 1",
                "'name', 'Link ' || n, 'token', 'many' || n",
            )
        )
        await connection.execute(
            _copies(
                "audit_records",
                "SELECT a AS whole FROM audit_records a WHERE brand_id IS NOT NULL ORDER BY id DESC LIMIT 1",
                id_of="1000000 + n",
            )
        )
        of_one = """SELECT {0} AS whole FROM statement_lines l JOIN statements s ON s.id = l.statement_id
                     JOIN ledger_transfers t ON t.id = l.transfer_id
                     JOIN ledger_entries e ON e.id = t.entry_id
                     WHERE s.number = $1 AND l.kind = 'commission' LIMIT 1"""
        for table, alias, changed, id_of in (
            ("ledger_entries", "e", "'key', (one.whole).key || n", "1000000 + n"),
            ("ledger_transfers", "t", "'entry_id', 1000000 + n", "1000000 + n"),
            ("statement_lines", "l", "'transfer_id', 1000000 + n", ""),
        ):
            await connection.execute(_copies(table, of_one.format(alias), changed, id_of=id_of), statement)
    await connection.execute("ANALYZE")
    await connection.close()


def _copies(table: str, one: str, changed: str = "", *, id_of: str = "gen_random_uuid()") -> str:
    new = ", ".join(part for part in (f"'id', {id_of}" if id_of else "", changed) if part)
    return f"""INSERT INTO {table} OVERRIDING SYSTEM VALUE
               SELECT (jsonb_populate_record(one.whole, jsonb_build_object({new}))).*
               FROM ({one}) one, generate_series(1, {MANY}) n"""
