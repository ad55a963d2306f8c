"""What of a receipt each side may see: all of it, or what is common to all and one partner's own."""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from partner_network.attribution import receipt
from partner_network.attribution.facts import Credit, Decision, Touch
from partner_network.attribution.receipt import Common, Facts, Inherited, Leaf, Weighed
from partner_network.kernel import ids

Viewer = str | None
"""The partner whose eyes look, by its id as text; None for the advertiser and the operator, who see all."""


class Part(Struct, frozen=True):
    """One leaf in its place: as a whole, or of another partner's nothing but its hash."""

    n: int
    hash: bytes
    leaf: Leaf | None

    @property
    def text(self) -> str | None:
        """The JSON that was hashed, byte for byte."""
        return None if self.leaf is None else receipt.shown(self.leaf.content).decode()


class Revision(Struct, frozen=True):
    """One decision as it is stored, beside what its receipt says it was made from."""

    rev: int
    decided_at: datetime
    facts: Facts
    content: bytes
    """The facts as they are stored, to the byte."""
    decision: Decision
    salt: bytes
    root: bytes


class Proof(Struct, frozen=True):
    """Whether a receipt's own facts, decided again, give the decision that stands and the root over it."""

    is_decision_same: bool
    is_root_same: bool

    @property
    def holds(self) -> bool:
        """Tell whether both do."""
        return self.is_decision_same and self.is_root_same


class Seen(Struct, frozen=True):
    """One revision as a viewer sees it: every leaf in its order, those of others as hashes."""

    revision: Revision
    viewer: Viewer
    parts: Sequence[Part]
    proof: Proof

    @property
    def common(self) -> Common:
        """What is common to all."""
        leaf = self.parts[0].leaf
        if leaf is None or not isinstance(leaf.content, Common):
            raise ValueError("the first leaf of a receipt is what is common to all")
        return leaf.content

    @property
    def hides_some(self) -> bool:
        """Tell whether leaves of other partners are among them."""
        return any(part.leaf is None for part in self.parts)

    @property
    def weighed(self) -> Sequence[tuple[int, Weighed]]:
        """The candidates that the viewer may see, each with the number of its leaf."""
        return [
            (part.n, part.leaf.content)
            for part in self.parts
            if part.leaf is not None and isinstance(part.leaf.content, Weighed)
        ]

    @property
    def inherited(self) -> Sequence[tuple[int, Inherited]]:
        """The credits handed down by a binding conversion that the viewer may see."""
        return [
            (part.n, part.leaf.content)
            for part in self.parts
            if part.leaf is not None and isinstance(part.leaf.content, Inherited)
        ]

    @property
    def credits(self) -> Sequence[tuple[int, Credit]]:
        """The viewer's credits, each with its place among all credits by partner and touch."""
        return [
            (n, credit)
            for n, credit in enumerate(self.revision.decision.credits)
            if self.viewer in {None, credit.partner}
        ]

    @property
    def partners(self) -> Sequence[str]:
        """The partners whom the viewer may see, by id."""
        touching = {one.touch.partner for _, one in self.weighed if one.touch.partner is not None}
        return sorted(touching | {credit.partner for _, credit in self.credits})


def seen_by(revision: Revision, viewer: Viewer) -> Seen:
    """Return a revision as a viewer sees it, decided again from its own facts.

    A direct visit is nobody's: whoever may see the receipt sees it. Where deciding again gives something
    else, what stands is shown, and the proof says so.
    """
    again = receipt.decide_again(revision.facts)
    proof = _proof(revision, again, viewer)
    decision, leaves = again, receipt.leaves_of(revision.facts, again, revision.salt)
    if not proof.holds:
        # A decision that names not even the touches of its receipt has no leaves: what it should be is shown.
        with contextlib.suppress(ValueError):
            leaves = receipt.leaves_of(revision.facts, revision.decision, revision.salt)
            decision = revision.decision
    parts = [
        Part(n, leaf.hash, leaf if viewer is None or leaf.partner in {None, viewer} else None)
        for n, leaf in enumerate(leaves)
    ]
    return Seen(msgspec.structs.replace(revision, decision=decision), viewer, parts, proof)


def _proof(revision: Revision, again: Decision, viewer: Viewer) -> Proof:
    # A partner's eyes read no credits but its own, so its stored ones are compared with its own part.
    standing = revision.decision
    is_same = (
        again.candidates == standing.candidates
        and again.bound_to == standing.bound_to
        and _of(again.credits, viewer) == _of(standing.credits, viewer)
    )
    root = receipt.root_of(revision.facts, again, revision.salt, revision.content)
    return Proof(is_decision_same=is_same, is_root_same=root == revision.root)


def _of(credits_: Iterable[Credit], viewer: Viewer) -> list[Credit]:
    return [credit for credit in credits_ if viewer in {None, credit.partner}]


def touch_shown(touch_id: str, touch: Touch | None = None) -> str:
    """Return a touch's id as people see it: a click's as its own, of others as a touch's."""
    try:
        uuid = UUID(touch_id)
    except ValueError:
        return touch_id
    is_click = touch is None or touch.kind == "click"
    return ids.shown("clk" if is_click else "tch", uuid)
