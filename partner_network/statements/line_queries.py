"""Read the postings that the next statement of an account will list, each with what it is called there."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Settlement
from partner_network.database.connections import Connection
from partner_network.statements import rules
from partner_network.statements.rules import Line


async def unstated_lines(connection: Connection, account_id: int, before: datetime) -> list[Line]:
    """Return the postings on an account that take effect before ``before`` and stand on no statement."""
    rows = await connection.fetch(
        """SELECT t.id, t.effective_at, t.commission_id, e.kind AS entry_kind,
               e.key LIKE 'commission:%' AS is_revision, c.period, c.kind = 'bonus' AS is_bonus,
               c.agreement_id, v.occurred_at, v.recorded_at,
               CASE t.credit_account_id WHEN $1 THEN t.amount_minor ELSE -t.amount_minor END AS amount_minor
           FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id
           LEFT JOIN commissions c ON c.id = t.commission_id
           LEFT JOIN conversions v ON v.id = c.conversion_id
           WHERE $1 IN (t.credit_account_id, t.debit_account_id) AND t.effective_at < $2
               AND t.phase = 'posted'
               AND NOT EXISTS (SELECT FROM statement_lines l
                               WHERE l.account_id = $1 AND l.transfer_id = t.id)
           ORDER BY t.id""",
        account_id,
        before,
    )
    settlements = await _settlements(connection, {row["agreement_id"] for row in rows})
    return [
        Line(
            transfer_id=row["id"],
            kind=rules.line_kind(
                row["entry_kind"],
                is_revision=row["is_revision"],
                is_bonus=bool(row["is_bonus"]),
                is_late=_is_late(row, settlements),
            ),
            amount_minor=row["amount_minor"],
            effective_at=row["effective_at"],
            earning_period=row["period"],
            commission_id=row["commission_id"],
        )
        for row in rows
    ]


def _is_late(row: asyncpg.Record, settlements: Mapping[UUID, Settlement]) -> bool:
    if row["occurred_at"] is None:
        return False  # a bonus has no order of its own
    return rules.is_late(settlements[row["agreement_id"]], row["occurred_at"], row["recorded_at"])


async def _settlements(connection: Connection, agreement_ids: set[UUID | None]) -> dict[UUID, Settlement]:
    rows = await connection.fetch(
        "SELECT id, terms_toml FROM agreements WHERE id = ANY($1::uuid[])", list(agreement_ids - {None})
    )
    return {row["id"]: terms_reading.read_terms(row["terms_toml"]).settlement for row in rows}
