"""Decide every conversion of a facts file, under terms that apply to every partner."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction

from msgspec import Struct

from partner_network.agreements.terms import ProgramPolicy, Terms
from partner_network.attribution import rules
from partner_network.attribution.facts import (
    Binding,
    Conversion,
    Credit,
    Decision,
    Reach,
    Touch,
    own_code_touch,
)
from partner_network.attribution.facts_file import ConversionRow, Customers, FactsFile, TouchRow
from partner_network.kernel import periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

_THE_ONLY_PROGRAM = "program"
_EVIDENCE_OF = {"click": "click_id", "view": "cookie", "code": "code", "self_report": "self_report"}


class TermsOf(Struct, frozen=True):
    """Which terms hold at an instant (None: none yet), and from when the agreement does (None: always)."""

    at: Callable[[datetime], Terms | None]
    active_from: datetime | None = None


class Decided(Struct, frozen=True):
    """One conversion of the file with its program and its decision (None: the file states its credits)."""

    row: ConversionRow
    program: str
    credits: tuple[Credit, ...]
    decision: Decision | None


def decide_all(facts: FactsFile, terms_of: TermsOf) -> Iterator[Decided]:
    """Yield every conversion decided, in canonical order. Pure.

    Errors: InvalidError for a conversion whose program cannot be told, or credits that do not sum to one.
    """
    customers, seen = Customers(facts), _Seen(facts)
    bindings: dict[tuple[str, str], Binding] = {}
    for row in sorted(facts.conversions, key=lambda row: (row.at, row.id)):
        program = seen.program_of(row)
        if row.credits:
            yield Decided(row, program, _stated(row), None)
            continue
        terms = terms_of.at(row.at)
        policy = ProgramPolicy() if terms is None else terms.program.attribution
        customer = (program, row.customer or f"conversion {row.id}")
        conversion = Conversion(
            id=row.id,
            program=program,
            event=row.event,
            at=row.at,
            recorded_at=row.recorded_at or row.at,
            new_customer=customers.is_new(row),
            click_id=row.click_id,
            binding=bindings.get(customer),
        )
        reach = None if terms is None else _reach(terms, row.at, terms_of.active_from)
        decision = rules.decide(conversion, seen.candidates_of(conversion, row), policy, lambda _, r=reach: r)
        if terms is not None and policy.binding_months and row.event == "sale" and decision.is_attributed:
            bindings.setdefault(customer, _binding(row, decision, policy, terms))
        yield Decided(row, program, decision.credits, decision)


def _stated(row: ConversionRow) -> tuple[Credit, ...]:
    stated = sorted((one.partner, Fraction(one.weight)) for one in row.credits)
    if sum(weight for _, weight in stated) != 1:
        raise InvalidError(Sentence("The credits of conversion {id!r} do not sum to 1.", id=row.id))
    return tuple(Credit(partner, "", row.at, weight) for partner, weight in stated)


def _reach(terms: Terms, at: datetime, active_from: datetime | None) -> Reach:
    zone = periods.zone_named(terms.settlement.time_zone)
    locked_at = periods.lock_at(at, terms.settlement.lock, zone)
    return Reach(windows=terms.windows, active_from=active_from, locked_at=locked_at)


def _binding(row: ConversionRow, decision: Decision, policy: ProgramPolicy, terms: Terms) -> Binding:
    zone = periods.zone_named(terms.settlement.time_zone)
    return Binding(row.id, row.at, periods.add_months(row.at, policy.binding_months, zone), decision.credits)


class _Seen:
    """The touches of the file by whom they reached, and the names of its programs and codes."""

    def __init__(self, facts: FactsFile) -> None:
        self._programs = {
            row.program for row in (*facts.touches, *facts.conversions) if row.program is not None
        }
        self._rows: Mapping[str, TouchRow] = {row.id: row for row in facts.touches}
        self._by_customer: dict[str, list[TouchRow]] = defaultdict(list)
        self._owner_of: dict[str, str] = {}
        for row in facts.touches:
            if row.customer is not None:
                self._by_customer[row.customer].append(row)
            owner = row.partner
            if row.code and owner and self._owner_of.setdefault(row.code, owner) != owner:
                raise InvalidError(Sentence("The code {code!r} belongs to two partners.", code=row.code))

    def _only_program(self, noun: str, name: str) -> str:
        if len(self._programs) > 1:
            raise InvalidError(
                Sentence(
                    "{fact} does not say its program, and the file names several.",
                    fact=Sentence("Conversion {name!r}", name=name)
                    if noun == "Conversion"
                    else Sentence("Touch {name!r}", name=name),
                )
            )
        return next(iter(self._programs), _THE_ONLY_PROGRAM)

    def program_of(self, row: ConversionRow) -> str:
        """Return the conversion's program: its own, else its click's, else the only one."""
        click = self._rows.get(row.click_id or "")
        program = row.program or (click.program if click else None)
        return program or self._only_program("Conversion", row.id)

    def candidates_of(self, conversion: Conversion, row: ConversionRow) -> list[Touch]:
        """Return the touches of the conversion's customer, its own click's and its own code's."""
        rows = list(self._by_customer.get(row.customer or "", ()))
        click = self._rows.get(row.click_id or "")
        if click is not None:
            rows.append(click)
        touches = [self._touch(one) for one in rows]
        owner = self._owner_of.get(row.code or "")
        if owner is not None:
            touches.append(own_code_touch(conversion, owner))
        return touches

    def _touch(self, row: TouchRow) -> Touch:
        evidence = row.evidence or _EVIDENCE_OF[row.kind]
        return Touch(
            id=row.id,
            partner=row.partner,
            program=row.program or self._only_program("Touch", row.id),
            at=row.at,
            recorded_at=row.recorded_at or row.at,
            kind=row.kind,
            evidence=evidence,  # pyright: ignore[reportArgumentType]  # the table's values are of that kind
            channel=row.channel,
            consent=row.consent,
            excluded=row.excluded,
        )
