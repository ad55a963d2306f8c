"""Decide who gets a conversion, and say of every candidate why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from msgspec import Struct

from partner_network.agreements.terms import ProgramPolicy
from partner_network.attribution import exclusions, weights
from partner_network.attribution.exclusions import VERB_OF, spoken
from partner_network.attribution.facts import (
    Candidate,
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
    binding = conversion.binding
    if program_policy.binding_months and binding and binding.at <= conversion.at < binding.until:
        reason = f"conversion {binding.conversion} binds this customer until {binding.until.isoformat()}"
        bound = tuple(_candidate(touch, "not_credited", reason) for touch in ordered)
        return Decision(conversion.id, program_policy.model, binding.credits, bound, binding.conversion)
    case = _Case(conversion, program_policy, windows_of, {}, {})
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


def distinct(touches: Iterable[Touch]) -> list[Touch]:
    """Return touches in canonical order, each once: of two by one id the one that was recorded first."""
    ordered = sorted(touches, key=_CANONICAL)
    if len(ordered) > 1:
        first_of = {touch.id: touch for touch in reversed(ordered)}
        ordered = list(first_of.values())[::-1]
    return ordered


def _candidate(touch: Touch, verdict: Verdict, reason: str) -> Candidate:
    return Candidate(touch.id, touch.partner, touch.at, touch.kind, verdict, reason)


def _sifted(ordered: Iterable[Touch], case: _Case) -> tuple[list[Touch], list[Touch]]:
    """Return the partners' touches that qualify and the direct visits, noting why the others do not."""
    eligible: list[Touch] = []
    direct: list[Touch] = []
    for touch in ordered:
        if case.is_out(touch, next(exclusions.for_anyone(touch, case.conversion, case.policy), None)):
            continue
        if touch.partner is None or touch.channel == "direct":
            direct.append(touch)
            continue
        reach = case.reach_of(touch.partner)
        if not case.is_out(touch, next(exclusions.by_agreement(touch, case.conversion, reach), None)):
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
        or not case.is_out(touch, next(exclusions.by_code_policy(touch, tracked, case.policy), None))
    ]


def _one_touch(taking_part: Sequence[Touch], direct: Sequence[Touch], case: _Case) -> list[Credit]:
    """Credit the first or last touch of the strongest evidence; in last_click a later direct visit wins."""
    evidence, pool = _strongest(taking_part, case)
    is_first = case.policy.model == "first_click"
    winner = pool[0] if is_first else pool[-1]
    for touch in pool:
        which = "an earlier" if is_first else "a later"
        apart = spoken(abs(touch.at - winner.at))
        case.outcomes[touch.id] = ("not_credited", f"{which} touch decides, {apart} apart")
    partner = winner.partner or ""
    reach = case.reach_of(partner)
    if case.policy.model == "last_click" and _is_beaten_by_direct(winner, direct, reach, case):
        return []
    days = reach.windows.days(winner.kind, case.conversion.event) if reach else 0
    place = f"the {'first' if is_first else 'last'} of {len(pool)} by {evidence}"
    case.outcomes[winner.id] = ("credited", f"{case.age(winner)}, within the window of {days} d: {place}")
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
            case.outcomes[touch.id] = ("not_credited", why_not)
    return order[best], pool


def _is_beaten_by_direct(winner: Touch, direct: Sequence[Touch], reach: Reach | None, case: _Case) -> bool:
    """Tell whether a direct visit within the winner's `click_days` came after it, and note so."""
    days = reach.windows.click_days if reach else 0
    ordered_at = case.conversion.at
    later = [
        touch
        for touch in direct
        if _CANONICAL(touch) > _CANONICAL(winner) and (ordered_at - touch.at).days < days
    ]
    if not later:
        return False
    last = later[-1]
    gap, before = spoken(last.at - winner.at), spoken(ordered_at - last.at)
    case.outcomes[winner.id] = ("not_credited", f"a direct visit came {gap} later, so nobody is credited")
    why = f"the customer came directly, {before} before the {case.conversion.event}: nobody is credited"
    case.outcomes[last.id] = ("not_credited", why)
    return True


def _many_touches(taking_part: Sequence[Touch], case: _Case) -> list[Credit]:
    """Share the conversion among all touches that take part, by the model's exact weights."""
    shared = weights.shared([touch.at for touch in taking_part], case.conversion.at, case.policy)
    credited: list[Credit] = []
    for position, (touch, weight) in enumerate(zip(taking_part, shared, strict=True), start=1):
        verdict: Verdict = "credited" if weight else "not_credited"
        place = f"{case.age(touch)}, {position} of {len(taking_part)}"
        case.outcomes[touch.id] = (verdict, f"{place}: weight {weight}")
        if weight:
            credited.append(Credit(touch.partner or "", touch.id, touch.at, weight))
    credited.sort(key=lambda credit: (credit.partner, credit.touch))
    return credited


def _judge_direct(direct: Iterable[Touch], case: _Case) -> None:
    for touch in direct:
        if case.policy.model != "last_click":
            case.outcomes[touch.id] = ("excluded", "a direct visit has no partner")
        elif touch.id not in case.outcomes:
            case.outcomes[touch.id] = (
                "not_credited",
                "a direct visit has no partner, and it did not come last",
            )
