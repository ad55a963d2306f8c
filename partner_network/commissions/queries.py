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
from partner_network.agreements.terms import Terms
from partner_network.commissions import quality_queries, rate_queries
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import quality, unpriceable
from partner_network.commissions.rules.facts import Adjustment, Line, Measure, Order, Refund, TermsVersion
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.quality import Key
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError, InvalidError

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
    charities: Mapping[str, UUID] = {}
    """The charities that its donations pay, by the names that its terms use."""

    @property
    def currency(self) -> str:
        """What all its versions pay in."""
        return self.plan.versions[0].settlement.currency


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
    charity_id: UUID | None = None


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
    first, plan = rows[0], _plan(versions)
    return Stream(
        partnership_id,
        first["advertiser_id"],
        first["partner_id"],
        first["program_id"],
        plan,
        charities=await _charities(connection, partnership_id, plan),
    )


async def _charities(connection: Connection, partnership_id: UUID, plan: Plan) -> dict[str, UUID]:
    if not any(version.donations for version in plan.versions):
        return {}
    rows = await connection.fetch(
        """SELECT DISTINCT b.slug, b.id FROM agreement_charities x JOIN brands b ON b.id = x.charity_id
           WHERE x.partnership_id = $1""",
        partnership_id,
    )
    return {row["slug"]: row["id"] for row in rows}


@lru_cache(maxsize=1024)
def _plan(versions: tuple[tuple[str, datetime | None, datetime | None, str], ...]) -> Plan:
    return plans.plan_of(
        [
            TermsVersion(key=key, terms=_read(key, text), valid_from=starts, valid_until=ends)
            for key, starts, ends, text in versions
        ]
    )


def _read(agreement_id: str, text: str) -> Terms:
    try:
        return terms_reading.read_terms(text)
    except InvalidError as error:
        clause = next(iter(error.sentence_of), "terms")
        raise unpriceable.said_of(error, version=agreement_id, clause=clause) from error


async def facts_in(connection: Connection, stream: Stream, rows: Sequence[asyncpg.Record]) -> list[Fact]:
    """Return the orders behind rows as `span_queries` reads them, with their refunds and adjustments.

    Left out are those that the stream has neither a credit nor an adjustment of now.
    """
    conversion_ids = [row["id"] for row in rows]
    refunds, adjustments = await _changes(connection, stream.partnership_id, conversion_ids)
    facts = [
        Fact(row["id"], order)
        for row in rows
        for order in [_order(row, stream, refunds[row["id"]], adjustments[row["id"]])]
        if order.own or order.adjustments
    ]
    facts = await _with_rates(connection, stream, facts)
    return await _with_measures(connection, stream, facts) if quality.has_rules(stream.plan) else facts


async def _with_rates(connection: Connection, stream: Stream, facts: Sequence[Fact]) -> list[Fact]:
    quote, zone = stream.currency, stream.plan.versions[0].zone
    foreign = [fact.conversion_id for fact in facts if fact.order.currency != quote]
    if not foreign:
        return list(facts)
    fixed = await rate_queries.fixed_rates(connection, foreign, quote)
    return [
        Fact(fact.conversion_id, replace(fact.order, rate=rate))
        for fact in facts
        for rate in [fixed.get((fact.conversion_id, fact.order.at.astimezone(zone).date()))]
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
        weights=tuple(Fraction(int(c[2]), int(c[3])) for c in credits_) if own else (),
        own=own,
        touched_at=tuple(credits_[n][1] for n in own),
        refunds=tuple(refunds),
        adjustments=tuple(adjustments),
        rejected=not own,
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


async def _changes(
    connection: Connection, partnership_id: UUID, conversion_ids: Sequence[UUID]
) -> tuple[defaultdict[UUID, list[Refund]], defaultdict[UUID, list[Adjustment]]]:
    rows = await connection.fetch(
        """SELECT conversion_id, at, refund_id AS id, net_minor AS minor, line, NULL AS component,
               NULL AS bonus, true AS is_refund
           FROM refunds_in_force WHERE conversion_id = ANY($2::uuid[])
           UNION ALL
           SELECT conversion_id, at, id::text, minor, NULL, component, bonus, false
           FROM adjustments WHERE partnership_id = $1 AND conversion_id = ANY($2::uuid[])
           ORDER BY at, id""",
        partnership_id,
        conversion_ids,
    )
    refunds: defaultdict[UUID, list[Refund]] = defaultdict(list)
    adjustments: defaultdict[UUID, list[Adjustment]] = defaultdict(list)
    for row in rows:
        if row["is_refund"]:
            refund = Refund(id=row["id"], at=row["at"], net_minor=row["minor"], line=row["line"])
            refunds[row["conversion_id"]].append(refund)
        else:
            adjustments[row["conversion_id"]].append(
                Adjustment(id=row["id"], minor=row["minor"], component=row["component"], bonus=row["bonus"])
            )
    return refunds, adjustments


_BOOKED = """
    SELECT c.id AS commission_id, c.kind, c.conversion_id, c.agreement_id, c.component, c.period,
        c.matured_at, r.rev, r.target_minor, c.charity_id
    FROM commissions c JOIN LATERAL (
        SELECT rev, target_minor FROM commission_revisions
        WHERE commission_id = c.id ORDER BY rev DESC LIMIT 1) r ON true
    WHERE c.partnership_id = $1 AND """


async def booked_for(
    connection: Connection, partnership_id: UUID, conversion_ids: Iterable[UUID]
) -> list[Booked]:
    """Return what is booked for orders of a partnership, and all its bonuses."""
    rows = await connection.fetch(
        f"{_BOOKED} c.conversion_id = ANY($2::uuid[]) UNION ALL {_BOOKED} c.kind = 'bonus'",
        partnership_id,
        list(conversion_ids),
    )
    return [Booked(**row) for row in rows]


async def streams_waiting(connection: Connection) -> list[UUID]:
    """Return the partnerships of which orders are on the work list, the first one last."""
    rows = await connection.fetch(
        "SELECT DISTINCT partnership_id FROM unaccrued_conversions ORDER BY partnership_id DESC"
    )
    return [row["partnership_id"] for row in rows]


class WaitingOrder(msgspec.Struct, frozen=True, gc=False):
    """An order on the work list of a stream."""

    conversion_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    currency: str
    is_booked: bool


async def waiting_orders(connection: Connection, partnership_id: UUID) -> list[WaitingOrder]:
    """Lock and return the orders whose commissions are out of date.

    Whoever is about to put one of them up again is waited for, so that the facts read next hold theirs.
    A work list fills and empties all the time: OFFSET 0 keeps the planner, which knows it as it once was,
    from passing over all conversions.
    """
    rows = await connection.fetch(
        """SELECT v.id AS conversion_id, v.occurred_at, v.recorded_at, v.currency,
               EXISTS (SELECT FROM commissions c WHERE c.conversion_id = v.id AND c.partnership_id = $1)
                   AS is_booked
           FROM unaccrued_conversions u CROSS JOIN LATERAL (
               SELECT * FROM conversions WHERE id = u.conversion_id OFFSET 0) v
           WHERE u.partnership_id = $1 ORDER BY u.conversion_id FOR UPDATE OF u""",
        partnership_id,
    )
    return [WaitingOrder(**row) for row in rows]
