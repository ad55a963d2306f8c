"""What a revision of a decision changed, as far as it is a viewer's own."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from partner_network.attribution.facts import Verdict
from partner_network.receipts.rules.seen import Revision, Viewer


class Outcome(Struct, frozen=True):
    """What a revision said of one touch; the weight is an exact fraction, like ``1/3``."""

    verdict: Verdict
    reason: str
    weight: str | None


class Change(Struct, frozen=True):
    """One touch that came, went, or whose outcome differs from the revision before."""

    touch: str
    what: Literal["came", "went", "differs"]
    before: Outcome | None
    after: Outcome | None


def outcomes_of(revision: Revision, viewer: Viewer) -> Mapping[str, Outcome]:
    """Return by touch what a revision said of the candidates that a viewer may see."""
    decision = revision.decision
    weight_of = {} if decision.bound_to else {one.touch: str(one.weight) for one in decision.credits}
    return {
        one.touch: Outcome(one.verdict, one.reason, weight_of.get(one.touch))
        for one in decision.candidates
        if viewer is None or one.partner in {None, viewer}
    }


def changes(before: Revision, after: Revision, viewer: Viewer) -> Sequence[Change]:
    """Return what the later of two revisions changed for a viewer, by touch in the order of the touches."""
    was, now = outcomes_of(before, viewer), outcomes_of(after, viewer)
    found: list[Change] = []
    for touch, outcome in now.items():
        if touch not in was:
            found.append(Change(touch, "came", None, outcome))
        elif was[touch] != outcome:
            found.append(Change(touch, "differs", was[touch], outcome))
    found += [Change(touch, "went", outcome, None) for touch, outcome in was.items() if touch not in now]
    return found
