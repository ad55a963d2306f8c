"""The journal as a table for other software: a line for each side of each leg, between two sets of balances.

Heads and kinds are the same in every language. Reservations move no money and are left out.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.kernel import spreadsheets
from partner_network.kernel.money import EXPONENT_OF
from partner_network.ledger import queries, trial_balance
from partner_network.ledger.chart import Chart
from partner_network.ledger.invariants import Held
from partner_network.ledger.moments import AsOf, Basis

HEAD = (
    *("number", "entry", "leg", "date", "recorded", "kind", "account_code", "account_name"),
    *("holder", "counterparty", "debit", "credit", "currency", "clause", "reason", "key"),
)
NUMBERS = frozenset({0, 1, 2, 10, 11})
READ_AT_ONCE = 2_000
Cells: TypeAlias = Sequence[str | int]
_INSTANT = timedelta(microseconds=1)

# Numbers count entries as they were recorded, without a gap, whatever part of the journal is asked for.
_NUMBERED = """
    WITH numbered AS (
        SELECT e.*, row_number() OVER (ORDER BY e.recorded_at, e.id) AS number FROM ledger_entries e
        WHERE EXISTS (
            SELECT FROM ledger_transfers t WHERE t.entry_id = e.id AND t.phase IN ('posted', 'post')))
    SELECT e.number, e.id, t.leg, e.effective_at, e.recorded_at, e.kind, e.currency, e.clause, e.reason,
        e.key, t.amount_minor, s.is_debit, a.kind AS account, a.holder_id, a.counterparty_id
    FROM numbered e JOIN ledger_transfers t ON t.entry_id = e.id AND t.phase IN ('posted', 'post')
    CROSS JOIN LATERAL (VALUES (t.debit_account_id, true), (t.credit_account_id, false))
        AS s (account_id, is_debit)
    JOIN ledger_accounts a ON a.id = s.account_id
"""
_DATED: Mapping[Basis, str] = {"recorded": "e.recorded_at", "effective": "e.effective_at"}


class Asked(msgspec.Struct, frozen=True):
    """Which part of the journal: from one instant up to another, by one of the two dates."""

    since: datetime
    until: datetime
    basis: Basis
    zone: ZoneInfo


def decimal_text(minor: int, currency: str) -> str:
    """Return an amount with a point and every digit of its minor unit; credit has its currency's digits."""
    digits = EXPONENT_OF.get(currency.removeprefix("X-")[:3], 0)
    return f"{Decimal(minor).scaleb(-digits):f}"


async def lines(connection: Connection, asked: Asked, chart: Chart) -> AsyncGenerator[str]:
    """Yield the table in parts: its head, the opening balances, every leg, the closing balances.

    To be read in one repeatable-read transaction, so that all of it is of one moment.
    """
    slugs = await _slugs(connection)
    yield spreadsheets.csv_of(HEAD, [], numbers=NUMBERS)
    opening = await queries.held(connection, AsOf(asked.since, asked.basis))
    yield _text(_balances("opening", _day(asked.since, asked.zone), opening, chart, slugs))
    dated = _DATED[asked.basis]
    cursor = connection.cursor(
        f"{_NUMBERED} WHERE {dated} >= $1 AND {dated} < $2 ORDER BY e.number, t.leg, s.is_debit DESC",
        asked.since,
        asked.until,
        prefetch=READ_AT_ONCE,
    )
    part: list[Cells] = []
    async for row in cursor:
        part.append(_side(row, asked.zone, chart, slugs))
        if len(part) == READ_AT_ONCE:
            yield _text(part)
            part = []
    yield _text(part)
    closing = await queries.held(connection, AsOf(asked.until, asked.basis))
    yield _text(_balances("closing", _day(asked.until - _INSTANT, asked.zone), closing, chart, slugs))


async def _slugs(connection: Connection) -> dict[UUID | None, str]:
    slugs: dict[UUID | None, str] = {None: ""}
    slugs.update((row["id"], row["slug"]) for row in await connection.fetch("SELECT id, slug FROM brands"))
    return slugs


def _text(rows: Iterable[Cells]) -> str:
    return spreadsheets.csv_rows(rows, numbers=NUMBERS)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def _balances(
    kind: str, day: str, held: Iterable[Held], chart: Chart, slugs: Mapping[UUID | None, str]
) -> list[Cells]:
    """Return a line for each account that holds something, on the side on which it holds it."""
    rows: list[Cells] = []
    for one in held:
        account = one.account
        line = chart[account.kind]
        sides = trial_balance.sides_of(account.kind, one.minor)
        if not one.minor:
            continue
        debit, credit = (decimal_text(side, account.currency) if side else "" for side in sides)
        rows.append(
            (
                *("", "", "", day, "", kind, line.code, line.name),
                *(slugs[account.holder_id], slugs[account.counterparty_id], debit, credit),
                *(account.currency, "", "", ""),
            )
        )
    return sorted(rows, key=lambda row: (row[12], row[6], row[8], row[9]))


def _side(row: asyncpg.Record, zone: ZoneInfo, chart: Chart, slugs: Mapping[UUID | None, str]) -> Cells:
    line = chart[row["account"]]
    amount = decimal_text(row["amount_minor"], row["currency"])
    debit, credit = (amount, "") if row["is_debit"] else ("", amount)
    recorded = row["recorded_at"].astimezone(UTC).isoformat().replace("+00:00", "Z")
    return (
        *(row["number"], row["id"], row["leg"], _day(row["effective_at"], zone), recorded, row["kind"]),
        *(line.code, line.name, slugs[row["holder_id"]], slugs[row["counterparty_id"]]),
        *(debit, credit, row["currency"], row["clause"] or "", row["reason"] or "", row["key"]),
    )
