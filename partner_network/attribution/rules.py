"""Decide who gets a conversion, and say of every candidate why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from msgspec import Struct

from partner_network.agreements.terms import ProgramPolicy
from partner_network.attribution import exclusions, weights
from partner_network.attribution.exclusions import VERB_OF, spoken, under
from partner_network.attribution.facts import (
    UNNAMED,
    Binding,
    Candidate,
    Clauses,
    Conversion,
    Credit,
    Decision,
    Reach,
    Touch,
    Verdict,
    WindowsOf,
)

_CANONICAL = attrgetter("at", "recorded_at", "id")
_TRACKED = frozenset({"click_id", "cookie"})
_ONE_TOUCH = frozenset({"last_click", "last_non_direct", "first_click"})


class _Case(Struct):
    """One conversion while it is decided: what is known, and the outcome of each touch so far."""

    conversion: Conversion
    policy: ProgramPolicy
    windows_of: WindowsOf
    reaches: dict[str, Reach | None]
    outcomes: dict[str, tuple[Verdict, str]]

    def reach_of(self, partner: str) -> Reach | None:
        if partner not in self.reaches:
            self.reaches[partner] = self.windows_of(partner)
        return self.reaches[partner]

    def clauses_of(self, touch: Touch) -> Clauses:
        """Return the clauses that the touch's partner agreed to, to be named; a direct visit has none."""
        reach = None if touch.partner is None else self.reach_of(touch.partner)
        return UNNAMED if reach is None or reach.clauses is None else reach.clauses

    def is_out(self, touch: Touch, why_not: str | None) -> bool:
        """Note an exclusion, if there is one, and tell whether there is."""
        if why_not is not None:
            self.outcomes[touch.id] = ("excluded", why_not)
        return why_not is not None

    def age(self, touch: Touch) -> str:
        before = spoken(self.conversion.at - touch.at)
        return f"{VERB_OF[touch.kind]} {before} before the {self.conversion.event}"


def decide(
    conversion: Conversion, touches: Iterable[Touch], program_policy: ProgramPolicy, windows_of: WindowsOf
) -> Decision:
    """Say which partners get a conversion, by exact weights, and why each candidate did or did not.

    Pure and total: the order in which touches come, and touches given twice, change nothing. Windows and
    ages are elapsed time, half-open. Source: MONEY, section 3.
    """
    ordered = distinct(touches)
    case = _Case(conversion, program_policy, windows_of, {}, {})
    binding = conversion.binding
    if program_policy.binding_months and binding and binding.at <= conversion.at < binding.until:
        return _bound(ordered, binding, case)
    eligible, direct = _sifted(ordered, case)
    taking_part = _by_code_policy(eligible, case)
    if not taking_part:
        credited: list[Credit] = []
    elif program_policy.model in _ONE_TOUCH:
        credited = _one_touch(taking_part, direct, case)
    else:
        credited = _many_touches(taking_part, case)
    _judge_direct(direct, case)
    candidates = tuple(_candidate(touch, *case.outcomes[touch.id]) for touch in ordered)
    return Decision(conversion.id, program_policy.model, tuple(credited), candidates)


def _bound(ordered: Iterable[Touch], binding: Binding, case: _Case) -> Decision:
    """Hand down the credits of the sale that binds the customer; the candidates change nothing."""
    why = f"conversion {binding.conversion} binds this customer until {binding.until.isoformat()}"
    candidates = tuple(
        _candidate(touch, "not_credited", why + under(case.clauses_of(touch).binding)) for touch in ordered
    )
    return Decision(case.conversion.id, case.policy.model, binding.credits, candidates, binding.conversion)


def distinct(touches: Iterable[Touch]) -> list[Touch]:
    """Return touches in canonical order, each once: of two by one id the one that was recorded first."""
    ordered = sorted(touches, key=_CANONICAL)
    if len(ordered) > 1:
        first_of: dict[str, Touch] = {}
        for touch in ordered:  # each stands where it was recorded first, also among touches of one instant
            first_of.setdefault(touch.id, touch)
        ordered = list(first_of.values())
    return ordered


def _candidate(touch: Touch, verdict: Verdict, reason: str) -> Candidate:
    return Candidate(touch.id, touch.partner, touch.at, touch.kind, verdict, reason)


def _sifted(ordered: Iterable[Touch], case: _Case) -> tuple[list[Touch], list[Touch]]:
    """Return the partners' touches that qualify and the direct visits, noting why the others do not."""
    eligible: list[Touch] = []
    direct: list[Touch] = []
    conversion, policy = case.conversion, case.policy
    for touch in ordered:
        if case.is_out(touch, exclusions.for_anyone(touch, conversion, policy, case.clauses_of(touch))):
            continue
        if touch.partner is None or touch.is_direct:
            direct.append(touch)
        elif not case.is_out(touch, exclusions.by_agreement(touch, conversion, case.reach_of(touch.partner))):
            eligible.append(touch)
    return eligible, direct


def _by_code_policy(eligible: list[Touch], case: _Case) -> list[Touch]:
    """Return the touches that take part; claimed ones (codes, self-reports) only as the program says."""
    if case.policy.code_policy == "always":
        return eligible
    conversion = case.conversion
    claimed = {touch.id for touch in eligible if exclusions.evidence_of(touch, conversion) not in _TRACKED}
    if not claimed:
        return eligible
    tracked = Counter(touch.partner for touch in eligible if touch.id not in claimed)
    return [
        touch
        for touch in eligible
        if touch.id not in claimed
        or not case.is_out(
            touch, exclusions.by_code_policy(touch, tracked, case.policy, case.clauses_of(touch))
        )
    ]


def _one_touch(taking_part: Sequence[Touch], direct: Sequence[Touch], case: _Case) -> list[Credit]:
    """Credit the first or last touch of the strongest evidence; in last_click a later direct visit wins."""
    evidence, pool = _strongest(taking_part, case)
    is_first = case.policy.model == "first_click"
    winner = pool[0] if is_first else pool[-1]
    partner = winner.partner or ""
    reach = case.reach_of(partner)
    if case.policy.model == "last_click" and _is_beaten_by_direct(winner, pool, direct, case):
        return []
    which = "an earlier" if is_first else "a later"
    for touch in pool:
        if touch is not winner:
            why = f"{which} touch decides"
            if touch.partner == winner.partner:
                why += f", {spoken(abs(touch.at - winner.at))} apart"
            else:
                # Its partner reads this: by how far they lie apart it could tell when the other's was.
                why = f"{case.age(touch)}; {why}"
            case.outcomes[touch.id] = ("not_credited", why + under(case.clauses_of(touch).model))
    place = f"the {'first' if is_first else 'last'} of {len(pool)} by {evidence}"
    within = exclusions.within(winner, case.conversion, reach) if reach else ""
    why = f"{case.age(winner)}, {within}: {place}{under(case.clauses_of(winner).model)}"
    case.outcomes[winner.id] = ("credited", why)
    return [Credit(partner, winner.id, winner.at, weights.WHOLE)]


def _strongest(taking_part: Sequence[Touch], case: _Case) -> tuple[str, list[Touch]]:
    """Return the strongest evidence class and its touches, noting what was weaker."""
    order = case.policy.evidence
    ranks = [order.index(exclusions.evidence_of(touch, case.conversion)) for touch in taking_part]
    best = min(ranks)
    pool: list[Touch] = []
    for touch, rank in zip(taking_part, ranks, strict=True):
        if rank == best:
            pool.append(touch)
        else:
            why_not = f"{order[rank]} is weaker evidence than {order[best]}, which decides"
            why_not += under(case.clauses_of(touch).evidence)
            case.outcomes[touch.id] = ("not_credited", why_not)
    return order[best], pool


def _is_beaten_by_direct(winner: Touch, pool: Iterable[Touch], direct: Iterable[Touch], case: _Case) -> bool:
    """Tell whether a direct visit, as the winner's agreement counts them, came after it, and note so.

    Everybody may read why a direct visit did not count, so it says nothing of what the winner agreed.
    """
    reach, clauses, last = case.reach_of(winner.partner or ""), case.clauses_of(winner), None
    for touch in direct:
        if reach is None or case.is_out(touch, exclusions.of_direct(touch, case.conversion, reach)):
            continue
        why = f"a direct visit has no partner, and it did not come last{under(clauses.model)}"
        case.outcomes[touch.id] = ("not_credited", why)
        if _CANONICAL(touch) > _CANONICAL(winner):
            last = touch
    if last is None:
        return False
    for touch in pool:
        why = f"a direct visit came {spoken(last.at - touch.at)} later, so nobody is credited"
        case.outcomes[touch.id] = ("not_credited", why + under(case.clauses_of(touch).model))
    before = spoken(case.conversion.at - last.at)
    why = f"the customer came directly, {before} before the {case.conversion.event}: nobody is credited"
    case.outcomes[last.id] = ("not_credited", why + under(clauses.model))
    return True


def _many_touches(taking_part: Sequence[Touch], case: _Case) -> list[Credit]:
    """Share the conversion among all touches that take part, by the model's exact weights."""
    shared = weights.shared([touch.at for touch in taking_part], case.conversion.at, case.policy)
    credited: list[Credit] = []
    for position, (touch, weight) in enumerate(zip(taking_part, shared, strict=True), start=1):
        verdict: Verdict = "credited" if weight else "not_credited"
        place = f"{case.age(touch)}, {position} of {len(taking_part)}"
        case.outcomes[touch.id] = (
            verdict,
            f"{place}: weight {weight}{under(case.clauses_of(touch).model)}",
        )
        if weight:
            credited.append(Credit(touch.partner or "", touch.id, touch.at, weight))
    credited.sort(key=lambda credit: (credit.partner, credit.touch))
    return credited


def _judge_direct(direct: Iterable[Touch], case: _Case) -> None:
    for touch in direct:
        if case.policy.model != "last_click":
            case.outcomes[touch.id] = ("excluded", "a direct visit has no partner")
        elif touch.id not in case.outcomes:
            why = "a direct visit has no partner, and no touch of a partner counts"
            case.outcomes[touch.id] = ("not_credited", why)
