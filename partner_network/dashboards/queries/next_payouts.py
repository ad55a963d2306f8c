"""Read when a payee's next statements close and what the money waits for until it is paid."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.statements import queries as statements
from partner_network.statements.queries import Statement


class NextPayout(msgspec.Struct, frozen=True, kw_only=True):
    """What a payee can expect of one payer: what is closed and waits, and the next close; minor units."""

    payer: str
    currency: str
    open_statements: tuple[Statement, ...]
    closes_on: date
    """The first day on which the present period is over, in the agreement's zone."""
    expected_minor: int
    """What that close would state as things stand: payable and not on an open statement, and what matures."""
    minimum_minor: int


async def next_payouts_of(connection: Connection, payee_id: UUID, now: datetime) -> list[NextPayout]:
    """Return the next payout from each payer with whom a brand ever had an account.

    Units: minor units. Source: MONEY section 6; netting, tax and refunds until then are not foreseen.
    """
    rows = await connection.fetch(
        """SELECT a.counterparty_id AS payer_id, p.name AS payer, a.currency
           FROM ledger_accounts a JOIN brands p ON p.id = a.counterparty_id
           WHERE a.holder_id = $1 AND a.kind = 'pay_pending' ORDER BY p.name, a.currency""",
        payee_id,
    )
    waiting = await _open_statements(connection, payee_id)
    return [await _next(connection, payee_id, row, waiting, now) for row in rows]


async def _open_statements(connection: Connection, payee_id: UUID) -> list[Statement]:
    """Return a payee's statements that are to be paid and are not yet, the oldest first."""
    rows = await connection.fetch(
        """SELECT s.id FROM statements s
           WHERE s.payee_id = $1 AND s.carried_reason IS NULL AND NOT EXISTS (
               SELECT FROM payouts o JOIN payout_attempts t ON t.payout_id = o.id
               WHERE o.statement_id = s.id AND t.status IN ('accepted', 'settled'))
           ORDER BY s.ends_at, s.number""",
        payee_id,
    )
    return [await statements.statement_of(connection, row["id"]) for row in rows]


async def _next(
    connection: Connection,
    payee_id: UUID,
    row: asyncpg.Record,
    waiting: Sequence[Statement],
    now: datetime,
) -> NextPayout:
    payer_id, currency = row["payer_id"], row["currency"]
    settlement = await statements.settlement_of(
        connection, payer_id=payer_id, payee_id=payee_id, currency=currency, at=now
    )
    zone = periods.zone_named(settlement.time_zone)
    closes_at = periods.period_of(now, settlement.period, zone).ends_at
    open_statements = tuple(one for one in waiting if one.payer_id == payer_id and one.currency == currency)
    expected = await connection.fetchval(
        """SELECT coalesce((SELECT b.credits_posted_minor - b.debits_posted_minor
                   FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
                   WHERE a.kind = 'pay' AND a.holder_id = $1 AND a.counterparty_id = $2
                       AND a.currency = $3), 0)
               + coalesce((SELECT sum(r.target_minor)::bigint
                   FROM commissions c JOIN current_targets r ON r.commission_id = c.id
                   WHERE c.partnership_id IN (SELECT id FROM partnerships
                                              WHERE partner_id = $1 AND advertiser_id = $2)
                       AND c.currency = $3
                       AND c.matured_at IS NULL AND c.matures_at < $4), 0)""",
        payee_id,
        payer_id,
        currency,
        closes_at,
    )
    stated = sum(one.closing_minor for one in open_statements)
    return NextPayout(
        payer=row["payer"],
        currency=currency,
        open_statements=open_statements,
        closes_on=closes_at.astimezone(zone).date(),
        expected_minor=max(0, expected - stated),
        minimum_minor=settlement.minimum_payout_minor,
    )
