"""Read when a payee's next statements close and what the money waits for until it is paid."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Settlement
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.kernel.periods import Period
from partner_network.statements import ending_queries
from partner_network.statements import queries as statements
from partner_network.statements.queries import Statement

Pair = tuple[UUID, str]
"""A payer and the currency of an account with it."""


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
    is_last: bool
    """Whether nothing can come after it, as things stand, so that it is paid below the minimum too."""


class _Account(msgspec.Struct, frozen=True):
    payer_id: UUID
    payer: str
    currency: str
    payable_minor: int
    apart_minor: int

    @property
    def pair(self) -> Pair:
        return self.payer_id, self.currency


async def next_payouts_of(connection: Connection, payee_id: UUID, now: datetime) -> list[NextPayout]:
    """Return the next payout from each payer with whom a brand ever had an account.

    Units: minor units. Source: MONEY section 6; netting, tax and refunds until then are not foreseen.
    """
    rows = await connection.fetch(
        """SELECT a.counterparty_id AS payer_id, p.name AS payer, a.currency,
               coalesce((SELECT b.credits_posted_minor - b.debits_posted_minor
                   FROM ledger_accounts y JOIN ledger_balances b ON b.account_id = y.id
                   WHERE y.kind = 'pay' AND y.holder_id = $1 AND y.counterparty_id = a.counterparty_id
                       AND y.currency = a.currency), 0)::bigint AS payable_minor,
               (SELECT sum(b.credits_posted_minor - b.debits_posted_minor)::bigint
                   FROM ledger_accounts y JOIN ledger_balances b ON b.account_id = y.id
                   WHERE y.kind IN ('pay_pending', 'pay_held', 'pay_disputed') AND y.holder_id = $1
                       AND y.counterparty_id = a.counterparty_id AND y.currency = a.currency) AS apart_minor
           FROM ledger_accounts a JOIN brands p ON p.id = a.counterparty_id
           WHERE a.holder_id = $1 AND a.kind = 'pay_pending' ORDER BY p.name, a.currency""",
        payee_id,
    )
    settlements = await _settlements(connection, payee_id, now)
    # Of agreements that give to it a charity reads no terms: what it is owed stands on its statements.
    accounts = [one for one in (_Account(**row) for row in rows) if one.pair in settlements]
    if not accounts:
        return []
    closing = {one.pair: _present_period(settlements[one.pair], now) for one in accounts}
    maturing = await _maturing(connection, payee_id, closing)
    waiting = await open_statements_of(connection, payee_id)
    over = await ending_queries.over_at(
        connection, [(one.payer_id, payee_id, one.currency) for one in accounts]
    )
    return [
        _next(
            one,
            settlements[one.pair],
            closing[one.pair],
            maturing.get(one.pair, 0),
            waiting=waiting,
            over_at=ends,
        )
        for one, ends in zip(accounts, over, strict=True)
    ]


async def open_statements_of(connection: Connection, payee_id: UUID) -> list[Statement]:
    """Return a payee's statements that are to be paid and are not yet, the oldest first."""
    rows = await connection.fetch(
        statements.STATEMENTS
        + """WHERE s.payee_id = $1 AND s.carried_reason IS NULL AND NOT EXISTS (
               SELECT FROM payouts q JOIN payout_attempts y ON y.payout_id = q.id
               WHERE q.statement_id = s.id AND y.stripe_transfer_id IS NOT NULL
               GROUP BY q.id HAVING sum(y.amount_minor - y.reversed_minor) = q.amount_minor)
           ORDER BY s.ends_at, s.number""",
        payee_id,
    )
    return [statements.statement_in(row) for row in rows]


async def _settlements(connection: Connection, payee_id: UUID, at: datetime) -> Mapping[Pair, Settlement]:
    """Return by pair the signed settlement rules that hold at an instant, else those that held last."""
    rows = await connection.fetch(
        """SELECT p.advertiser_id, g.terms_toml FROM terms t JOIN agreements g ON g.id = t.agreement_id
           JOIN partnerships p ON p.id = t.partnership_id
           WHERE p.partner_id = $1 AND upper_inf(t.recorded)
           ORDER BY t.valid @> $2::timestamptz DESC, lower(t.valid) DESC NULLS LAST""",
        payee_id,
        at,
    )
    found: dict[Pair, Settlement] = {}
    for row in rows:
        settlement = terms_reading.read_terms(row["terms_toml"]).settlement
        found.setdefault((row["advertiser_id"], settlement.currency), settlement)
    return found


async def _maturing(
    connection: Connection, payee_id: UUID, closing: Mapping[Pair, Period]
) -> Mapping[Pair, int]:
    """Return by pair what matures before its next close, in minor units."""
    rows = await connection.fetch(
        """SELECT c.advertiser_id, c.currency, sum(r.target_minor)::bigint AS minor
           FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS z (payer_id, currency, closes_at)
           JOIN commissions c ON c.advertiser_id = z.payer_id AND c.currency = z.currency
               AND c.matured_at IS NULL AND c.matures_at < z.closes_at
           CROSS JOIN LATERAL (SELECT target_minor FROM commission_revisions v
                               WHERE v.commission_id = c.id ORDER BY v.rev DESC LIMIT 1) r
           WHERE c.partnership_id IN (SELECT id FROM partnerships WHERE partner_id = $1)
               AND c.charity_id IS NULL
           GROUP BY c.advertiser_id, c.currency""",
        payee_id,
        [payer_id for payer_id, _ in closing],
        [currency for _, currency in closing],
        [period.ends_at for period in closing.values()],
    )
    return {(row["advertiser_id"], row["currency"]): row["minor"] for row in rows}


def _present_period(settlement: Settlement, now: datetime) -> Period:
    return periods.period_of(now, settlement.period, periods.zone_named(settlement.time_zone))


def _next(
    account: _Account,
    settlement: Settlement,
    closing: Period,
    maturing_minor: int,
    *,
    waiting: Sequence[Statement],
    over_at: datetime | None,
) -> NextPayout:
    mine = tuple(one for one in waiting if (one.payer_id, one.currency) == account.pair)
    stated = sum(one.closing_minor for one in mine)
    zone = periods.zone_named(settlement.time_zone)
    return NextPayout(
        payer=account.payer,
        currency=account.currency,
        open_statements=mine,
        closes_on=closing.ends_at.astimezone(zone).date(),
        expected_minor=max(0, account.payable_minor + maturing_minor - stated),
        minimum_minor=settlement.minimum_payout_minor,
        is_last=over_at is not None and over_at <= closing.ends_at and account.apart_minor == maturing_minor,
    )
