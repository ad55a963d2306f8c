"""Read the facts of a stream as the engine wants them, and what is booked for them so far."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from partner_network.agreements import terms_reading
from partner_network.commissions import quality_queries, rate_queries
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import quality
from partner_network.commissions.rules.facts import Adjustment, Line, Measure, Order, Refund, TermsVersion
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.quality import Key
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError

_EVENT_MARK = "\x01"
"""An order id may be used once per event: the mark parts the two. It sorts below whatever an order id may
hold, so the ids keep their order; NUL would too, but jsonb cannot hold it."""


class Stream(msgspec.Struct, frozen=True):
    """One partnership whose commissions are computed, and the signed terms that price them."""

    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    program_id: UUID
    plan: Plan
    measures: Mapping[Key, Measure] | None = None
    """What quality was measured; None: what is stored."""


class Booked(msgspec.Struct, frozen=True, gc=False):
    """One commission as it stands: its newest revision, and whether it has matured."""

    commission_id: int
    kind: str
    conversion_id: UUID | None
    agreement_id: UUID
    component: str
    period: str
    matured_at: datetime | None
    rev: int
    target_minor: int


class Fact(msgspec.Struct, frozen=True, gc=False):
    """An order with the row it came from."""

    conversion_id: UUID
    order: Order


async def stream_of(connection: Connection, partnership_id: UUID) -> Stream:
    """Return a partnership's stream; ConflictError when it has no signed terms to price by."""
    rows = await connection.fetch(
        """SELECT p.advertiser_id, p.partner_id, p.program_id, t.agreement_id,
               lower(t.valid) AS valid_from, upper(t.valid) AS valid_until, g.terms_toml
           FROM partnerships p JOIN terms t ON t.partnership_id = p.id
           JOIN agreements g ON g.id = t.agreement_id
           WHERE p.id = $1 AND upper_inf(t.recorded) ORDER BY lower(t.valid)""",
        partnership_id,
    )
    if not rows:
        raise ConflictError("This partnership has signed no terms yet; nothing can be computed before that.")
    versions = tuple(
        (str(row["agreement_id"]), row["valid_from"], row["valid_until"], row["terms_toml"]) for row in rows
    )
    first = rows[0]
    return Stream(
        partnership_id, first["advertiser_id"], first["partner_id"], first["program_id"], _plan(versions)
    )


@lru_cache(maxsize=1024)
def _plan(versions: tuple[tuple[str, datetime | None, datetime | None, str], ...]) -> Plan:
    return plans.plan_of(
        [
            TermsVersion(key=key, terms=terms_reading.read_terms(text), valid_from=starts, valid_until=ends)
            for key, starts, ends, text in versions
        ]
    )


_ORDERS = """
    WITH wanted AS (
        SELECT v.* FROM conversions v
        WHERE v.program_id = $2 AND (v.occurred_at >= $3 AND v.occurred_at < $4
                                     OR v.recorded_at >= $3 AND v.recorded_at < $4 AND $5)
            AND EXISTS (SELECT FROM credits c JOIN current_decisions d USING (conversion_id, rev)
                        WHERE c.conversion_id = v.id AND c.partnership_id = $1)
    )
    SELECT w.id, w.event, w.order_id, w.occurred_at, w.recorded_at, w.currency, w.net_minor, w.lines,
        w.customer_id, bought.number AS order_number, bought.first_at AS first_order_at,
        bought.is_known AS is_known_customer,
        array(SELECT (c.partnership_id, c.touched_at, c.weight_numerator::text, c.weight_denominator::text)
              FROM credits c JOIN current_decisions d USING (conversion_id, rev)
              JOIN partnerships h ON h.id = c.partnership_id
              WHERE c.conversion_id = w.id ORDER BY h.partner_id, c.touch_id) AS credits
    FROM wanted w
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE s.event = 'sale' AND (s.occurred_at, s.order_id COLLATE "C")
                                <= (w.occurred_at, w.order_id COLLATE "C")) AS number,
            min(s.occurred_at) FILTER (WHERE s.event = 'sale') AS first_at,
            bool_or((s.occurred_at, s.order_id COLLATE "C", s.event)
                    < (w.occurred_at, w.order_id COLLATE "C", w.event)) AS is_known
        FROM conversions s WHERE s.customer_id = w.customer_id AND s.program_id = w.program_id
    ) bought ON true
"""


async def orders_between(
    connection: Connection, stream: Stream, starts_at: datetime, ends_at: datetime
) -> list[Fact]:
    """Return the orders credited to a stream that count in a span, as the engine reads them."""
    by_receipt = any(v.settlement.late_policy == "as_of_receipt" for v in stream.plan.versions)
    rows = await connection.fetch(
        _ORDERS, stream.partnership_id, stream.program_id, starts_at, ends_at, by_receipt
    )
    return [
        fact
        for fact in await facts_in(connection, stream, rows)
        if starts_at <= stream.plan.version_at(fact.order.at).placed_at(fact.order) < ends_at
    ]


async def facts_in(connection: Connection, stream: Stream, rows: Sequence[asyncpg.Record]) -> list[Fact]:
    """Return the orders behind rows as `orders_between` reads them, with their refunds and adjustments."""
    conversion_ids = [row["id"] for row in rows]
    refunds = await _refunds(connection, conversion_ids)
    adjustments = await _adjustments(connection, stream.partnership_id, conversion_ids)
    facts = [Fact(row["id"], _order(row, stream, refunds[row["id"]], adjustments[row["id"]])) for row in rows]
    facts = await _with_rates(connection, stream, facts)
    return await _with_measures(connection, stream, facts) if quality.has_rules(stream.plan) else facts


async def _with_rates(connection: Connection, stream: Stream, facts: Sequence[Fact]) -> list[Fact]:
    quote = stream.plan.versions[0].settlement.currency
    foreign = [fact.conversion_id for fact in facts if fact.order.currency != quote]
    if not foreign:
        return list(facts)
    fixed = await rate_queries.fixed_rates(connection, foreign, quote)
    return [
        Fact(fact.conversion_id, replace(fact.order, rate=fixed[fact.conversion_id]))
        if fact.conversion_id in fixed
        else fact
        for fact in facts
    ]


async def _with_measures(connection: Connection, stream: Stream, facts: Sequence[Fact]) -> list[Fact]:
    known = stream.measures
    if known is None:
        known = await quality_queries.stored(connection, stream.partnership_id)
    return [
        Fact(fact.conversion_id, replace(fact.order, measures=own))
        for fact in facts
        for own in [quality.own_measures(stream.plan, fact.order.at, known)]
    ]


def _order(
    row: asyncpg.Record, stream: Stream, refunds: Sequence[Refund], adjustments: Sequence[Adjustment]
) -> Order:
    credits_ = row["credits"]
    own = tuple(n for n, credit in enumerate(credits_) if credit[0] == stream.partnership_id)
    return Order(
        id=row["order_id"] + _EVENT_MARK + row["event"],
        event=row["event"],
        at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        customer=str(row["customer_id"]),
        currency=row["currency"],
        net_minor=row["net_minor"],
        new_customer=not row["is_known_customer"],
        order_number=row["order_number"],
        first_order_at=row["first_order_at"],
        lines=_lines(row["lines"]),
        weights=tuple(Fraction(int(c[2]), int(c[3])) for c in credits_),
        own=own,
        touched_at=tuple(credits_[n][1] for n in own),
        refunds=tuple(refunds),
        adjustments=tuple(adjustments),
    )


class _StoredLine(msgspec.Struct, frozen=True):
    id: str
    net_minor: int
    sku: str | None = None
    category: str | None = None


def _lines(stored: str) -> tuple[Line, ...]:
    if stored == "[]":
        return ()
    lines = msgspec.json.decode(stored, type=list[_StoredLine])
    return tuple(
        Line(id=line.id, net_minor=line.net_minor, sku=line.sku, category=line.category) for line in lines
    )


async def _refunds(connection: Connection, conversion_ids: Sequence[UUID]) -> defaultdict[UUID, list[Refund]]:
    rows = await connection.fetch(
        """SELECT conversion_id, refund_id, at, net_minor, line FROM refunds
           WHERE conversion_id = ANY($1::uuid[]) ORDER BY at, refund_id""",
        conversion_ids,
    )
    found: defaultdict[UUID, list[Refund]] = defaultdict(list)
    for row in rows:
        found[row["conversion_id"]].append(
            Refund(id=row["refund_id"], at=row["at"], net_minor=row["net_minor"], line=row["line"])
        )
    return found


async def _adjustments(
    connection: Connection, partnership_id: UUID, conversion_ids: Sequence[UUID]
) -> defaultdict[UUID, list[Adjustment]]:
    rows = await connection.fetch(
        """SELECT conversion_id, id, minor FROM adjustments
           WHERE partnership_id = $1 AND conversion_id = ANY($2::uuid[]) ORDER BY at, id""",
        partnership_id,
        conversion_ids,
    )
    found: defaultdict[UUID, list[Adjustment]] = defaultdict(list)
    for row in rows:
        found[row["conversion_id"]].append(Adjustment(id=str(row["id"]), minor=row["minor"]))
    return found


async def booked_for(
    connection: Connection, partnership_id: UUID, conversion_ids: Iterable[UUID]
) -> list[Booked]:
    """Return what is booked for orders of a partnership, and all its bonuses."""
    rows = await connection.fetch(
        """SELECT c.id AS commission_id, c.kind, c.conversion_id, c.agreement_id, c.component, c.period,
               c.matured_at, r.rev, r.target_minor
           FROM commissions c JOIN LATERAL (
               SELECT rev, target_minor FROM commission_revisions
               WHERE commission_id = c.id ORDER BY rev DESC LIMIT 1) r ON true
           WHERE c.partnership_id = $1 AND (c.conversion_id = ANY($2::uuid[]) OR c.kind = 'bonus')""",
        partnership_id,
        list(conversion_ids),
    )
    return [Booked(**row) for row in rows]


class WaitingOrder(msgspec.Struct, frozen=True, gc=False):
    """An order on the work list of a stream."""

    conversion_id: UUID
    occurred_at: datetime
    recorded_at: datetime


async def waiting_orders(connection: Connection, partnership_id: UUID) -> list[WaitingOrder]:
    """Lock and return the orders whose commissions are out of date.

    Whoever is about to put one of them up again is waited for, so that the facts read next hold theirs.
    """
    rows = await connection.fetch(
        """SELECT v.id AS conversion_id, v.occurred_at, v.recorded_at
           FROM unaccrued_conversions u JOIN conversions v ON v.id = u.conversion_id
           WHERE u.partnership_id = $1 ORDER BY u.conversion_id FOR UPDATE OF u""",
        partnership_id,
    )
    return [WaitingOrder(**row) for row in rows]
