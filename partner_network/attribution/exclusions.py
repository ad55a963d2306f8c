"""Why a touch cannot count, each reason in one sentence with its numbers and the clause they come from."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from partner_network.agreements.terms import Evidence, ProgramPolicy
from partner_network.attribution.facts import UNNAMED, Clauses, Conversion, Reach, Touch

VERB_OF = {"click": "clicked", "view": "viewed", "code": "used a code", "self_report": "was named"}
_MINUTES_AN_HOUR = 60
_REASON_OF = {
    "bot": "a bot made it",
    "prefetch": "a browser fetched it ahead; nobody clicked",
    "no_consent": "the customer gave no consent",
    "self_referral": "the customer belongs to the partner itself",
    "stand_down": "the partner's software overwrote another partner's click",
    "test_mode": "it was made in test mode",
}


def evidence_of(touch: Touch, conversion: Conversion) -> Evidence:
    """Return what a touch proves for this conversion: its own click id is a click id, however recorded."""
    return "click_id" if touch.id == conversion.click_id else touch.evidence


def for_anyone(touch: Touch, conversion: Conversion, policy: ProgramPolicy, clauses: Clauses) -> str | None:
    """Return why a touch counts for nobody, whoever it belongs to: the first reason there is."""
    if touch.program != conversion.program:
        return "it belongs to another program" + under(clauses.counted)
    if touch.at > conversion.at:
        after = f"it came {spoken(touch.at - conversion.at)} after the {conversion.event}"
        return after + under(clauses.counted)
    excluded = _excluded(touch, policy)
    if excluded is not None:
        return excluded + under(clauses.exclusions)
    if policy.customers == "new_only" and not conversion.new_customer:
        why = "it reached an existing customer, and the program credits new ones only"
        return why + under(clauses.customers)
    if not touch.is_direct:
        evidence = evidence_of(touch, conversion)
        if evidence not in policy.evidence:
            why = f"the program does not accept {evidence} as evidence"
            return why + under(clauses.evidence)
    return None


def _excluded(touch: Touch, policy: ProgramPolicy) -> str | None:
    excluded = touch.excluded
    if excluded is not None and (excluded not in _REASON_OF or excluded in policy.exclusions):
        return _REASON_OF.get(excluded, excluded)
    return None if touch.consent or "no_consent" not in policy.exclusions else _REASON_OF["no_consent"]


def by_agreement(touch: Touch, conversion: Conversion, reach: Reach | None) -> str | None:
    """Return why the partner's own agreement does not reach from this touch to the conversion."""
    if reach is None:
        return "the partner had no agreement"
    if reach.active_from is not None and touch.at < reach.active_from:
        why = f"the partnership was not active yet; it began on {reach.active_from.isoformat()}"
        return why + under((reach.clauses or UNNAMED).exclusions)
    if reach.ended_at is not None:
        ended = _after_the_end(touch, conversion, reach, reach.ended_at)
        if ended is not None:
            return ended
    return too_late(touch, conversion, reach) or _outside_window(touch, conversion, reach)


def _outside_window(touch: Touch, conversion: Conversion, reach: Reach) -> str | None:
    age, days = conversion.at - touch.at, reach.windows.days(touch.kind, conversion.event)
    if age.days < days:
        return None
    clause = window_clause(touch, conversion, reach)
    if touch.kind == "view" and days == 0:
        return "views do not count under these terms" + under(clause)
    before = f"{VERB_OF[touch.kind]} {spoken(age)} before the {conversion.event}"
    return f"{before}; the window{named('in', clause)} is {days} d"


def _after_the_end(touch: Touch, conversion: Conversion, reach: Reach, ended_at: datetime) -> str | None:
    clauses = reach.clauses or UNNAMED
    if touch.at >= ended_at:
        ended = f"the partnership had ended on {ended_at.isoformat()}"
        return ended + under(clauses.exclusions)
    since, run_off_days = conversion.at - ended_at, reach.windows.run_off_days
    if since >= timedelta(days=run_off_days):
        ended = f"the agreement ended {spoken(since)} before the {conversion.event}"
        return f"{ended}; its run-off{named('in', clauses.run_off)} is {run_off_days} d"
    return None


def too_late(touch: Touch, conversion: Conversion, reach: Reach) -> str | None:
    """Return why a touch was recorded too late to change the decision.

    What was known when a late conversion was first decided stays part of its decision.
    """
    locked_at = reach.locked_at
    if locked_at is None or touch.recorded_at < locked_at or touch.recorded_at <= conversion.recorded_at:
        return None
    of_clause = named("of", (reach.clauses or UNNAMED).lock)
    recorded, locked = touch.recorded_at.isoformat(), locked_at.isoformat()
    return f"it was recorded at {recorded}; the lock date{of_clause} was {locked}"


def of_direct(touch: Touch, conversion: Conversion, winners: Reach) -> str | None:
    """Return why a direct visit cannot take the sale from a partner's touch, under that partner's agreement.

    It is tested by `click_days`, whatever the event, and says neither their number nor the lock date.
    """
    clauses = winners.clauses or UNNAMED
    if too_late(touch, conversion, winners):
        return "a direct visit has no partner, and it was recorded after the lock date" + under(clauses.lock)
    age = conversion.at - touch.at
    if age.days >= winners.windows.click_days:
        why = f"the customer came directly, {spoken(age)} before the {conversion.event}: longer ago than"
        return f"{why} the window of clicks{under(clauses.click_days)}"
    return None


def by_code_policy(
    claimed: Touch, tracked: Mapping[str | None, int], policy: ProgramPolicy, clauses: Clauses
) -> str | None:
    """Return why a code or self-report takes no part beside the tracked touches that qualified."""
    why = None
    if policy.code_policy == "never":
        why = "codes and self-reports do not count in this program"
    elif policy.code_policy == "tie_only" and tracked:
        why = f"it counts only without tracked touches, and {sum(tracked.values())} qualified"
    elif policy.code_policy == "click_required" and claimed.partner not in tracked:
        why = "it counts only beside a qualifying tracked touch of the same partner, and there is none"
    return None if why is None else why + under(clauses.code_policy)


def within(touch: Touch, conversion: Conversion, reach: Reach) -> str:
    """Return the window in which a touch lies."""
    days = reach.windows.days(touch.kind, conversion.event)
    return f"within the window of {days} d{named('in', window_clause(touch, conversion, reach))}"


def window_clause(touch: Touch, conversion: Conversion, reach: Reach) -> str:
    """Return which clause sets the window of a touch of that kind before that event."""
    clauses = reach.clauses or UNNAMED
    if touch.kind == "view":
        return clauses.view_days
    own = getattr(reach.windows.events, conversion.event)
    return clauses.click_days if own is None else clauses.event_days


def named(preposition: str, clause: str) -> str:
    """Return where a number is agreed, to stand behind it; nothing where no clause is known."""
    return f" {preposition} clause {clause}" if clause else ""


def under(clause: str) -> str:
    """Return where a rule is agreed, to stand behind a whole reason."""
    return f" (clause {clause})" if clause else ""


def spoken(span: timedelta) -> str:
    """Return an elapsed time as people say it: days and hours, or minutes and seconds below an hour."""
    minutes, seconds = divmod(span.seconds, 60)
    if span.days == 0 and minutes < _MINUTES_AN_HOUR:
        return f"{minutes} min {seconds:02} s"
    return f"{span.days} d {minutes // _MINUTES_AN_HOUR:02} h"
