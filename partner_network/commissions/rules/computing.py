"""Compute a whole facts file: decide every conversion, then every target of every partner."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from partner_network.agreements.terms import Terms
from partner_network.attribution import deciding
from partner_network.attribution.customers import Customers
from partner_network.attribution.deciding import Decided, TermsOf
from partner_network.attribution.facts_file import AdjustmentRow, ConversionRow, FactsFile, Noun, Programs
from partner_network.commissions.rules import plan, quality, targets
from partner_network.commissions.rules.facts import (
    Adjustment,
    BonusTarget,
    Line,
    Measure,
    Order,
    Refund,
    Target,
    TermsVersion,
)
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.quality import Key
from partner_network.commissions.rules.rates import Rate, Rates
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

Agreement = tuple[str, str]
"""A program and a partner."""


class FactError(InvalidError):
    """A row of the file cannot be priced: which one, and by which of its keys."""

    def __init__(self, detail: str, *, noun: Noun, row: str, key: str) -> None:
        super().__init__(detail)
        self.noun: Noun = noun
        self.row, self.key = row, key


class Computed(Struct, frozen=True):
    """What the file pays: rows that are not zero, with whose they are."""

    decisions: tuple[Decided, ...]
    commissions: tuple[tuple[str, Target], ...]
    bonuses: tuple[tuple[str, BonusTarget], ...]
    donations: tuple[tuple[str, Target], ...] | None = None
    """By the partner whose orders give; None where no terms give to anybody."""

    def by_partner(self) -> dict[str, dict[str, int]]:
        """Return what each partner gets in all, bonuses included, by currency, in minor units."""
        sums: dict[str, dict[str, int]] = {}
        for partner, row in (*self.commissions, *self.bonuses):
            currencies = sums.setdefault(partner, {})
            currencies[row.currency] = currencies.get(row.currency, 0) + row.minor
        return sums


def versions_of(files: Sequence[Terms]) -> list[TermsVersion]:
    """Return the terms files as versions named by the day they begin, `always` if they do not say."""
    return [plan.dated(str(terms.valid_from or "always"), terms) for terms in files]


def compute(facts: FactsFile, versions: Sequence[TermsVersion]) -> Computed:
    """Return every decision, commission and bonus of a facts file, under terms all partners share.

    Units: minor units of the agreements' currency. Errors: InvalidError for facts or terms that cannot be.
    """
    prepared = plan.plan_of(versions)
    first = prepared.versions[0].valid_from
    by_key = {version.key: version.terms for version in versions}
    terms_of = TermsOf(
        lambda at: None if first is not None and at < first else by_key[prepared.version_at(at).key], first
    )
    decided = tuple(deciding.decide_all(facts, terms_of))
    commissions: list[tuple[str, Target]] = []
    bonuses: list[tuple[str, BonusTarget]] = []
    donations: list[tuple[str, Target]] = []
    for (_, partner), orders in sorted(_orders(facts, decided, prepared).items()):
        found = targets.targets(orders, prepared)
        commissions += [(partner, row) for row in found.commissions if row.minor]
        bonuses += [(partner, paid) for paid in found.bonuses]
        donations += [(partner, row) for row in found.donations if row.minor]
    gives = any(version.terms.donations for version in versions)
    return Computed(decided, tuple(commissions), tuple(bonuses), tuple(donations) if gives else None)


def _orders(facts: FactsFile, decided: Iterable[Decided], prepared: Plan) -> dict[Agreement, list[Order]]:
    """Return each partner's orders; one without credit is there for its adjustments alone."""
    told, measures = _Told(facts, prepared), _measures(facts)
    orders: dict[Agreement, list[Order]] = defaultdict(list)
    for one in decided:
        partners = {credit.partner for credit in one.credits}
        partners.update(adjustment.partner for adjustment in told.adjustments[one.row.id])
        for partner in sorted(partners):
            order = told.order(one, partner)
            if known := measures.get((one.program, partner)):
                order = replace(order, measures=quality.own_measures(prepared, order.at, known))
            orders[one.program, partner].append(order)
    return orders


def _measures(facts: FactsFile) -> dict[Agreement, dict[Key, Measure]]:
    programs = Programs(facts)
    measures: dict[Agreement, dict[Key, Measure]] = defaultdict(dict)
    for row in facts.quality:
        measure = Measure(row.rule, row.date, row.customers, row.retained)
        measures[programs.of_quality(row) or "", row.partner][row.rule, row.date] = measure
    return measures


class _Told:
    """What else the file tells of each conversion: refunds, adjustments, the customer's other orders."""

    def __init__(self, facts: FactsFile, prepared: Plan) -> None:
        self._customers, self._converter = Customers(facts), _Converter(facts, prepared)
        self._refunds: dict[str, list[Refund]] = defaultdict(list)
        self.adjustments: dict[str, list[AdjustmentRow]] = defaultdict(list)
        for row in facts.refunds:
            refund = Refund(id=row.id, at=row.at, net_minor=row.net_minor, line=row.line, cancels=row.cancels)
            self._refunds[row.conversion].append(refund)
        for adjustment in facts.adjustments:
            self.adjustments[adjustment.conversion].append(adjustment)

    def order(self, one: Decided, partner: str) -> Order:
        row = one.row
        own = tuple(n for n, credit in enumerate(one.credits) if credit.partner == partner)
        return Order(
            id=row.id,
            event=row.event,
            at=row.at,
            recorded_at=row.recorded_at or row.at,
            customer=row.customer or f"conversion {row.id}",
            currency=row.currency,
            net_minor=row.net_minor,
            new_customer=self._customers.is_new(row),
            order_number=self._customers.order_number(row),
            first_order_at=self._customers.first_order_at(row),
            lines=tuple(
                Line(id=line.id, net_minor=line.net_minor, sku=line.sku, category=line.category)
                for line in row.lines
            ),
            weights=tuple(credit.weight for credit in one.credits) if own else (),
            own=own,
            touched_at=tuple(one.credits[n].touched_at for n in own) if one.decision else (),
            refunds=tuple(self._refunds[row.id]),
            adjustments=tuple(
                Adjustment(id=adjustment.id, minor=adjustment.minor, bonus=adjustment.bonus)
                for adjustment in self.adjustments[row.id]
                if adjustment.partner == partner
            ),
            rejected=not own,
            rate=self._converter.rate_of(row) if own else None,
        )


class _Converter:
    """The file's rates, asked only for orders in another currency than the agreements'."""

    def __init__(self, facts: FactsFile, prepared: Plan) -> None:
        self._rates = Rates(Rate(row.date, row.base, row.quote, Fraction(row.rate)) for row in facts.rates)
        self._currency = prepared.versions[0].settlement.currency
        self._zone = prepared.versions[0].zone

    def rate_of(self, row: ConversionRow) -> Fraction | None:
        if row.currency == self._currency:
            return None
        try:
            return self._rates.at(row.at.astimezone(self._zone).date(), row.currency, self._currency)
        except InvalidError as error:
            told = Sentence("Conversion {id!r}: {detail}", id=row.id, detail=error.sentence)
            raise FactError(told, noun="conversions", row=row.id, key="currency") from None
