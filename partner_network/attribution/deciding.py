"""Decide every conversion of a facts file, under terms that apply to every partner."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from zoneinfo import ZoneInfo

from msgspec import Struct

from partner_network.agreements.terms import Evidence, ProgramPolicy, Terms, TouchKind
from partner_network.attribution import rules
from partner_network.attribution.customers import Customers
from partner_network.attribution.facts import (
    Binding,
    Clauses,
    Conversion,
    Credit,
    Decision,
    Reach,
    Touch,
    own_code_touch,
)
from partner_network.attribution.facts_file import ConversionRow, FactsFile, Programs, TouchRow
from partner_network.kernel import periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

_EVIDENCE_OF: Mapping[TouchKind, Evidence] = MappingProxyType(
    {"click": "click_id", "view": "cookie", "code": "code", "self_report": "self_report"}
)


class TermsOf(Struct, frozen=True):
    """Which terms hold at an instant (None: none yet), and from when the agreement does (None: always).

    `policy` chooses among touches before any terms hold; `clauses` are those that reasons name.
    """

    at: Callable[[datetime], Terms | None]
    active_from: datetime | None = None
    policy: ProgramPolicy = ProgramPolicy()
    clauses: Clauses | None = None


class Decided(Struct, frozen=True):
    """One conversion of the file with its program and its decision (None: the file states its credits).

    The decision was made from `conversion`, `touches` in canonical order, `policy` and `reach`, which is the
    same for every partner.
    """

    row: ConversionRow
    program: str
    credits: tuple[Credit, ...]
    decision: Decision | None
    conversion: Conversion | None = None
    touches: tuple[Touch, ...] = ()
    policy: ProgramPolicy | None = None
    reach: Reach | None = None


class _Bond(Struct, frozen=True, gc=False):
    """A customer's attributed sale, whose credits later conversions may inherit."""

    conversion: str
    at: datetime
    recorded_at: datetime
    zone: ZoneInfo
    credits: tuple[Credit, ...]


def decide_all(facts: FactsFile, terms_of: TermsOf) -> Iterator[Decided]:
    """Yield every conversion decided, in canonical order. Pure.

    Errors: InvalidError for a conversion whose program cannot be told, or credits that do not sum to one.
    """
    customers, seen = Customers(facts), _Seen(facts)
    bonds: dict[tuple[str, str], list[_Bond]] = defaultdict(list)
    for row in sorted(facts.conversions, key=lambda row: (row.at, row.id)):
        program = seen.program_of(row)
        if row.credits:
            yield Decided(row, program, _stated(row), None)
            continue
        terms = terms_of.at(row.at)
        policy = terms_of.policy if terms is None else terms.program.attribution
        reach = None if terms is None else _reach(terms, row.at, terms_of)
        customer = (program, row.customer or f"conversion {row.id}")
        conversion = Conversion(
            id=row.id,
            program=program,
            event=row.event,
            at=row.at,
            recorded_at=row.recorded_at or row.at,
            new_customer=customers.is_new(row),
            click_id=row.click_id,
            binding=_binding(bonds[customer], row, policy, reach) if policy.binding_months else None,
        )
        touches = rules.distinct(seen.candidates_of(conversion, row))
        decision = rules.decide(conversion, touches, policy, lambda _, r=reach: r)
        if terms is not None and row.event == "sale" and decision.is_attributed:
            zone = periods.zone_named(terms.settlement.time_zone)
            bonds[customer].append(_Bond(row.id, row.at, conversion.recorded_at, zone, decision.credits))
        yield Decided(row, program, decision.credits, decision, conversion, tuple(touches), policy, reach)


def _stated(row: ConversionRow) -> tuple[Credit, ...]:
    stated = sorted((one.partner, Fraction(one.weight)) for one in row.credits)
    if sum(weight for _, weight in stated) != 1:
        raise InvalidError(Sentence("The credits of conversion {id!r} do not sum to 1.", id=row.id))
    return tuple(Credit(partner, "", row.at, weight) for partner, weight in stated)


def _reach(terms: Terms, at: datetime, terms_of: TermsOf) -> Reach:
    zone = periods.zone_named(terms.settlement.time_zone)
    return Reach(
        windows=terms.windows,
        active_from=terms_of.active_from,
        locked_at=periods.lock_at(at, terms.settlement.lock, zone),
        clauses=terms_of.clauses,
    )


def _binding(
    bonds: Iterable[_Bond], row: ConversionRow, policy: ProgramPolicy, reach: Reach | None
) -> Binding | None:
    """Return the first attributed sale, of those that were recorded in time to bind this conversion."""
    locked_at = None if reach is None else reach.locked_at
    for bond in bonds:
        if bond.recorded_at <= (row.recorded_at or row.at) or (locked_at and bond.recorded_at < locked_at):
            until = periods.add_months(bond.at, policy.binding_months, bond.zone)
            return Binding(bond.conversion, bond.at, until, bond.credits)
    return None


class _Seen:
    """The touches of the file by whom they reached, and the names of its programs and codes."""

    def __init__(self, facts: FactsFile) -> None:
        self._programs = Programs(facts)
        self._rows = {row.id: row for row in facts.touches}
        self._touches: dict[str, Touch] = {}
        self._by_customer: dict[str, list[TouchRow]] = defaultdict(list)
        self._owner_of: dict[tuple[str | None, str], str] = {}
        for row in facts.touches:
            if row.customer:
                self._by_customer[row.customer].append(row)
            if row.code and row.partner:
                self._owner_of[self._programs.of_touch(row), row.code] = row.partner

    def program_of(self, row: ConversionRow) -> str:
        """Return the conversion's program: its own, else its click's, else the only one."""
        return _told(self._programs.of(row), "Conversion", row.id)

    def candidates_of(self, conversion: Conversion, row: ConversionRow) -> Iterator[Touch]:
        """Yield the touches of the conversion's customer, its own click's and its own code's."""
        rows = self._by_customer.get(row.customer or "", ())
        yield from map(self._touch, rows)
        click = self._rows.get(row.click_id or "")
        if click is not None:
            yield self._touch(click)
        if row.code:
            owner = self._owner_of.get((conversion.program, row.code))
            if owner is not None:
                yield own_code_touch(conversion, owner)

    def _touch(self, row: TouchRow) -> Touch:
        known = self._touches.get(row.id)
        if known is None:
            known = self._touches[row.id] = Touch(
                id=row.id,
                partner=row.partner or None,
                program=_told(self._programs.of_touch(row), "Touch", row.id),
                at=row.at,
                recorded_at=row.recorded_at or row.at,
                kind=row.kind,
                evidence=row.evidence or _EVIDENCE_OF[row.kind],
                channel=row.channel,
                consent=row.consent,
                excluded=row.excluded or None,
            )
        return known


def _told(program: str | None, noun: str, name: str) -> str:
    if program is not None:
        return program
    fact = (
        Sentence("Conversion {name!r}", name=name)
        if noun == "Conversion"
        else Sentence("Touch {name!r}", name=name)
    )
    raise InvalidError(Sentence("{fact} does not say its program, and the file names several.", fact=fact))
