"""Transactions are numbered on through a restore: no later one is taken for one that made an old row."""

import asyncpg

_TABLES = """SELECT table_name::text, column_name::text FROM information_schema.columns
    WHERE table_schema = 'public' AND udt_name = 'xid8' ORDER BY 1"""


async def last_used(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Return the greatest number of a transaction that a row remembers; 0 when none does."""
    numbers = [
        await connection.fetchval(f'SELECT max("{column}"::text::bigint) FROM "{table}"')
        for table, column in await connection.fetch(_TABLES)
    ]
    return max((number for number in numbers if number is not None), default=0)


async def is_ahead(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Say whether transactions have numbers that no row remembers yet, as they must."""
    return await _this(connection) > await last_used(connection)


async def count_on(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Let the numbers go on behind all that rows remember; say whether that took anything.

    Only a restore leaves them behind, this product's or one by hand, and nothing else writes then.
    """
    last = await last_used(connection)
    if await _this(connection) > last:
        return False
    await connection.execute(
        f"""CREATE OR REPLACE FUNCTION transactions_before() RETURNS bigint
            LANGUAGE sql STABLE PARALLEL SAFE RETURN {last}::bigint"""
    )
    return True


async def _this(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    return await connection.fetchval("SELECT this_transaction()::text::bigint")
