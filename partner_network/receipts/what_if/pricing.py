"""What the credited orders come to in commission and bonuses, by the engine that books them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from partner_network.commissions import queries as commissions
from partner_network.commissions import rate_queries
from partner_network.commissions.queries import Fact, Stream
from partner_network.commissions.rules import quality
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import Alike, Order
from partner_network.database.connections import Connection
from partner_network.kernel.errors import InvalidError
from partner_network.receipts.what_if import measuring
from partner_network.receipts.what_if.alike import Grouped
from partner_network.receipts.what_if.sides import Joined, Side
from partner_network.receipts.what_if.values import Asked


class Paid(Struct, frozen=True):
    """What one partnership gets for the orders of the asked span, in minor units by currency."""

    commission_minor: Mapping[str, int]
    bonus_minor: Mapping[str, int]
    unpriced: str | None = None
    donation_minor: Mapping[str, int] = {}
    """What charities get for the same orders: the advertiser pays it, not to the partner."""


async def paid_by_partnership(
    connection: Connection, side: Side, credits_: str, grouped: Grouped, asked: Asked
) -> dict[UUID, Paid]:
    """Return what each credited partnership of a side gets, for alike orders at once, for others singly."""
    found: dict[UUID, Paid] = {}
    for partnership_id in sorted({*grouped.alike, *grouped.single}):
        if asked.only_partner not in {None, partnership_id}:
            continue
        joined = side.joined[partnership_id]
        facts: Sequence[Fact] = []
        if partnership_id in grouped.single:
            facts = await _single_orders(connection, side, joined, credits_)
        alike = grouped.alike.get(partnership_id, ())
        if quality.has_rules(joined.plan):
            facts, alike = await measuring.with_measures(connection, side.program_id, joined, facts, alike)
        found[partnership_id] = _paid(joined, facts, alike, asked)
    return found


def _paid(joined: Joined, facts: Sequence[Fact], alike: Sequence[Alike], asked: Asked) -> Paid:
    try:
        computed = engine.targets([fact.order for fact in facts], joined.plan, alike)
    except InvalidError as error:
        return Paid({}, {}, error.sentence)
    at_of: dict[str, datetime] = {fact.order.id: fact.order.at for fact in facts}
    at_of.update((one.order.id, one.order.at) for one in alike)
    commission: dict[str, int] = defaultdict(int)
    bonus: dict[str, int] = defaultdict(int)
    for target in computed.commissions:
        if asked.since <= at_of[target.conversion] < asked.until:
            commission[target.currency] += target.minor
    donation: dict[str, int] = defaultdict(int)
    for target in computed.donations:
        if asked.since <= at_of[target.conversion] < asked.until:
            donation[target.currency] += target.minor
    for paid in computed.bonuses:
        if asked.since <= paid.earned_at < asked.until:
            bonus[paid.currency] += paid.minor
    return Paid(dict(commission), dict(bonus), donation_minor=dict(donation))


_ORDERS = """
    SELECT w.id, w.event, w.order_id, w.occurred_at, w.recorded_at, w.currency, w.net_minor, v.lines,
        w.customer_id, coalesce(w.order_number, 1) AS order_number, w.first_order_at,
        w.known_since IS NOT NULL AS is_known_customer,
        array(SELECT (c.partnership_id, c.touched_at, c.numerator::text, c.denominator::text)
              FROM {credits} c JOIN partnerships h ON h.id = c.partnership_id
              WHERE c.id = w.id ORDER BY h.partner_id, c.touch_id) AS credits
    FROM trial_single s JOIN trial_orders w ON w.id = s.id JOIN conversions v ON v.id = w.id
    WHERE s.partnership_id = $1
"""


async def _single_orders(connection: Connection, side: Side, joined: Joined, credits_: str) -> list[Fact]:
    stream = Stream(joined.id, joined.advertiser_id, joined.partner_id, side.program_id, joined.plan, {})
    rows = await connection.fetch(_ORDERS.format(credits=credits_), joined.id)
    return await _with_rates(connection, joined, await commissions.facts_in(connection, stream, rows))


async def _with_rates(connection: Connection, joined: Joined, facts: Sequence[Fact]) -> list[Fact]:
    """Convert an order that was never computed for money at what is published for its day by now."""
    quote, zone = joined.plan.versions[0].settlement.currency, joined.plan.versions[0].zone

    def asked_of(order: Order) -> tuple[date, str]:
        return order.at.astimezone(zone).date(), order.currency

    unfixed = {asked_of(f.order) for f in facts if f.order.rate is None and f.order.currency != quote}
    if not unfixed:
        return list(facts)
    known = await rate_queries.published_rates(connection, unfixed, quote)
    return [
        Fact(fact.conversion_id, replace(fact.order, rate=fact.order.rate or known.get(asked_of(fact.order))))
        for fact in facts
    ]
