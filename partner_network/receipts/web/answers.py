"""A receipt as JSON: what its reader may see, and what it takes to check it."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.terms import Evidence, Model, TouchKind
from partner_network.attribution.facts import Verdict
from partner_network.attribution.receipt import Inherited, Weighed
from partner_network.kernel import ids
from partner_network.receipts.composed import Composed
from partner_network.receipts.rules.changes import Change
from partner_network.receipts.rules.seen import Part, touch_shown

ANOTHER_PARTNER = "another partner"


class CandidateAnswer(Struct, frozen=True):
    """A touch that was looked at, the verdict and why; `leaf` is the number of its leaf."""

    leaf: int
    partner: str | None
    """A brand's id; null for a direct visit."""
    touch: str
    at: datetime
    recorded_at: datetime
    kind: TouchKind
    evidence: Evidence
    verdict: Verdict
    reason: str
    clause: str | None
    agreement: str | None
    weight: str | None


class CreditAnswer(Struct, frozen=True):
    """An exact part of the conversion, and what it is of the net after refunds, in minor units."""

    partner: str
    touch: str
    touched_at: datetime
    weight: str
    share_minor: int


class CommissionAnswer(Struct, frozen=True):
    """What a partner earns on the conversion by one component, as it stands now, in minor units."""

    partner: str
    component: str
    currency: str
    amount_minor: int
    clause: str | None
    agreement: str
    matures_at: datetime
    matured_at: datetime | None
    statement: str | None


class RefundAnswer(Struct, frozen=True):
    """Money given back, in the order's currency and minor units."""

    at: datetime
    recorded_at: datetime
    net_minor: int


class RevisionAnswer(Struct, frozen=True):
    """One decision, its root, and what it changed of what its reader may see; null for the first."""

    rev: int
    decided_at: datetime
    policy_version: int
    root: str
    changes: list[Change] | None


class LeafAnswer(Struct, frozen=True):
    """One leaf: the very text that was hashed and its salt, or of another partner's the hash alone."""

    n: int
    whose: str
    hash: str
    content: str | None
    salt: str | None


class ProofAnswer(Struct, frozen=True):
    """Whether deciding again from the receipt's own facts gives the same decision and the same root."""

    decided_again_is_same: bool
    root_is_same: bool


class ReceiptAnswer(Struct, frozen=True):
    """Who gets a conversion and why, as decided last; `next` is the leaf to go on after."""

    conversion: str
    order_id: str
    event: str
    advertiser: str
    program: str
    occurred_at: datetime
    recorded_at: datetime
    currency: str
    net_minor: int
    refunded_minor: int
    customer: str
    outcome: str
    model: Model
    policy_version: int
    rev: int
    is_current: bool
    decided_at: datetime
    bound_to: str | None
    bound_until: datetime | None
    candidates: list[CandidateAnswer]
    credits: list[CreditAnswer]
    commissions: list[CommissionAnswer] | None
    refunds: list[RefundAnswer]
    revisions: list[RevisionAnswer]
    root: str
    proof: ProofAnswer
    hashes: list[str]
    leaves: list[LeafAnswer]
    next: int | None


def answer(receipt: Composed, *, after: int | None, limit: int) -> ReceiptAnswer:
    """Return a receipt as JSON, with so many of its leaves and their candidates; the hashes are all there."""
    shown, reported, common = receipt.seen, receipt.reported, receipt.seen.common
    first = 0 if after is None else after + 1
    page = shown.parts[first : first + limit]
    return ReceiptAnswer(
        conversion=ids.shown("cnv", reported.id),
        order_id=reported.order_id,
        event=reported.event,
        advertiser=ids.shown("bnd", reported.advertiser_id),
        program=ids.shown("prg", reported.program_id),
        occurred_at=reported.occurred_at,
        recorded_at=reported.recorded_at,
        currency=reported.currency,
        net_minor=reported.net_minor,
        refunded_minor=receipt.refunded_minor,
        customer=common.customer,
        outcome=receipt.outcome,
        model=common.model,
        policy_version=common.policy_version,
        rev=shown.revision.rev,
        is_current=receipt.is_current,
        decided_at=shown.revision.decided_at,
        bound_to=common.bound_to,
        bound_until=common.bound_until,
        candidates=_candidates(receipt, page),
        credits=_credits(receipt),
        commissions=_commissions(receipt),
        refunds=[RefundAnswer(one.at, one.recorded_at, one.net_minor) for one in receipt.refunds],
        revisions=_revisions(receipt),
        root=shown.revision.root.hex(),
        proof=ProofAnswer(shown.proof.is_decision_same, shown.proof.is_root_same),
        hashes=[part.hash.hex() for part in shown.parts],
        leaves=[leaf_answer(part) for part in page],
        next=page[-1].n if page and page[-1].n + 1 < len(shown.parts) else None,
    )


def _candidates(receipt: Composed, page: Sequence[Part]) -> list[CandidateAnswer]:
    return [
        _candidate(receipt, part.n, part.leaf.content)
        for part in page
        if part.leaf is not None and isinstance(part.leaf.content, Weighed)
    ]


def _candidate(receipt: Composed, n: int, one: Weighed) -> CandidateAnswer:
    cited = receipt.clause(one)
    agreement = None if cited is None or cited[1] is None else ids.shown("agr", cited[1])
    return CandidateAnswer(
        leaf=n,
        partner=None if one.touch.partner is None else brand_shown(one.touch.partner),
        touch=touch_shown(one.touch.id, one.touch),
        at=one.touch.at,
        recorded_at=one.touch.recorded_at,
        kind=one.touch.kind,
        evidence=one.touch.evidence,
        verdict=cast("Verdict", one.verdict),
        reason=one.reason,
        clause=None if cited is None else cited[0],
        agreement=agreement,
        weight=one.weight,
    )


def _credits(receipt: Composed) -> list[CreditAnswer]:
    return [
        CreditAnswer(
            brand_shown(credit.partner),
            touch_shown(credit.touch),
            credit.touched_at,
            str(credit.weight),
            receipt.shares[credit.touch],
        )
        for _, credit in receipt.seen.credits
    ]


def _commissions(receipt: Composed) -> list[CommissionAnswer] | None:
    if receipt.paid is None:
        return None
    return [
        CommissionAnswer(
            brand_shown(one.partner),
            one.component,
            one.currency,
            one.minor,
            receipt.clause_of_money(one),
            ids.shown("agr", one.agreement_id),
            one.matures_at,
            one.matured_at,
            None if one.statement_id is None else ids.shown("stm", one.statement_id),
        )
        for one in receipt.paid
    ]


def _revisions(receipt: Composed) -> list[RevisionAnswer]:
    found: list[RevisionAnswer] = []
    for one in receipt.revisions:
        changed = receipt.changed(one)
        found.append(
            RevisionAnswer(
                one.rev,
                one.decided_at,
                one.facts.policy_version,
                one.root.hex(),
                None if changed is None else [_change(change) for change in changed],
            )
        )
    return found


def _change(change: Change) -> Change:
    return Change(touch_shown(change.touch), change.what, change.before, change.after)


def leaf_answer(part: Part) -> LeafAnswer:
    """Return one leaf with what it takes to hash it again, or its hash alone."""
    if part.leaf is None:
        return LeafAnswer(part.n, ANOTHER_PARTNER, part.hash.hex(), None, None)
    return LeafAnswer(part.n, _whose(part), part.hash.hex(), part.text, part.leaf.salt.hex())


def _whose(part: Part) -> str:
    if part.leaf is None:
        return ANOTHER_PARTNER
    if isinstance(part.leaf.content, (Weighed, Inherited)):
        return "a direct visit" if part.leaf.partner is None else brand_shown(part.leaf.partner)
    return "common to all"


def brand_shown(text: str) -> str:
    """Return a brand's id as people see it."""
    return ids.shown("bnd", UUID(text))
