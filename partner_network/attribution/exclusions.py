"""Why a touch cannot count, each reason in one sentence with its numbers."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from partner_network.agreements.terms import Evidence, ProgramPolicy
from partner_network.attribution.facts import Conversion, Reach, Touch

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


def for_anyone(touch: Touch, conversion: Conversion, policy: ProgramPolicy) -> Iterator[str]:
    """Yield why a touch counts for nobody, whoever it belongs to; the first reason is the one shown."""
    if touch.program != conversion.program:
        yield "it belongs to another program"
    if touch.at > conversion.at:
        yield f"it came {spoken(touch.at - conversion.at)} after the {conversion.event}"
    excluded = touch.excluded
    if excluded is not None and (excluded not in _REASON_OF or excluded in policy.exclusions):
        yield _REASON_OF.get(excluded, excluded)
    if not touch.consent and "no_consent" in policy.exclusions:
        yield _REASON_OF["no_consent"]
    if policy.customers == "new_only" and not conversion.new_customer:
        yield "it reached an existing customer, and the program credits new ones only"
    if touch.channel == "partner" and evidence_of(touch, conversion) not in policy.evidence:
        yield f"the program does not accept {touch.evidence} as evidence"


def by_agreement(touch: Touch, conversion: Conversion, reach: Reach | None) -> Iterator[str]:
    """Yield why the partner's own agreement does not reach from this touch to the conversion."""
    if reach is None:
        yield "the partner had no agreement"
        return
    if reach.active_from is not None and touch.at < reach.active_from:
        yield f"the partnership was not active yet; it began on {reach.active_from.isoformat()}"
    if reach.ended_at is not None:
        yield from _after_the_end(touch, conversion, reach, reach.ended_at)
    if reach.locked_at is not None and touch.recorded_at >= max(reach.locked_at, _just_after(conversion)):
        recorded, locked = touch.recorded_at.isoformat(), reach.locked_at.isoformat()
        yield f"it was recorded at {recorded}; the lock date was {locked}"
    days = reach.windows.days(touch.kind, conversion.event)
    age = conversion.at - touch.at
    if age.days >= days:
        if touch.kind == "view" and days == 0:
            yield "views do not count under these terms"
        yield f"{VERB_OF[touch.kind]} {spoken(age)} before the {conversion.event}; the window is {days} d"


def _after_the_end(touch: Touch, conversion: Conversion, reach: Reach, ended_at: datetime) -> Iterator[str]:
    if touch.at >= ended_at:
        yield f"the partnership had ended on {ended_at.isoformat()}"
    since, run_off_days = conversion.at - ended_at, reach.windows.run_off_days
    if since >= timedelta(days=run_off_days):
        ended = f"the agreement ended {spoken(since)} before the {conversion.event}"
        yield f"{ended}; its run-off is {run_off_days} d"


def _just_after(conversion: Conversion) -> datetime:
    # What was known when a late conversion was first decided stays part of its decision.
    return conversion.recorded_at + datetime.resolution


def by_code_policy(claimed: Touch, tracked: Mapping[str | None, int], policy: ProgramPolicy) -> Iterator[str]:
    """Yield why a code or self-report takes no part beside the tracked touches that qualified, by partner."""
    if policy.code_policy == "never":
        yield "codes and self-reports do not count in this program"
    if policy.code_policy == "tie_only" and tracked:
        yield f"it counts only without tracked touches, and {sum(tracked.values())} qualified"
    if policy.code_policy == "click_required" and claimed.partner not in tracked:
        yield "it counts only beside a qualifying tracked touch of the same partner, and there is none"


def spoken(span: timedelta) -> str:
    """Return an elapsed time as people say it: days and hours, or minutes and seconds below an hour."""
    minutes, seconds = divmod(span.seconds, 60)
    if span.days == 0 and minutes < _MINUTES_AN_HOUR:
        return f"{minutes} min {seconds:02} s"
    return f"{span.days} d {minutes // _MINUTES_AN_HOUR:02} h"
