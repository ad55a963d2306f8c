"""Read statements, what may be recovered on them, and the settlement rules of the pair they are between."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Settlement
from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.statements import clauses, rules
from partner_network.statements.rules import DueClawback
from partner_network.statements.standing_queries import PairAccount


class Statement(msgspec.Struct, frozen=True):
    """One closed statement with who signed it off and what became of it; money in minor units."""

    id: UUID
    number: str
    payee_id: UUID
    payer_id: UUID
    payee_name: str
    payer_name: str
    payee_slug: str
    payer_slug: str
    currency: str
    account_id: int
    seq: int
    period: str
    starts_at: datetime
    ends_at: datetime
    opening_minor: int
    closing_minor: int
    minimum_minor: int
    carried_reason: str | None
    ignores_minimum: bool
    totals: dict[str, int]
    content_hash: bytes
    closed_at: datetime
    preparer_id: UUID | None
    prepared_at: datetime | None
    approver_id: UUID | None
    approved_at: datetime | None
    payout_minor: int | None
    attempt_status: str | None
    paid_minor: int = 0

    @property
    def status(self) -> rules.Status:
        """Derive the statement's status from what stands beside it; nothing stores it."""
        if self.paid_minor and self.payout_minor is not None:
            return "paid" if self.paid_minor >= self.payout_minor else "part_paid"
        if self.carried_reason is not None:
            return "carried"
        if self.approver_id is not None:
            return "approved"
        return "draft" if self.preparer_id is None else "issued"


class StatementLine(msgspec.Struct, frozen=True):
    """One line as people read it: what, for which order, under which clause; money in minor units."""

    transfer_id: int
    kind: str
    amount_minor: int
    effective_at: datetime
    earning_period: str | None
    occurred_at: datetime | None
    conversion_id: UUID | None
    order_id: str | None
    order_net_minor: int | None
    program: str | None
    component: str | None
    clause: str | None


STATEMENTS = """
    SELECT s.id, s.number, s.payee_id, s.payer_id, payee.name AS payee_name, payer.name AS payer_name,
        payee.slug AS payee_slug, payer.slug AS payer_slug,
        s.currency, s.account_id, s.seq, s.period, s.starts_at, s.ends_at, s.opening_minor, s.closing_minor,
        s.minimum_minor, s.carried_reason, s.ignores_minimum, s.totals, s.content_hash, s.closed_at,
        p.preparer_id, p.prepared_at, a.approver_id, a.approved_at,
        o.amount_minor AS payout_minor, t.status AS attempt_status, coalesce((
            SELECT sum(y.amount_minor - y.reversed_minor)::bigint FROM payout_attempts y
            WHERE y.payout_id = o.id AND y.stripe_transfer_id IS NOT NULL), 0) AS paid_minor
    FROM statements s
    JOIN brands payee ON payee.id = s.payee_id
    JOIN brands payer ON payer.id = s.payer_id
    LEFT JOIN statement_preparations p ON p.statement_id = s.id
    LEFT JOIN statement_approvals a ON a.statement_id = s.id
    LEFT JOIN payouts o ON o.statement_id = s.id
    LEFT JOIN LATERAL (
        SELECT status FROM payout_attempts y WHERE y.payout_id = o.id
        AND y.status NOT IN ('failed', 'reversed') ORDER BY y.n DESC LIMIT 1) t ON true
"""


def statement_in(row: asyncpg.Record) -> Statement:
    """Return the statement of a row of ``STATEMENTS``."""
    values: dict[str, Any] = dict(row)
    values["totals"] = msgspec.json.decode(row["totals"], type=dict[str, int])
    return Statement(**values)


async def statement_of(connection: Connection, statement_id: UUID) -> Statement:
    """Return one statement; NotFoundError when there is none of that id."""
    row = await connection.fetchrow(STATEMENTS + "WHERE s.id = $1", statement_id)
    if row is None:
        raise NotFoundError("There is no such statement; open it from the list of statements.")
    return statement_in(row)


async def statement_for(connection: Connection, statement_id: UUID, brand_id: UUID | None) -> Statement:
    """Return one statement for a brand that pays it or is paid by it, or for the operator (None).

    Errors: NotFoundError, also for a statement between other brands: nobody learns that it exists.
    """
    statement = await statement_of(connection, statement_id)
    if brand_id is not None and brand_id not in {statement.payee_id, statement.payer_id}:
        raise NotFoundError("There is no such statement; open it from the list of statements.")
    return statement


async def document_key(connection: Connection, statement_id: UUID, kind: str) -> str:
    """Return where a statement's document lies; NotFoundError until it has been rendered."""
    key = await connection.fetchval(
        "SELECT file_key FROM statement_documents WHERE statement_id = $1 AND kind = $2", statement_id, kind
    )
    if key is None:
        raise NotFoundError(
            "This document is made once the statement is approved or carried; "
            "come back in a minute after that."
        )
    return key


async def statements(
    connection: Connection,
    *,
    brand_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 100,
    payer: str = "",
    payee: str = "",
) -> list[Statement]:
    """Return statements, newest first: all for the operator, for a brand those it pays or is paid by.

    `payer` and `payee` are slugs, which no two brands share; empty is any.
    """
    rows = await connection.fetch(
        STATEMENTS
        + """WHERE ($1::uuid IS NULL OR $1 IN (s.payee_id, s.payer_id)) AND ($2::uuid IS NULL OR s.id < $2)
             AND ($4 = '' OR payer.slug = $4) AND ($5 = '' OR payee.slug = $5)
             ORDER BY s.id DESC LIMIT $3""",
        brand_id,
        before,
        limit,
        payer,
        payee,
    )
    return [statement_in(row) for row in rows]


LINES = """
    SELECT l.transfer_id, l.kind, l.amount_minor, t.effective_at, l.earning_period,
        v.occurred_at, v.id AS conversion_id, v.order_id, v.net_minor AS order_net_minor, g.name AS program,
        c.component, coalesce(e.clause, r.clause) AS clause, a.contract_name, a.contract_version
    FROM statement_lines l
    JOIN ledger_transfers t ON t.id = l.transfer_id
    JOIN ledger_entries e ON e.id = t.entry_id
    LEFT JOIN commissions c ON c.id = t.commission_id
    LEFT JOIN current_targets r ON r.commission_id = c.id
    LEFT JOIN conversions v ON v.id = c.conversion_id
    LEFT JOIN partnerships h ON h.id = c.partnership_id
    LEFT JOIN program_names g ON g.id = h.program_id
    LEFT JOIN agreements a ON a.id = c.agreement_id
"""


async def lines_of(connection: Connection, statement_id: UUID) -> list[StatementLine]:
    """Return a statement's lines in the order of their effect."""
    rows = await connection.fetch(
        LINES + "WHERE l.statement_id = $1 ORDER BY t.effective_at, l.transfer_id", statement_id
    )
    # Tax, netting and payment have no agreement of their own: they follow that of the lines they settle.
    signed = next(
        ((row["contract_name"], row["contract_version"]) for row in rows if row["contract_name"]), None
    )
    return [line_in(row, signed) for row in rows]


async def line_of(connection: Connection, statement_id: UUID, transfer_id: int) -> StatementLine | None:
    """Return one line of a statement, None where it has no such line."""
    row = await connection.fetchrow(
        LINES + "WHERE l.statement_id = $1 AND l.transfer_id = $2", statement_id, transfer_id
    )
    return None if row is None else line_in(row, None)


def line_in(row: asyncpg.Record, signed: tuple[str, str] | None) -> StatementLine:
    """Return the line of a row of ``LINES``; those with no contract of their own follow ``signed``."""
    values: dict[str, Any] = dict(row)
    name, version = values.pop("contract_name"), values.pop("contract_version")
    contract = (name, version) if name else signed
    values["clause"] = clauses.clause_of_line(row["kind"], row["clause"], contract)
    return StatementLine(**values)


async def clawbacks_past_contest(
    connection: Connection, account: PairAccount, before: datetime
) -> list[DueClawback]:
    """Return what may be recovered from a payee for a payer now, oldest clawback first."""
    rows = await connection.fetch(
        """SELECT o.transfer_id AS clawback_id, o.due_minor, o.max_share_ppm,
               o.commission_id IS NULL AS is_tax
           FROM ledger_accounts a JOIN ledger_transfers t ON t.debit_account_id = a.id
           JOIN open_clawbacks o ON o.transfer_id = t.id
           WHERE a.kind = 'clawback_due' AND a.holder_id = $1 AND a.counterparty_id = $2 AND a.currency = $3
               AND o.contest_until <= $4 AND o.due_minor > 0
               AND NOT EXISTS (SELECT FROM clawback_contests x WHERE x.clawback_id = o.transfer_id
                   AND NOT EXISTS (SELECT FROM contest_decisions d WHERE d.clawback_id = x.clawback_id))
           ORDER BY o.transfer_id""",
        account.payee_id,
        account.payer_id,
        account.currency,
        before,
    )
    return [DueClawback(**row) for row in rows]


async def later_debits_minor(connection: Connection, *found: Statement) -> dict[UUID, int]:
    """Return by statement what left its account and stands on no statement up to it, in minor units."""
    rows = await connection.fetch(
        """SELECT z.id, (SELECT coalesce(sum(t.amount_minor), 0)::bigint FROM ledger_transfers t
               WHERE t.debit_account_id = z.account_id AND t.phase IN ('posted', 'post') AND NOT EXISTS (
                   SELECT FROM statement_lines l JOIN statements s ON s.id = l.statement_id
                   WHERE l.account_id = z.account_id AND l.transfer_id = t.id AND s.seq <= z.seq)) AS minor
           FROM unnest($1::uuid[], $2::bigint[], $3::int[]) AS z (id, account_id, seq)""",
        [one.id for one in found],
        [one.account_id for one in found],
        [one.seq for one in found],
    )
    return {row["id"]: row["minor"] for row in rows}


async def settlement_of(
    connection: Connection, *, payer_id: UUID, payee_id: UUID, currency: str, at: datetime
) -> Settlement:
    """Return the settlement rules of a pair in a currency: the signed ones valid at ``at``, else the last.

    A charity is paid by the rules of the agreements that give to it.

    Errors: NotFoundError when the two never signed terms in that currency.
    """
    (settlement,) = await settlements_of(connection, [(payer_id, payee_id, currency)], at=at)
    return settlement


async def settlements_of(
    connection: Connection, pairs: Sequence[tuple[UUID, UUID, str]], *, at: datetime | Sequence[datetime]
) -> list[Settlement]:
    """Return `settlement_of` many pairs, each (payer, payee, currency), in their order, each text read once.

    ``at`` is one instant for all, or one for each.
    """
    rows = await connection.fetch(
        """SELECT w.n, t.agreement_id
           FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY
               AS w (payer_id, payee_id, at, n)
           JOIN payees p ON p.advertiser_id = w.payer_id AND p.payee_id = w.payee_id
           JOIN terms t ON t.partnership_id = p.partnership_id AND upper_inf(t.recorded)
           ORDER BY w.n, t.valid @> w.at DESC, lower(t.valid) DESC NULLS LAST""",
        [payer_id for payer_id, _, _ in pairs],
        [payee_id for _, payee_id, _ in pairs],
        [at] * len(pairs) if isinstance(at, datetime) else at,
    )
    signed = list({row["agreement_id"] for row in rows})
    texts = await connection.fetch("SELECT id, terms_toml FROM agreements WHERE id = ANY($1::uuid[])", signed)
    text_of = {row["id"]: row["terms_toml"] for row in texts}
    found: dict[int, Settlement] = {}
    for row in rows:
        settlement = terms_reading.read_terms(text_of[row["agreement_id"]]).settlement
        if settlement.currency == pairs[row["n"] - 1][2]:
            found.setdefault(row["n"], settlement)
    for n, (_, _, currency) in enumerate(pairs, start=1):
        if n not in found:
            raise NotFoundError(
                Sentence(
                    "The two brands have signed no terms in {currency}; sign an agreement first.",
                    currency=currency,
                )
            )
    return [found[n] for n in range(1, len(pairs) + 1)]
