"""Read where the accounts of pairs stand before they close."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database.connections import Connection


class PairAccount(msgspec.Struct, frozen=True):
    """The `pay` account of one payee with one payer, and what each of the two is called."""

    account_id: int
    payee_id: UUID
    payer_id: UUID
    payee_slug: str
    payer_slug: str
    payee_name: str
    payer_name: str
    currency: str

    @property
    def names(self) -> tuple[UUID, UUID, str]:
        """Payer, payee and currency, by which settlement rules are found."""
        return self.payer_id, self.payee_id, self.currency


class Last(msgspec.Struct, frozen=True):
    """Where the chain of statements of an account stands."""

    seq: int
    closing_minor: int
    ends_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """An account with its last statement, what it holds now, and from when on something is to be stated."""

    account: PairAccount
    last: Last | None
    pay_minor: int
    unstated_at: datetime | None

    @property
    def opening_minor(self) -> int:
        """What the next statement opens with."""
        return 0 if self.last is None else self.last.closing_minor


_STANDINGS = """
    SELECT a.id AS account_id, a.holder_id AS payee_id, a.counterparty_id AS payer_id,
        payee.slug AS payee_slug, payer.slug AS payer_slug, payee.name AS payee_name,
        payer.name AS payer_name, a.currency,
        s.seq, s.closing_minor, s.ends_at, b.credits_posted_minor - b.debits_posted_minor AS pay_minor,
        least(
            (SELECT min(t.effective_at) FROM ledger_transfers t WHERE t.credit_account_id = a.id
                AND t.phase = 'posted' AND t.effective_at >= coalesce(s.ends_at, '-infinity')),
            (SELECT min(t.effective_at) FROM ledger_transfers t WHERE t.debit_account_id = a.id
                AND t.phase = 'posted' AND t.effective_at >= coalesce(s.ends_at, '-infinity'))) AS after
    FROM ledger_accounts a
    JOIN ledger_balances b ON b.account_id = a.id
    JOIN brands payee ON payee.id = a.holder_id
    JOIN brands payer ON payer.id = a.counterparty_id
    LEFT JOIN LATERAL (SELECT seq, closing_minor, ends_at FROM statements
        WHERE payee_id = a.holder_id AND payer_id = a.counterparty_id AND currency = a.currency
        ORDER BY seq DESC LIMIT 1) s ON true
    WHERE a.kind = 'pay' AND ($1::bigint[] IS NULL OR a.id = ANY($1)) ORDER BY a.id
"""


async def standings(connection: Connection, account_ids: Sequence[int] | None = None) -> list[Standing]:
    """Return where these `pay` accounts stand, or all of them, in the order the accounts were opened.

    It looks only behind the last statement of each, so it costs the same however old the accounts are.
    """
    return [_standing(row) for row in await connection.fetch(_STANDINGS, account_ids)]


async def pair_of(connection: Connection, account_id: int) -> list[int]:
    """Return a `pay` account and that of the other direction between the same two brands, if there is one."""
    rows = await connection.fetch(
        """SELECT o.id FROM ledger_accounts a JOIN ledger_accounts o
               ON o.kind = a.kind AND o.currency = a.currency
               AND (o.holder_id, o.counterparty_id) IN
                   ((a.holder_id, a.counterparty_id), (a.counterparty_id, a.holder_id))
           WHERE a.id = $1 AND a.kind = 'pay' ORDER BY o.id""",
        account_id,
    )
    return [row["id"] for row in rows]


def _standing(row: asyncpg.Record) -> Standing:
    account = PairAccount(**{name: row[name] for name in PairAccount.__struct_fields__})
    if row["seq"] is None:
        return Standing(account, None, row["pay_minor"], row["after"])
    last = Last(row["seq"], row["closing_minor"], row["ends_at"])
    # What was dated into a closed period is no more than the balance tells: it is stated in the next one.
    is_open = last.closing_minor != 0 or row["pay_minor"] != last.closing_minor
    return Standing(account, last, row["pay_minor"], row["after"] or (last.ends_at if is_open else None))
