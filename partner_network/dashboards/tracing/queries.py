"""Read the steps between a payout and the lines of its statement, each page of lines by a few questions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from partner_network.commissions import lapsed_queries
from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.statements import queries as statements
from partner_network.statements.queries import StatementLine


class TracedPayout(Struct, frozen=True):
    """A payout of one statement; minor units."""

    id: UUID
    statement_id: UUID
    amount_minor: int
    reserved_at: datetime
    held_reason: str | None
    fund_entry_id: int


class Attempt(Struct, frozen=True):
    """One try to send a payout, with the transfer at Stripe once there is one; minor units."""

    n: int
    status: str
    amount_minor: int
    reversed_minor: int
    destination: str
    stripe_transfer_id: str | None
    finished_at: datetime | None

    @property
    def is_moved(self) -> bool:
        """Tell whether Stripe moved the money, be it that it took some of it back since."""
        return self.stripe_transfer_id is not None

    @property
    def paid_minor(self) -> int:
        """What of it stayed with the payee."""
        return self.amount_minor - self.reversed_minor if self.is_moved else 0


class Before(Struct, frozen=True):
    """The statement whose closing amount another one opens with."""

    id: UUID
    number: str


class Origin(Struct, frozen=True):
    """Which commission, revision, decision and agreement a line comes from."""

    commission_id: int
    component: str
    conversion_id: UUID | None
    agreement_id: UUID
    partner_id: UUID
    rev: int
    target_minor: int
    booked_by_rev: int | None
    """The revision whose entry this line is; None where the commission merely matured or moved."""
    decision_rev: int | None
    root: bytes | None


class Credited(Struct, frozen=True):
    """A touch that the line's conversion is credited to; a click with its link where it was one."""

    touch_id: UUID
    at: datetime
    weight: Fraction
    is_click: bool
    link: str | None


async def payout_for(connection: Connection, payout_id: UUID, brand_id: UUID | None) -> TracedPayout:
    """Return a payout for a brand that pays it or is paid by it, or for the operator (None).

    Errors: NotFoundError, also for a payout between other brands: nobody learns that it exists.
    """
    row = await connection.fetchrow(
        """SELECT id, statement_id, amount_minor, reserved_at, held_reason, fund_entry_id FROM payouts
           WHERE id = $1 AND ($2::uuid IS NULL OR $2 IN (payee_id, payer_id))""",
        payout_id,
        brand_id,
    )
    if row is None:
        raise NotFoundError("There is no such payout for you; open it from its statement.")
    return TracedPayout(**row)


async def payout_on(connection: Connection, statement_id: UUID) -> TracedPayout | None:
    """Return the payout of a statement, None before it is funded."""
    row = await connection.fetchrow(
        """SELECT id, statement_id, amount_minor, reserved_at, held_reason, fund_entry_id FROM payouts
           WHERE statement_id = $1""",
        statement_id,
    )
    return None if row is None else TracedPayout(**row)


async def attempts_of(connection: Connection, payout_id: UUID) -> list[Attempt]:
    """Return every try to send a payout, the first one first."""
    rows = await connection.fetch(
        """SELECT n, status, amount_minor, reversed_minor, destination, stripe_transfer_id, finished_at
           FROM payout_attempts WHERE payout_id = $1 ORDER BY n""",
        payout_id,
    )
    return [Attempt(**row) for row in rows]


async def to_be_sent_minor(connection: Connection, payout: TracedPayout) -> int:
    """Return what the ledger holds of a payout to be sent, in minor units.

    It is what funded it, less what was accepted, and what came back. Source: MONEY section 5.
    """
    return await connection.fetchval(
        """SELECT coalesce(sum(CASE a.id WHEN l.credit_account_id THEN l.amount_minor
                               ELSE -l.amount_minor END), 0)::bigint
           FROM payouts o JOIN ledger_accounts a ON a.kind = 'pay_funded' AND a.holder_id = o.payee_id
               AND a.counterparty_id = o.payer_id AND a.currency = o.currency
           JOIN ledger_transfers l ON a.id IN (l.debit_account_id, l.credit_account_id)
           WHERE o.id = $1 AND (l.entry_id = o.fund_entry_id
               OR l.phase = 'post' AND l.pending_id IN (
                   SELECT t.pending_transfer_id FROM payout_attempts t WHERE t.payout_id = o.id)
               OR l.entry_id IN (SELECT m.entry_id FROM stripe_movements m
                   JOIN payout_attempts t ON t.id = m.attempt_id WHERE t.payout_id = o.id))""",
        payout.id,
    )


async def statement_before(connection: Connection, statement_id: UUID) -> Before | None:
    """Return the statement before one on the same account, None for the first."""
    row = await connection.fetchrow(
        """SELECT b.id, b.number FROM statements s
           JOIN statements b ON b.account_id = s.account_id AND b.seq = s.seq - 1 WHERE s.id = $1""",
        statement_id,
    )
    return None if row is None else Before(**row)


async def taken_minor(connection: Connection, payout: TracedPayout) -> Mapping[str, int]:
    """Return by kind of entry what left the account after the statement was closed and before its payout.

    Units: minor units. Source: MONEY section 6, the debits of `fundable`.
    """
    rows = await connection.fetch(
        """SELECT e.kind, sum(t.amount_minor)::bigint AS minor
           FROM statements s JOIN ledger_transfers t ON t.debit_account_id = s.account_id
           JOIN ledger_entries e ON e.id = t.entry_id
           WHERE s.id = $1 AND t.phase IN ('posted', 'post') AND t.entry_id < $2 AND NOT EXISTS (
               SELECT FROM statement_lines l JOIN statements o ON o.id = l.statement_id
               WHERE l.account_id = s.account_id AND l.transfer_id = t.id AND o.seq <= s.seq)
           GROUP BY e.kind ORDER BY e.kind""",
        payout.statement_id,
        payout.fund_entry_id,
    )
    return {row["kind"]: row["minor"] for row in rows}


async def lines_minor(connection: Connection, statement_id: UUID) -> Mapping[str, int]:
    """Return the sums of a statement's lines by kind, added up anew, in minor units."""
    rows = await connection.fetch(
        """SELECT kind, sum(amount_minor)::bigint AS minor FROM statement_lines
           WHERE statement_id = $1 GROUP BY kind""",
        statement_id,
    )
    return {row["kind"]: row["minor"] for row in rows}


async def lines_after(
    connection: Connection,
    statement_id: UUID,
    after: int,
    limit: int,
    signed: tuple[str, str] | None,
) -> list[StatementLine]:
    """Return lines of a statement in the order in which they were booked."""
    rows = await connection.fetch(
        statements.LINES + "WHERE l.statement_id = $1 AND l.transfer_id > $2 ORDER BY l.transfer_id LIMIT $3",
        statement_id,
        after,
        limit,
    )
    return [statements.line_in(row, signed) for row in rows]


async def line_of(
    connection: Connection, statement_id: UUID, transfer_id: int, signed: tuple[str, str] | None
) -> StatementLine:
    """Return one line of a statement. Errors: NotFoundError."""
    row = await connection.fetchrow(
        statements.LINES + "WHERE l.statement_id = $1 AND l.transfer_id = $2", statement_id, transfer_id
    )
    if row is None:
        raise NotFoundError("There is no such line on this statement; open it from the statement.")
    return statements.line_in(row, signed)


async def origins_of(connection: Connection, transfer_ids: Sequence[int]) -> Mapping[int, Origin]:
    """Return where lines come from; those of no single commission are left out."""
    rows = await connection.fetch(
        """SELECT t.id, c.id AS commission_id, c.component, c.conversion_id, c.agreement_id, c.partner_id,
               n.rev, n.target_minor, b.rev AS booked_by_rev, d.rev AS decision_rev, r.root
           FROM ledger_transfers t JOIN commissions c ON c.id = t.commission_id
           JOIN LATERAL (SELECT rev, target_minor FROM commission_revisions v WHERE v.commission_id = c.id
                         ORDER BY v.rev DESC LIMIT 1) n ON true
           LEFT JOIN commission_revisions b ON b.commission_id = c.id AND b.entry_id = t.entry_id
           LEFT JOIN LATERAL (SELECT max(x.rev) AS rev FROM decisions x
                              WHERE x.conversion_id = c.conversion_id) d ON true
           LEFT JOIN receipts r ON r.conversion_id = c.conversion_id AND r.rev = d.rev
           WHERE t.id = ANY($1::bigint[])""",
        list(transfer_ids),
    )
    return {row["id"]: Origin(*list(row)[1:]) for row in rows}


async def credited_of(connection: Connection, origins: Sequence[Origin]) -> Mapping[int, Sequence[Credited]]:
    """Return by commission the touches of its own partner that its conversion is credited to."""
    rows = await connection.fetch(
        """SELECT w.commission_id, k.touch_id, k.touched_at, k.weight_numerator::text AS numerator,
               k.weight_denominator::text AS denominator, x.click_id IS NOT NULL AS is_click, l.name AS link
           FROM unnest($1::bigint[], $2::uuid[], $3::int[]) AS w (commission_id, conversion_id, rev)
           JOIN commissions c ON c.id = w.commission_id
           JOIN credits k ON k.conversion_id = w.conversion_id AND k.rev = w.rev
               AND k.partnership_id = c.partnership_id
           LEFT JOIN clicks x ON x.click_id = k.touch_id LEFT JOIN links l ON l.id = x.link_id
           ORDER BY k.touched_at, k.touch_id""",
        [one.commission_id for one in origins if one.decision_rev is not None],
        [one.conversion_id for one in origins if one.decision_rev is not None],
        [one.decision_rev for one in origins if one.decision_rev is not None],
    )
    found: defaultdict[int, list[Credited]] = defaultdict(list)
    for row in rows:
        weight = Fraction(int(row["numerator"]), int(row["denominator"]))
        found[row["commission_id"]].append(
            Credited(row["touch_id"], row["touched_at"], weight, row["is_click"], row["link"])
        )
    return found


async def forgiven_minor(connection: Connection, commission_id: int) -> int:
    """Return what was to be taken back of a commission and was given up, in minor units.

    What the commission earned again since is not in it.
    """
    return (await lapsed_queries.lapsed_minor(connection, [commission_id])).get(commission_id, 0)
