"""Seal a statement: its chain, its lines, and the fingerprint of everything that it says."""

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.commissions.actions.accrue import stream_lock
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.periods import Period
from partner_network.statements import carrying, ending_queries, line_queries, rules
from partner_network.statements.actions import lines as lines_of
from partner_network.statements.actions.settle import Side
from partner_network.statements.line_queries import Reading
from partner_network.statements.rules import Content


class _Sealed(msgspec.Struct, frozen=True):
    """What a statement says but for its lines, and the fingerprint that is over them too."""

    statement_id: UUID
    content: Content
    content_hash: bytes
    closed_at: datetime


async def seal(connection: Connection, side: Side, period: Period, now: datetime) -> UUID | None:
    """Freeze what the period says about one account; None when it says nothing and nothing is open."""
    totals, opening = side.totals, side.standing.opening_minor
    if totals.count == 0 and opening == 0:
        return None
    account, closing = side.account, opening + totals.minor
    content = Content(
        number=f"{account.payer_slug}-{account.payee_slug}-{period.label}-{account.currency}".upper(),
        payee_id=account.payee_id,
        payer_id=account.payer_id,
        currency=account.currency,
        period=period.label,
        opening_minor=opening,
        closing_minor=closing,
        ignores_minimum=await _ignores_minimum(connection, side, closing, period),
        lines=(),
    )
    hashed, content_hash = await _hashed(connection, content, side.lines)
    sealed = _Sealed(ids.new_id(now), content, content_hash, now)
    await _insert(connection, side, period, sealed)
    inserted = await lines_of.insert_lines(connection, sealed.statement_id, side.lines)
    # Postings only ever join, so as many as were added up and hashed are the very same ones.
    if not totals.count == hashed == inserted:
        raise ConflictError("Something was posted while the statement was sealed; close again.")
    return sealed.statement_id


async def _ignores_minimum(connection: Connection, side: Side, closing_minor: int, period: Period) -> bool:
    minimum_minor = side.settlement.minimum_payout_minor
    if not carrying.is_below(closing_minor=closing_minor, minimum_minor=minimum_minor):
        return False
    if not await ending_queries.is_over(connection, side.account, period.ends_at):
        return False
    # An order that is computed anew meanwhile would bring more; who takes both locks takes the pair's first.
    streams = await ending_queries.partnerships_of(connection, side.account.names)
    await connections.lock_all(connection, *(stream_lock(one) for one in streams))
    return await ending_queries.is_last(connection, side.account, period.ends_at)


async def _hashed(connection: Connection, content: Content, of: Reading) -> tuple[int, bytes]:
    """Return how many lines there are, and `rules.content_hash` of the content with them."""
    count, said = 0, hashlib.sha256(rules.said_before_lines(content))
    async for some, text in line_queries.said(connection, of):
        count += some
        said.update(text)
    said.update(rules.SAID_AFTER_LINES)
    return count, said.digest()


async def _insert(connection: Connection, side: Side, period: Period, sealed: _Sealed) -> None:
    content = sealed.content
    minimum = side.settlement.minimum_payout_minor
    await connection.execute(
        """INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, previous_seq,
               period, starts_at, ends_at, opening_minor, closing_minor, minimum_minor, carried_reason,
               ignores_minimum, totals, content_hash, closed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($7 - 1, 0), $8, $9, $10, $11, $12, $13, $14, $15,
               $16, $17, $18)""",
        sealed.statement_id,
        content.number,
        content.payee_id,
        content.payer_id,
        content.currency,
        side.account.account_id,
        1 if side.last is None else side.last.seq + 1,
        period.label,
        period.starts_at,
        period.ends_at,
        content.opening_minor,
        content.closing_minor,
        minimum,
        carrying.carried_reason(
            closing_minor=content.closing_minor, minimum_minor=minimum, is_last=content.ignores_minimum
        ),
        content.ignores_minimum,
        msgspec.json.encode(side.totals.by_kind).decode(),
        sealed.content_hash,
        sealed.closed_at,
    )
