"""The orders of each partnership as the engine wants them, from facts and verified credits alone."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import quality
from partner_network.commissions.rules.facts import Adjustment, Line, Measure, Order, Refund, TermsVersion
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.quality import Key
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Conversion, Credit

Customer: TypeAlias = tuple[UUID, UUID]
Place: TypeAlias = tuple[datetime, str]
_EVENT_MARK = "\x01"
_lines = msgspec.json.Decoder(tuple[Line, ...])


class Priced(msgspec.Struct, frozen=True):
    """One partnership's whole history: its terms, its orders, and which conversion each order is."""

    plan: Plan
    orders: list[Order]
    conversion_of: dict[str, UUID]


class Bought(msgspec.Struct, frozen=True):
    """What an order's customer had bought before in its program, as far as the engine asks."""

    new_customer: bool
    order_number: int
    first_order_at: datetime | None


class Known(msgspec.Struct, frozen=True):
    """What orders are priced by besides their own rows: who is credited, at which rate, who bought before."""

    credited: Mapping[UUID, Sequence[Credit]]
    """By conversion all credits that stand, by partner, then by touch, as the engine asks."""
    rates: Mapping[tuple[UUID, str, date], Fraction]
    bought: Callable[[Conversion], Bought]


class _Facts(msgspec.Struct, frozen=True):
    """What belongs to conversions, by conversion and partnership."""

    refunds: dict[UUID, list[Refund]]
    adjustments: dict[tuple[UUID, UUID], list[Adjustment]]
    measures: dict[UUID, dict[Key, Measure]]


def plan_of(books: Books) -> dict[UUID, Plan]:
    """Return by partnership the signed terms that hold, ready to price orders."""
    held = grouped(books.current_terms, lambda row: row.partnership_id)
    return {
        partnership_id: plans.plan_of(
            [
                TermsVersion(
                    key=str(row.agreement_id),
                    terms=books.terms_of[row.agreement_id],
                    valid_from=row.valid_from,
                    valid_until=row.valid_until,
                )
                for row in rows
            ]
        )
        for partnership_id, rows in held.items()
    }


def by_partnership(books: Books) -> dict[UUID, Priced]:
    """Return every partnership with terms, with all orders that are credited to it or adjusted for it."""
    standing = {decision.conversion_id: decision.rev for decision in books.decisions}
    current = grouped(
        [one for one in books.credits if one.rev == standing[one.conversion_id]],
        lambda one: one.conversion_id,
    )
    for credited in current.values():
        credited.sort(key=lambda one: (books.partnership[one.partnership_id].partner_id, one.touch_id))
    return priced(books, Known(current, books.rates.of(), _histories(books)))


def priced(books: Books, known: Known) -> dict[UUID, Priced]:
    """Return the same by what is known of credits, rates and customers, wherever it was learnt."""
    found = {partnership_id: Priced(plan, [], {}) for partnership_id, plan in plan_of(books).items()}
    facts = _facts(books)
    adjusted = grouped(books.adjustments, lambda one: one.conversion_id)
    for conversion_id in {**known.credited, **adjusted}:
        conversion, credited = books.conversion[conversion_id], known.credited.get(conversion_id, ())
        whose = {one.partnership_id for one in (*credited, *adjusted.get(conversion_id, ()))}
        for partnership_id in whose & found.keys():
            order = _order(conversion, credited, partnership_id, facts, known.bought(conversion))
            first = found[partnership_id].plan.versions[0]
            if order.currency != first.settlement.currency:
                day = order.at.astimezone(first.zone).date()
                order = replace(order, rate=known.rates.get((conversion_id, first.settlement.currency, day)))
            if measured := facts.measures.get(partnership_id):
                own = quality.own_measures(found[partnership_id].plan, order.at, measured)
                order = replace(order, measures=own)
            found[partnership_id].orders.append(order)
            found[partnership_id].conversion_of[order.id] = conversion_id
    return found


def _histories(books: Books) -> Callable[[Conversion], Bought]:
    """Return what tells of an order who had bought what before, from all orders there are."""
    sales: defaultdict[Customer, list[Place]] = defaultdict(list)
    seen: set[Customer] = set()
    new: set[UUID] = set()
    for case in books.cases:
        if case.customer not in seen:
            new.add(case.id)
        seen.add(case.customer)
        if case.event == "sale":
            sales[case.customer].append((case.occurred_at, case.order_id))

    def bought(conversion: Conversion) -> Bought:
        own = sales.get((conversion.customer_id, conversion.program_id), [])
        number = bisect_right(own, (conversion.occurred_at, conversion.order_id))
        return Bought(conversion.id in new, number, own[0][0] if own else None)

    return bought


def _facts(books: Books) -> _Facts:
    refunds: defaultdict[UUID, list[Refund]] = defaultdict(list)
    for row in books.refunds:
        refunds[row.conversion_id].append(
            Refund(id=row.refund_id, at=row.at, net_minor=row.net_minor, line=row.line, cancels=row.cancels)
        )
    adjustments: defaultdict[tuple[UUID, UUID], list[Adjustment]] = defaultdict(list)
    for row in books.adjustments:
        adjustments[row.conversion_id, row.partnership_id].append(
            Adjustment(id=str(row.id), minor=row.minor, component=row.component, bonus=row.bonus)
        )
    measures: defaultdict[UUID, dict[Key, Measure]] = defaultdict(dict)
    for one in books.measures:
        measures[one.partnership_id][one.rule, one.measured_on] = Measure(
            one.rule, one.measured_on, one.customers, one.retained
        )
    return _Facts(refunds, adjustments, measures)


def _order(
    conversion: Conversion,
    credited: Sequence[Credit],
    partnership_id: UUID,
    facts: _Facts,
    bought: Bought,
) -> Order:
    own = tuple(n for n, one in enumerate(credited) if one.partnership_id == partnership_id)
    return Order(
        id=f"{conversion.order_id}{_EVENT_MARK}{conversion.event}",
        event=conversion.event,
        at=conversion.occurred_at,
        recorded_at=conversion.recorded_at,
        customer=str(conversion.customer_id),
        currency=conversion.currency,
        net_minor=conversion.net_minor,
        new_customer=bought.new_customer,
        order_number=bought.order_number,
        first_order_at=bought.first_order_at,
        lines=() if conversion.lines == "[]" else _lines.decode(conversion.lines),
        weights=tuple(one.weight for one in credited) if own else (),
        own=own,
        touched_at=tuple(credited[n].touched_at for n in own),
        refunds=tuple(facts.refunds.get(conversion.id, ())),
        adjustments=tuple(facts.adjustments.get((conversion.id, partnership_id), ())),
        rejected=not own,
    )
