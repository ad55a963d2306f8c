"""Prove what a close has written, and write some of it again line by line."""

import time

import asyncpg

from bench import alone
from partner_network.database import connections

SINGLY = 4_000
_UNSTATED = """
    SELECT count(*) FROM ledger_transfers t
    JOIN ledger_accounts a ON a.kind = 'pay' AND a.id IN (t.debit_account_id, t.credit_account_id)
    WHERE NOT EXISTS (SELECT FROM statement_lines l WHERE l.account_id = a.id AND l.transfer_id = t.id)
"""
# What the statements of each account come to, beside what the ledger holds there.
_APART = """
    SELECT count(*) FROM statements s
    JOIN ledger_balances b ON b.account_id = s.account_id
    WHERE s.closing_minor <> b.credits_posted_minor - b.debits_posted_minor
        OR s.opening_minor + (SELECT sum(amount_minor) FROM statement_lines WHERE statement_id = s.id)
            <> s.closing_minor
"""
# The same columns, keys and checks, and foreign keys for the rule that lines join in the transaction of their
# close alone, which no single line could keep.
_TWIN = """
CREATE TABLE joined_singly (LIKE statement_lines INCLUDING ALL,
    FOREIGN KEY (transfer_id) REFERENCES ledger_transfers,
    FOREIGN KEY (statement_id, account_id) REFERENCES statements (id, account_id))
"""
_INSERT = "INSERT INTO joined_singly VALUES ($1, $2, $3, $4, $5, $6)"


async def settle(owner_url: str) -> None:
    """Let the planner know what has been written."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    await alone.settle(owner)
    await owner.close()


async def proved_lines(owner_url: str) -> int:
    """Return how many lines there are; RuntimeError where one lacks or a statement says something else."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    if unstated := await owner.fetchval(_UNSTATED):
        raise RuntimeError(f"{unstated:,} postings stand on no statement")
    if apart := await owner.fetchval(_APART):
        raise RuntimeError(f"{apart:,} statements do not come to what the ledger holds")
    lines: int = await owner.fetchval("SELECT count(*) FROM statement_lines")
    await owner.close()
    return lines


async def join_singly(owner_url: str) -> float:
    """Write some of the lines one a transaction, and return how many that makes in a second."""
    await connections.open_pool(owner_url, max_size=1)
    try:
        async with connections.transaction() as connection:
            await connection.execute(_TWIN)
            rows = await connection.fetch(
                "SELECT * FROM statement_lines ORDER BY transfer_id LIMIT $1", SINGLY
            )
        started = time.perf_counter()
        for row in rows:
            async with connections.transaction() as connection:
                await connection.execute(_INSERT, *row.values())
        return len(rows) / (time.perf_counter() - started)
    finally:
        await connections.close_pool()
