"""Quality: every stored measure taken again from the sales, refunds and decisions known at its date."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.quality_terms import Quality
from partner_network.commissions.rules import quality
from partner_network.commissions.rules.quality import Cohort, Customer
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Conversion, QualityMeasure, Refund
from partner_network.kernel import periods

CustomerKey: TypeAlias = tuple[UUID, UUID]


class _Sales(Struct, frozen=True):
    """What measures go by: sales in order by customer in a program, and what became of each."""

    of: dict[CustomerKey, list[Conversion]]
    refunds: dict[UUID, list[Refund]]
    decided_at: dict[UUID, list[datetime]]
    credited: set[tuple[UUID, int, UUID]]


def differences(books: Books) -> Iterator[str]:
    """Yield what is wrong with the measures, one by one."""
    if not books.measures:
        return
    sales = _sales(books)
    for stored in books.measures:
        yield from _difference(books, sales, stored)


def _difference(books: Books, sales: _Sales, stored: QualityMeasure) -> Iterator[str]:
    partnership = books.partnership[stored.partnership_id]
    name = (
        f"The measure {stored.rule!r} of {books.slug_of[partnership.partner_id]} with "
        f"{books.slug_of[partnership.advertiser_id]} at {stored.measured_on}"
    )
    found = _rule(books, stored)
    if found is None:
        yield f"{name} follows from no rule that they signed."
        return
    rule, zone_name = found
    zone = periods.zone_named(zone_name)
    cohort = quality.cohort_of(rule, stored.measured_on, zone)
    if quality.date_of(rule, cohort.known_until, zone) != stored.measured_on:
        yield f"{name} is of no first day of a {rule.period}."
    if stored.recorded_at < cohort.known_until:
        yield f"{name} was taken before its date, at {stored.recorded_at}."
    customers = _customers(sales, partnership.program_id, stored.partnership_id, cohort)
    measured = quality.measure(rule, stored.measured_on, zone, customers)
    if (measured.customers, measured.retained) != (stored.customers, stored.retained):
        yield (
            f"{name} is stored as {stored.retained:,} of {stored.customers:,} customers; "
            f"the facts known then give {measured.retained:,} of {measured.customers:,}."
        )


def _rule(books: Books, stored: QualityMeasure) -> tuple[Quality, str] | None:
    """Return the rule of that name, which is one and the same in all terms ever signed, and its zone."""
    for row in books.terms:
        if row.partnership_id == stored.partnership_id:
            terms = books.terms_of[row.agreement_id]
            for rule in terms.commission.quality_rules:
                if rule.name == stored.rule:
                    return rule, terms.settlement.time_zone
    return None


def _sales(books: Books) -> _Sales:
    of: defaultdict[CustomerKey, list[Conversion]] = defaultdict(list)
    for case in books.cases:
        if case.event == "sale":
            of[case.customer].append(books.conversion[case.id])
    decided_at: defaultdict[UUID, list[datetime]] = defaultdict(list)
    for decision in books.decisions:  # by conversion, the first revision first
        decided_at[decision.conversion_id].append(decision.decided_at)
    return _Sales(
        of=of,
        refunds=grouped(books.refunds, lambda refund: refund.conversion_id),
        decided_at=decided_at,
        credited={(one.conversion_id, one.rev, one.partnership_id) for one in books.credits},
    )


def _customers(sales: _Sales, program_id: UUID, partnership_id: UUID, cohort: Cohort) -> Iterator[Customer]:
    for every in sales.of.values():
        known = [one for one in every if one.recorded_at < cohort.known_until]
        if not known or known[0].program_id != program_id:
            continue
        first, later = known[0], known[1:]
        if not cohort.starts_at <= first.occurred_at < cohort.ends_at:
            continue
        rev = sum(at < cohort.known_until for at in sales.decided_at.get(first.id, ()))
        if (first.id, rev, partnership_id) in sales.credited:
            kept = (one.occurred_at for one in later if not _is_given_back(sales, one, cohort.known_until))
            yield Customer(first.occurred_at, next(kept, None))


def _is_given_back(sales: _Sales, sale: Conversion, until: datetime) -> bool:
    known = [one for one in sales.refunds.get(sale.id, ()) if one.recorded_at < until]
    undone = {one.cancels for one in known}
    given = [one.net_minor for one in known if one.cancels is None and one.refund_id not in undone]
    return bool(given) and sum(given) >= sale.net_minor
