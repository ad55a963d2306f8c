"""Explain every decision of a facts file: who is credited, why each candidate was or was not, and the root.

It is the same `decide`, and the same receipt, as in the product; there is no database and no clock.
"""

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from partner_network.agreements.terms import Model, Terms
from partner_network.attribution import deciding, receipt
from partner_network.attribution.deciding import Decided, TermsOf
from partner_network.attribution.facts import Clauses, Verdict
from partner_network.attribution.facts_file import FactsFile
from partner_network.commissions.rules import computing, plan
from partner_network.kernel import money
from partner_network.receipts.nets import Nets

_SALTED = b"partner-network explain\n"


class Share(Struct, frozen=True, gc=False):
    """One credit: the exact weight, like ``2/5``, and its part of the current net."""

    partner: str
    touch: str | None
    weight: str
    amount_minor: int


class Judged(Struct, frozen=True, gc=False):
    """One candidate and what became of it."""

    touch: str
    partner: str | None
    verdict: Verdict
    reason: str


class Explained(Struct, frozen=True, gc=False):
    """One decision; a conversion whose credits the file states has no model, no candidates and no root."""

    conversion: str
    model: Model | None
    credits: list[Share]
    candidates: list[Judged]
    root: str | None


class Explanation(Struct, frozen=True):
    """The whole answer."""

    decisions: list[Explained]


def explain(
    facts: FactsFile, files: Sequence[Terms], clauses: Clauses, written: FactsFile | None = None
) -> Explanation:
    """Return every decision of a facts file, in canonical order, under terms that all partners share.

    Mistakes are named by the place a row has in `written`, the file before each fact was taken once.
    Errors: InvalidError for facts or terms that cannot be.
    """
    versions = computing.versions_of(files)
    prepared = plan.plan_of(versions)
    by_key = {version.key: version.terms for version in versions}
    ordered = [by_key[version.key] for version in prepared.versions]
    number_of = {id(terms): number for number, terms in enumerate(ordered, start=1)}
    first = prepared.versions[0].valid_from
    terms_of = TermsOf(
        lambda at: None if first is not None and at < first else by_key[prepared.version_at(at).key],
        first,
        ordered[0].program.attribution,
        clauses,
    )
    nets = Nets(facts, written or facts)
    decisions: list[Explained] = []
    for one in deciding.decide_all(facts, terms_of):
        terms = terms_of.at(one.row.at) or ordered[0]
        net_minor = nets.current(one.row, terms.settlement.clawback.max_age_days)
        decisions.append(_explained(one, net_minor, number_of[id(terms)]))
    return Explanation(decisions)


def salt_of(conversion: str) -> bytes:
    """Return the salt of a receipt made without a database: it follows from the conversion's id alone.

    So the same facts and terms give the same root on every machine. Whoever knows the id knows the salt, so
    such a receipt hides nothing: it is for those who have the whole file.
    """
    return hashlib.sha256(_SALTED + conversion.encode()).digest()


def facts_of(one: Decided, policy_version: int) -> receipt.Facts | None:
    """Return what one decision of a facts file was made from; None where the file states the credits."""
    if one.conversion is None or one.policy is None:
        return None
    row, partners = one.row, {touch.partner for touch in one.touches if touch.partner is not None}
    return receipt.Facts(
        conversion=one.conversion,
        customer=row.customer or "",
        currency=row.currency,
        net_minor=row.net_minor,
        policy=one.policy,
        policy_version=policy_version,
        reaches=dict.fromkeys(sorted(partners), one.reach),
        touches=one.touches,
    )


def _explained(one: Decided, net_minor: int, policy_version: int) -> Explained:
    parts = (
        money.largest_remainder(net_minor, [credit.weight for credit in one.credits]) if one.credits else []
    )
    credited = [
        Share(credit.partner, credit.touch or None, str(credit.weight), part)
        for credit, part in zip(one.credits, parts, strict=True)
    ]
    facts, decision = facts_of(one, policy_version), one.decision
    if facts is None or decision is None:
        return Explained(one.row.id, None, credited, [], None)
    candidates = [Judged(seen.touch, seen.partner, seen.verdict, seen.reason) for seen in decision.candidates]
    root = receipt.root_of(facts, decision, salt_of(one.row.id))
    return Explained(one.row.id, decision.model, credited, candidates, root.hex())
