"""Read every amount on its way, of one brand or of all, by one question a station."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec import Struct

from partner_network.agreements import contracts
from partner_network.agreements.contracts import Contract
from partner_network.agreements.terms import Settlement
from partner_network.dashboards.promises.stages import Actor, Between, Promise
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.payouts import rules as payouts
from partner_network.statements import queries as statements
from partner_network.statements import rules as statement_rules
from partner_network.statements import standing_queries
from partner_network.statements.queries import Statement
from partner_network.statements.standing_queries import Standing

PAID_WITHIN = timedelta(days=60)
"""How long what is paid is still shown."""
_AT_ONCE = timedelta(days=1)
"""Clause 9.2 says "without delay": a day after it is funded, what was not sent is late."""
_HELPED_BY: Mapping[str, Actor] = {
    **{str(reason): "partner" for reason in payouts.MENDED_BY_PARTNER},
    str(payouts.PAYER_OWES): "advertiser",
}
"""Who must act for a payout that is held for a reason; all others the network sends."""
_BEFORE_ANY_SIGNED = ("cross-promotion", "2026-11")

_PENDING = """
    SELECT c.advertiser_id AS payer_id, coalesce(c.charity_id, c.partner_id) AS payee_id,
        payer.name AS payer, payee.name AS payee,
        c.currency, count(*) AS count, sum(r.target_minor)::bigint AS minor,
        max(c.matures_at) AS due_at
    FROM commissions c JOIN brands payer ON payer.id = c.advertiser_id
    JOIN brands payee ON payee.id = coalesce(c.charity_id, c.partner_id)
    CROSS JOIN LATERAL (SELECT target_minor FROM commission_revisions v WHERE v.commission_id = c.id
                        ORDER BY v.rev DESC LIMIT 1) r
    WHERE c.matured_at IS NULL AND r.target_minor > 0
        AND ($1::uuid IS NULL OR c.charity_id = $1 OR c.partnership_id IN (
            SELECT id FROM partnerships WHERE $1 IN (advertiser_id, partner_id)))
        -- what a partner's orders give is owed to the charity, not to the partner
        AND ($1::uuid IS NULL OR $1 IN (c.advertiser_id, coalesce(c.charity_id, c.partner_id)))
        AND NOT EXISTS (SELECT FROM commission_holds h WHERE h.commission_id = c.id AND NOT EXISTS (
            SELECT FROM commission_releases x WHERE x.commission_id = h.commission_id AND x.n = h.n))
    GROUP BY 1, 2, 3, 4, 5, date_trunc('day', c.matures_at) ORDER BY due_at, payee
"""
_HELD = """
    SELECT a.counterparty_id AS payer_id, a.holder_id AS payee_id, payer.name AS payer, payee.name AS payee,
        a.currency, a.kind, (b.credits_posted_minor - b.debits_posted_minor)::bigint AS minor
    FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
    JOIN brands payer ON payer.id = a.counterparty_id JOIN brands payee ON payee.id = a.holder_id
    WHERE a.kind IN ('pay_held', 'pay_disputed') AND b.credits_posted_minor > b.debits_posted_minor
        AND ($1::uuid IS NULL OR $1 IN (a.holder_id, a.counterparty_id)) ORDER BY payee, a.kind
"""
_PAYOUTS = """
    SELECT o.payer_id, o.payee_id, payer.name AS payer, payee.name AS payee, o.currency,
        o.held_reason, s.id AS statement_id, s.number,
        (o.amount_minor - coalesce(t.paid_minor, 0))::bigint AS left_minor,
        greatest(o.reserved_at, t.came_back_at) AS waits_since
    FROM payouts o JOIN statements s ON s.id = o.statement_id
    JOIN brands payer ON payer.id = o.payer_id JOIN brands payee ON payee.id = o.payee_id
    LEFT JOIN LATERAL (
        SELECT sum(x.amount_minor - x.reversed_minor) AS paid_minor, max((
            SELECT max(m.at) FROM stripe_movements m WHERE m.attempt_id = x.id)) AS came_back_at
        FROM payout_attempts x WHERE x.payout_id = o.id AND x.stripe_transfer_id IS NOT NULL) t ON true
    WHERE ($1::uuid IS NULL OR $1 IN (o.payee_id, o.payer_id))
        AND o.amount_minor > coalesce(t.paid_minor, 0) ORDER BY o.reserved_at, o.id
"""
_PAID = """
    SELECT o.payer_id, o.payee_id, payer.name AS payer, payee.name AS payee, o.currency,
        (x.amount_minor - x.reversed_minor)::bigint AS minor, x.finished_at, s.id AS statement_id, s.number
    FROM payout_attempts x JOIN payouts o ON o.id = x.payout_id JOIN statements s ON s.id = o.statement_id
    JOIN brands payer ON payer.id = o.payer_id JOIN brands payee ON payee.id = o.payee_id
    WHERE ($1::uuid IS NULL OR $1 IN (o.payee_id, o.payer_id)) AND x.stripe_transfer_id IS NOT NULL
        AND x.amount_minor > x.reversed_minor AND x.finished_at >= $2 ORDER BY o.reserved_at, o.id, x.n
"""
_CONTRACTS = """
    (SELECT DISTINCT ON (p.advertiser_id, p.partner_id) p.advertiser_id, p.partner_id AS payee_id,
        g.contract_name, g.contract_version
    FROM terms t JOIN partnerships p ON p.id = t.partnership_id JOIN agreements g ON g.id = t.agreement_id
    WHERE upper_inf(t.recorded) AND ($1::uuid IS NULL OR $1 IN (p.advertiser_id, p.partner_id))
    ORDER BY p.advertiser_id, p.partner_id, lower(t.valid) DESC NULLS LAST)
    UNION ALL (SELECT DISTINCT ON (x.advertiser_id, x.charity_id) x.advertiser_id, x.charity_id,
        x.contract_name, x.contract_version
    FROM contracts_of_gifts x WHERE $1::uuid IS NULL OR $1 IN (x.advertiser_id, x.charity_id)
    ORDER BY x.advertiser_id, x.charity_id, x.agreement_id DESC)
"""


class _Signed(Struct, frozen=True):
    """The contract between each two brands, for the clauses that fix a day."""

    of: Mapping[tuple[UUID, UUID], tuple[str, str]]

    def contract(self, pair: Between) -> Contract:
        """Return the published text that a pair signed last."""
        return contracts.published(*self.of.get((pair.payer_id, pair.payee_id), _BEFORE_ANY_SIGNED))

    def clause(self, pair: Between, term: str) -> str:
        """Return the clause by which an amount of a pair moves on."""
        return contracts.clause_of(self.contract(pair), term)


class _Asked(Struct, frozen=True):
    """Whose promises are read, when, and by which contracts."""

    connection: Connection
    brand_id: UUID | None
    now: datetime
    signed: _Signed


async def promises_of(connection: Connection, brand_id: UUID | None, now: datetime) -> list[Promise]:
    """Return every amount on its way to or from a brand, or of all (None), station by station.

    Units: minor units. An amount stands at one station alone. Source: MONEY section 6 and the contract's
    clauses on holding, periods, objections, funding and payout; netting, tax and refunds are not foreseen.
    """
    rows = await connection.fetch(_CONTRACTS, brand_id)
    signed = {
        (row["advertiser_id"], row["payee_id"]): (row["contract_name"], row["contract_version"])
        for row in rows
    }
    asked = _Asked(connection, brand_id, now, _Signed(signed))
    return [*await _pending(asked), *await _held(asked), *await _stated(asked), *await _sent(asked)]


def _between(row: asyncpg.Record) -> Between:
    return Between(*(row[name] for name in Between.__struct_fields__))


async def _pending(asked: _Asked) -> list[Promise]:
    found: list[Promise] = []
    for row in await asked.connection.fetch(_PENDING, asked.brand_id):
        pair = _between(row)
        clause = asked.signed.clause(pair, "settlement.hold_days")
        found.append(
            Promise(pair, "pending", row["minor"], row["due_at"], "time", clause, count=row["count"])
        )
    return found


async def _held(asked: _Asked) -> list[Promise]:
    found: list[Promise] = []
    for row in await asked.connection.fetch(_HELD, asked.brand_id):
        pair = _between(row)
        clause = asked.signed.clause(pair, "held" if row["kind"] == "pay_held" else "dispute")
        found.append(Promise(pair, "held", row["minor"], None, "network", clause))
    return found


async def _stated(asked: _Asked) -> list[Promise]:
    """Return what matured and stands on no statement that is to be paid, and every such statement."""
    rows = await asked.connection.fetch(
        statements.STATEMENTS
        + """WHERE ($1::uuid IS NULL OR $1 IN (s.payee_id, s.payer_id)) AND o.id IS NULL
             AND (s.carried_reason IS NULL OR NOT EXISTS (
                 SELECT FROM statements n WHERE n.account_id = s.account_id AND n.seq > s.seq))
             ORDER BY s.ends_at, s.number""",
        asked.brand_id,
    )
    waiting = [statements.statement_in(row) for row in rows]
    later = await statements.later_debits_minor(asked.connection, *waiting)
    taken: dict[int, int] = {}
    found: list[Promise] = []
    for one in waiting:
        before = taken.get(one.account_id, 0)
        minor = statement_rules.fundable_minor(
            closing_minor=one.closing_minor, later_debits_minor=later[one.id] + before
        )
        # What is carried is not owed yet: it waits for the next close with all that matured since.
        if minor and one.carried_reason is None:
            taken[one.account_id] = before + minor
            found.append(_on_statement(asked.signed, one, minor))
    return [*await _matured(asked, taken), *found]


def _on_statement(signed: _Signed, one: Statement, minor: int) -> Promise:
    pair = Between(one.payer_id, one.payee_id, one.payer_name, one.payee_name, one.currency)
    contract = signed.contract(pair)
    if one.approved_at is None:
        figure = contracts.figure_of(contract, "objection_days")
        due_at = one.closed_at + timedelta(days=figure.value)
        return Promise(pair, "stated", minor, due_at, "network", figure.clause, one.id, one.number)
    figure = contracts.figure_of(contract, "funding_days")
    due_at = one.approved_at + timedelta(days=figure.value)
    return Promise(pair, "approved", minor, due_at, "advertiser", figure.clause, one.id, one.number)


async def _matured(asked: _Asked, stated: Mapping[int, int]) -> list[Promise]:
    standings = [
        standing
        for standing in await standing_queries.standings(asked.connection)
        if asked.brand_id in {None, standing.account.payee_id, standing.account.payer_id}
        and standing.pay_minor > stated.get(standing.account.account_id, 0)
    ]
    # A charity is told its day, and may not read the agreements that it follows from.
    async with connections.looking(asked.connection, "operator", then=asked.brand_id or "operator"):
        settlements = await statements.settlements_of(
            asked.connection, [one.account.names for one in standings], at=asked.now
        )
    found: list[Promise] = []
    for standing, settlement in zip(standings, settlements, strict=True):
        account = standing.account
        pair = Between(
            account.payer_id, account.payee_id, account.payer_name, account.payee_name, account.currency
        )
        minor = standing.pay_minor - stated.get(account.account_id, 0)
        clause = asked.signed.clause(pair, "settlement.period")
        found.append(
            Promise(pair, "matured", minor, _closes_at(standing, settlement, asked.now), "network", clause)
        )
    return found


def _closes_at(standing: Standing, settlement: Settlement, now: datetime) -> datetime:
    """Return when the period ends that states what matured: the oldest one that is open."""
    since = now if standing.unstated_at is None else min(standing.unstated_at, now)
    zone = periods.zone_named(settlement.time_zone)
    return periods.period_of(since, settlement.period, zone).ends_at


async def _sent(asked: _Asked) -> list[Promise]:
    """Return what of each payout is still to be sent, then what was paid lately, transfer by transfer."""
    found: list[Promise] = []
    for row in await asked.connection.fetch(_PAYOUTS, asked.brand_id):
        pair = _between(row)
        actor = _HELPED_BY.get(row["held_reason"], "network")
        due_at = row["waits_since"] + _AT_ONCE
        clause = _sent_under(asked.signed, pair, actor)
        where = row["statement_id"], row["number"]
        found.append(Promise(pair, "funded", row["left_minor"], due_at, actor, clause, *where))
    for row in await asked.connection.fetch(_PAID, asked.brand_id, asked.now - PAID_WITHIN):
        pair = _between(row)
        clause = asked.signed.clause(pair, "paid")
        where = row["statement_id"], row["number"]
        found.append(Promise(pair, "paid", row["minor"], row["finished_at"], "nobody", clause, *where))
    return found


def _sent_under(signed: _Signed, pair: Between, actor: Actor) -> str:
    if actor == "advertiser":
        return contracts.figure_of(signed.contract(pair), "funding_days").clause
    return signed.clause(pair, "returned" if actor == "partner" else "paid")
