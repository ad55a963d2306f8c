"""Read how far the money of a statement has come, and which agreement each of its lines cites."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements.queries import Agreement
from partner_network.database.connections import Connection
from partner_network.statements.queries import Statement


class SentPayout(msgspec.Struct, frozen=True):
    """The payout of a statement and its newest attempt; minor units."""

    amount_minor: int
    funded_at: datetime
    held_reason: str | None
    attempt_status: str | None
    stripe_transfer_id: str | None
    finished_at: datetime | None


class EarlierTerms(msgspec.Struct, frozen=True):
    """The terms file of an earlier agreement, to compare a later one with."""

    id: UUID
    number: str
    terms_toml: str


async def payout_of(connection: Connection, statement_id: UUID) -> SentPayout | None:
    """Return the payout of a statement, None before it is funded."""
    row = await connection.fetchrow(
        """SELECT o.amount_minor, o.reserved_at AS funded_at, o.held_reason, t.status AS attempt_status,
               t.stripe_transfer_id, t.finished_at
           FROM payouts o LEFT JOIN LATERAL (
               SELECT status, stripe_transfer_id, finished_at FROM payout_attempts
               WHERE payout_id = o.id ORDER BY n DESC LIMIT 1) t ON true
           WHERE o.statement_id = $1""",
        statement_id,
    )
    return None if row is None else SentPayout(**row)


async def documents_of(connection: Connection, statement_id: UUID) -> frozenset[str]:
    """Return the kinds of document that a statement has."""
    rows = await connection.fetch(
        "SELECT kind FROM statement_documents WHERE statement_id = $1", statement_id
    )
    return frozenset(row["kind"] for row in rows)


async def signed_off_by(connection: Connection, statement: Statement) -> Mapping[UUID, str]:
    """Return the names of those who prepared and approved a statement."""
    rows = await connection.fetch(
        "SELECT id, name FROM member_names WHERE id = ANY($1::uuid[])",
        [one for one in (statement.preparer_id, statement.approver_id) if one is not None],
    )
    return {row["id"]: row["name"] for row in rows}


async def agreements_cited(connection: Connection, transfer_ids: Sequence[int]) -> Mapping[int, UUID]:
    """Return under which agreement each posting was made, where it is one that whoever asks may read."""
    rows = await connection.fetch(
        """SELECT t.id, c.agreement_id FROM ledger_transfers t JOIN commissions c ON c.id = t.commission_id
           JOIN agreements g ON g.id = c.agreement_id
           WHERE t.id = ANY($1::bigint[])""",
        list(transfer_ids),
    )
    return {row["id"]: row["agreement_id"] for row in rows}


async def newest_agreement(connection: Connection, *, payer_id: UUID, payee_id: UUID) -> UUID | None:
    """Return the newest agreement of two brands whose terms hold or held, None where there is none."""
    return await connection.fetchval(
        """SELECT t.agreement_id FROM terms t JOIN partnerships p ON p.id = t.partnership_id
           WHERE p.advertiser_id = $1 AND p.partner_id = $2 AND upper_inf(t.recorded)
           ORDER BY lower(t.valid) DESC NULLS LAST LIMIT 1""",
        payer_id,
        payee_id,
    )


async def signed_before(connection: Connection, agreement: Agreement) -> EarlierTerms | None:
    """Return the terms that both brands signed last before an agreement of theirs, None for their first."""
    row = await connection.fetchrow(
        """SELECT g.id, g.number, g.terms_toml FROM agreements g
           WHERE g.partnership_id = $1 AND g.id < $2
               AND (SELECT count(DISTINCT s.brand_id) FROM signatures s WHERE s.agreement_id = g.id) = 2
           ORDER BY g.id DESC LIMIT 1""",
        agreement.partnership_id,
        agreement.id,
    )
    return None if row is None else EarlierTerms(**row)
