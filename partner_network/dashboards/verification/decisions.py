"""Decisions: every conversion decided again from its touches and the terms that were signed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from partner_network.attribution import walk
from partner_network.attribution.cases import Case, Known, Outcome
from partner_network.attribution.facts import Candidate
from partner_network.dashboards.verification import kinds, knowledge
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Credit, Decision
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.knowledge import TermsKnown


class _Own(Struct, frozen=True):
    """One conversion while its decisions are compared: what is known of it alone."""

    name: Callable[[], str]
    outcome: Outcome
    known: Known
    terms: TermsKnown
    too_old: datetime


_candidates = msgspec.json.Decoder(tuple[Candidate, ...])
_INSTANT = timedelta(microseconds=1)

Credits: TypeAlias = frozenset[tuple[str, UUID, datetime, Fraction]]


class _Said(Struct, frozen=True):
    """What a decision says that moves money."""

    outcome: str
    bound_to: UUID | None
    program_version_id: UUID
    model: str
    credits: Credits


def check(books: Books) -> Kind:
    """Decide every conversion again and compare outcome, credits and candidates with what is stored.

    The decision that stands must be what all facts say today; each earlier one, and every list of
    candidates, what was known when it was made. Where a program looks back at earlier purchases, earlier
    decisions and lists of candidates depend on more than one conversion and are not compared.
    """
    waiting = {one.conversion_id for one in books.waiting if one.partnership_id is None}
    found = "decided again, all alike" + kinds.more(len(waiting), "conversion", "to be decided")
    return kinds.compared("decisions", len(books.decisions), found, _differences(books, waiting))


def _differences(books: Books, waiting: set[UUID]) -> Iterator[str]:
    known = knowledge.known_now(books)
    widest, terms = knowledge.widest_windows(books), TermsKnown(books)
    decisions = grouped(books.decisions, lambda decision: decision.conversion_id)
    stored = grouped(books.credits, lambda credit: (credit.conversion_id, credit.rev))

    def booked(decision: Decision) -> _Said:
        return _booked(decision, stored.get((decision.conversion_id, decision.rev), []))

    for outcome, found in zip(walk.decide_in_order(books.cases, known), known.touches, strict=True):
        name = partial(books.order_name, outcome.case.id)
        of_case = decisions.get(outcome.case.id, [])
        if outcome.case.id in waiting:
            continue
        if not of_case:
            yield f"The {name()} was never decided; {_spoken(_said(outcome))} is due."
            continue
        stands, due = booked(of_case[-1]), _said(outcome)
        if stands != due:
            yield f"The decision on the {name()} is {_spoken(stands)}; the facts give {_spoken(due)}."
        if not outcome.version.looks_back:
            too_old = outcome.case.occurred_at - widest.get(outcome.case.program_id, timedelta())
            decided = [(decision, booked(decision)) for decision in of_case]
            own = _Own(name, outcome, msgspec.structs.replace(known, touches=[found]), terms, too_old)
            yield from _as_known(own, decided)


def _as_known(own: _Own, decided: Sequence[tuple[Decision, _Said]]) -> Iterator[str]:
    """Compare each decision on one conversion with what was known when it was made."""
    for decision, booked in decided:
        listed = _listed(decision)
        if decision is decided[-1][0] and _is_all(listed, own.outcome, own.too_old):
            continue
        again = list(_decided_then(own, decision.decided_at))
        which = f"Decision {decision.rev} on the {own.name()}"
        if not any(_is_all(listed, one, own.too_old) for one in again):
            yield f"{which} lists other candidates than were known at {decision.decided_at}."
        if booked not in [_said(one) for one in again]:
            yield f"{which} is {_spoken(booked)}; what was known then gives {_spoken(_said(again[0]))}."


def _decided_then(own: _Own, at: datetime) -> Iterator[Outcome]:
    """Decide by what was known at an instant.

    A clock that stands still cannot tell whether a touch came, or terms were signed, before the decision or
    after it.
    """
    for known in (own.known.partnerships, own.terms.at(at), own.terms.at(at - _INSTANT)):
        by_terms = msgspec.structs.replace(own.known, partnerships=known)
        for until in (at, at - _INSTANT):
            yield _decided(own.outcome.case, by_terms, until)


def _is_all(listed: tuple[Candidate, ...] | None, outcome: Outcome, too_old: datetime) -> bool:
    """Tell whether a decision lists every candidate; one too old for any window it may leave out."""
    if listed is None or listed == outcome.decision.candidates:
        return listed is not None
    names = {candidate.touch for candidate in listed}
    return listed == tuple(
        one
        for one in outcome.decision.candidates
        if one.touch in names or one.verdict != "excluded" or one.at > too_old
    )


def _listed(decision: Decision) -> tuple[Candidate, ...] | None:
    try:
        return _candidates.decode(decision.candidates)
    except msgspec.DecodeError:
        return None


def _decided(case: Case, known: Known, until: datetime) -> Outcome:
    in_time = [one for one in known.touches[0] if one.touch.recorded_at <= until]
    return next(walk.decide_in_order([case], msgspec.structs.replace(known, touches=[in_time])))


def _said(outcome: Outcome) -> _Said:
    return _Said(
        "attributed" if outcome.decision.is_attributed else "unattributed",
        outcome.bound_to,
        outcome.version.id,
        outcome.decision.model,
        frozenset(
            (one.touch, outcome.partnership_of[one.touch], one.touched_at, one.weight)
            for one in outcome.decision.credits
        ),
    )


def _booked(decision: Decision, stored: Iterable[Credit]) -> _Said:
    return _Said(
        decision.outcome,
        decision.bound_to,
        decision.program_version_id,
        decision.model,
        frozenset((str(one.touch_id), one.partnership_id, one.touched_at, one.weight) for one in stored),
    )


def _spoken(said: _Said) -> str:
    shares = ", ".join(
        f"{weight} to partnership {partnership_id} for touch {touch} of {touched_at}"
        for touch, partnership_id, touched_at, weight in sorted(said.credits)
    )
    bound = "" if said.bound_to is None else f", bound to conversion {said.bound_to}"
    return (
        f"{said.outcome} by {said.model} of version {said.program_version_id}: {shares or 'nothing'}{bound}"
    )
