"""The ledger for finance: what all accounts hold at a day, and the postings of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.ledger import queries, trial_balance
from partner_network.ledger.invariants import Held
from partner_network.ledger.moments import AsOf
from partner_network.ledger.rules import AccountKind
from partner_network.ledger.trial_balance import Section

PAGE = 100


class Check(msgspec.Struct, frozen=True):
    """What the last nightly look at the ledger found."""

    ended_at: datetime | None
    entries: int | None
    differing: int | None
    differences: Sequence[str]


class Overview(msgspec.Struct, frozen=True):
    """The trial balance, and the last look at what it stands on."""

    sections: Sequence[Section]
    check: Check | None


class AccountRow(msgspec.Struct, frozen=True):
    """What one account holds; minor units."""

    id: int
    kind: AccountKind
    currency: str
    holder: str | None
    counterparty: str | None
    debit_minor: int
    credit_minor: int


class Posting(msgspec.Struct, frozen=True):
    """One leg on an account, seen from it; minor units."""

    id: int
    entry_id: int
    kind: str
    phase: str
    effective_at: datetime
    recorded_at: datetime
    is_debit: bool
    amount_minor: int
    other_kind: AccountKind
    other_id: int
    clause: str | None
    reason: str | None
    key: str


async def overview(as_of: AsOf | None) -> Overview:
    """Return the trial balance, as kept or of a day."""
    async with connections.transaction(eyes="operator", isolation="repeatable_read") as connection:
        row = await connection.fetchrow(
            """SELECT ended_at, entries, differing, differences FROM ledger_checks
               ORDER BY night DESC LIMIT 1"""
        )
        held = await queries.held(connection, as_of)
    check = None if row is None else Check(**row)
    return Overview(trial_balance.sections(held), check)


async def accounts_of(kind: str, currency: str, as_of: AsOf | None) -> Sequence[AccountRow]:
    """Return the accounts of one kind in one currency that hold something, the fullest first."""
    async with connections.transaction(eyes="operator", isolation="repeatable_read") as connection:
        held = await queries.held(connection, as_of)
        wanted = [one for one in held if (one.account.kind, one.account.currency) == (kind, currency)]
        ids = await _ids(connection, kind, currency)
        names = await _names(connection)
    rows = [_row(one, ids, names) for one in wanted if one.minor]
    return sorted(rows, key=lambda row: (-row.debit_minor - row.credit_minor, row.id))


async def _ids(
    connection: Connection, kind: str, currency: str
) -> Mapping[tuple[UUID | None, UUID | None], int]:
    rows = await connection.fetch(
        "SELECT id, holder_id, counterparty_id FROM ledger_accounts WHERE kind = $1 AND currency = $2",
        kind,
        currency,
    )
    return {(row["holder_id"], row["counterparty_id"]): row["id"] for row in rows}


async def _names(connection: Connection) -> Mapping[UUID | None, str]:
    return {row["id"]: row["name"] for row in await connection.fetch("SELECT id, name FROM brands")}


def _row(
    one: Held, ids: Mapping[tuple[UUID | None, UUID | None], int], names: Mapping[UUID | None, str]
) -> AccountRow:
    account = one.account
    return AccountRow(
        ids[account.holder_id, account.counterparty_id],
        account.kind,
        account.currency,
        names.get(account.holder_id),
        names.get(account.counterparty_id),
        *trial_balance.sides_of(account.kind, one.minor),
    )


async def account(account_id: int, before: int | None) -> tuple[AccountRow, Sequence[Posting]]:
    """Return an account as it stands, and a page of its postings, the newest first. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator", isolation="repeatable_read") as connection:
        row = await connection.fetchrow(
            """SELECT a.id, a.kind, a.currency, h.name AS holder, c.name AS counterparty,
                   b.debits_posted_minor - b.credits_posted_minor AS minor
               FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
               LEFT JOIN brands h ON h.id = a.holder_id LEFT JOIN brands c ON c.id = a.counterparty_id
               WHERE a.id = $1""",
            account_id,
        )
        if row is None:
            raise NotFoundError("There is no such account; open it from the trial balance.")
        legs = await connection.fetch(
            """SELECT t.id, t.entry_id, e.kind, t.phase, t.effective_at, e.recorded_at,
                   t.debit_account_id = $1 AS is_debit, t.amount_minor, o.kind AS other_kind,
                   o.id AS other_id, e.clause, e.reason, e.key
               FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id
               JOIN ledger_accounts o ON o.id = CASE t.debit_account_id WHEN $1 THEN t.credit_account_id
                   ELSE t.debit_account_id END
               WHERE $1 IN (t.debit_account_id, t.credit_account_id) AND ($2::bigint IS NULL OR t.id < $2)
               ORDER BY t.id DESC LIMIT $3""",
            account_id,
            before,
            PAGE + 1,
        )
    minor = row["minor"]
    names = (row["id"], row["kind"], row["currency"], row["holder"], row["counterparty"])
    shown = AccountRow(*names, max(minor, 0), max(-minor, 0))
    return shown, [Posting(**leg) for leg in legs]
