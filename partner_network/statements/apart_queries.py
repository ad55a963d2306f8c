"""Read what stood beside a statement at its cut-off: held, disputed, not matured, and what was set off."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.statements.queries import Statement

Where = Literal["pay_held", "pay_disputed", "pay_pending"]
LISTED_MAX = 50


class Between(msgspec.Struct, frozen=True):
    """Between whom, until when by effect, and as known at which instant."""

    payee_id: UUID
    payer_id: UUID
    currency: str
    before: datetime
    known_at: datetime


class Apart(msgspec.Struct, frozen=True):
    """One commission that is owed and not payable, with why and until when; minor units.

    `count` and `all_minor` are of all that lies in the same account, listed or not.
    """

    where: Where
    minor: int
    since: datetime
    reason: str | None
    order_id: str | None
    conversion_id: UUID | None
    due_at: datetime | None
    count: int
    all_minor: int


class Netting(msgspec.Struct, frozen=True):
    """How the two directions of a pair were set off; minor units, of either side before and after."""

    amount_minor: int
    gross_minor: int
    other_gross_minor: int
    other_id: UUID
    other_number: str

    @property
    def remaining_minor(self) -> int:
        """What is left of this direction."""
        return self.gross_minor - self.amount_minor

    @property
    def other_remaining_minor(self) -> int:
        """What is left of the other direction."""
        return self.other_gross_minor - self.amount_minor


def at_cut_off(statement: Statement) -> Between:
    """Return what a statement's lists of held and disputed money are of."""
    return Between(
        statement.payee_id,
        statement.payer_id,
        statement.currency,
        statement.ends_at,
        statement.closed_at,
    )


async def apart_of(connection: Connection, of: Between) -> list[Apart]:
    """Return what was owed and not payable at an instant, of each kind the first that fall due.

    A reason is that of the last entry that set money apart; what has not matured needs none.
    """
    rows = await connection.fetch(
        """WITH places AS MATERIALIZED (
               SELECT id, kind FROM ledger_accounts WHERE holder_id = $1 AND counterparty_id = $2
                   AND currency = $3 AND kind IN ('pay_held', 'pay_disputed', 'pay_pending')
           ), moved AS (
               SELECT a.kind, t.commission_id, t.entry_id, t.effective_at, t.amount_minor AS minor
               FROM places a JOIN ledger_transfers t ON t.credit_account_id = a.id
               WHERE t.phase = 'posted' AND t.effective_at < $4
               UNION ALL
               SELECT a.kind, t.commission_id, t.entry_id, t.effective_at, -t.amount_minor
               FROM places a JOIN ledger_transfers t ON t.debit_account_id = a.id
               WHERE t.phase = 'posted' AND t.effective_at < $4
           ), kept AS (
               SELECT m.kind, m.commission_id, sum(m.minor)::bigint AS minor,
                   max(m.effective_at) FILTER (WHERE m.minor > 0) AS since,
                   (array_agg(e.reason ORDER BY e.id DESC) FILTER (WHERE m.minor > 0))[1] AS reason
               FROM moved m JOIN ledger_entries e ON e.id = m.entry_id
               WHERE e.recorded_at <= $5 GROUP BY 1, 2 HAVING sum(m.minor) <> 0
           ), listed AS (
               SELECT k.kind AS where, k.minor, k.since, k.reason, v.order_id, v.id AS conversion_id,
                   CASE k.kind WHEN 'pay_pending' THEN c.matures_at END AS due_at,
                   count(*) OVER every_one AS count, (sum(k.minor) OVER every_one)::bigint AS all_minor,
                   row_number() OVER (PARTITION BY k.kind ORDER BY c.matures_at, k.commission_id) AS place
               FROM kept k LEFT JOIN commissions c ON c.id = k.commission_id
               LEFT JOIN conversions v ON v.id = c.conversion_id WINDOW every_one AS (PARTITION BY k.kind))
           SELECT * FROM listed WHERE place <= $6 ORDER BY "where", place""",
        of.payee_id,
        of.payer_id,
        of.currency,
        of.before,
        of.known_at,
        LISTED_MAX,
    )
    return [Apart(**{name: row[name] for name in Apart.__struct_fields__}) for row in rows]


def of_kind(apart: Sequence[Apart], where: Where) -> list[Apart]:
    """Return what lies in one account."""
    return [one for one in apart if one.where == where]


async def netting_of(connection: Connection, statement: Statement) -> Netting | None:
    """Return how a statement was set off with the one the other way, None where nothing was.

    Source: MONEY section 6; contracts/cross-promotion, clauses 7.1 and 7.2.
    """
    amount_minor = -statement.totals.get("netted", 0)
    if not amount_minor:
        return None
    other = await connection.fetchrow(
        """SELECT o.id, o.number, o.closing_minor
           FROM statement_lines l JOIN ledger_transfers mine ON mine.id = l.transfer_id
           JOIN ledger_transfers theirs ON theirs.entry_id = mine.entry_id AND theirs.id <> mine.id
           JOIN statement_lines m ON m.transfer_id = theirs.id JOIN statements o ON o.id = m.statement_id
           WHERE l.statement_id = $1 AND l.kind = 'netted' LIMIT 1""",
        statement.id,
    )
    if other is None:
        return None
    return Netting(
        amount_minor=amount_minor,
        gross_minor=statement.closing_minor + amount_minor,
        other_gross_minor=other["closing_minor"] + amount_minor,
        other_id=other["id"],
        other_number=other["number"],
    )
