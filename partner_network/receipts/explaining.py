"""Explain every decision of a facts file: who is credited, why each candidate was or was not, and the root.

It is the same `decide`, and the same receipt, as in the product; there is no database and no clock.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from partner_network.agreements.terms import Model, Terms
from partner_network.attribution import deciding, receipt
from partner_network.attribution.deciding import Decided, TermsOf
from partner_network.attribution.facts import Clauses, Verdict
from partner_network.attribution.facts_file import ConversionRow, FactsFile
from partner_network.commissions.rules import computing, plan, shares
from partner_network.commissions.rules.facts import Line, Order, Refund
from partner_network.kernel import money
from partner_network.kernel.errors import InvalidError

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


def explain(facts: FactsFile, files: Sequence[Terms], clauses: Clauses) -> Explanation:
    """Return every decision of a facts file, in canonical order, under terms that all partners share.

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
    nets = _Nets(facts)
    decisions: list[Explained] = []
    for one in deciding.decide_all(facts, terms_of):
        terms = terms_of.at(one.row.at) or ordered[0]
        net_minor = nets.current(one, terms.settlement.clawback.max_age_days)
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


class _Nets:
    """What refunds left of each order."""

    def __init__(self, facts: FactsFile) -> None:
        self._facts = facts
        self._refunds: dict[str, list[Refund]] = defaultdict(list)
        for row in facts.refunds:
            self._refunds[row.conversion].append(
                Refund(id=row.id, at=row.at, net_minor=row.net_minor, line=row.line, cancels=row.cancels)
            )

    def current(self, one: Decided, max_age_days: int) -> int:
        """Return a conversion's net after the refunds in force; those older than `max_age_days` are none."""
        row = one.row
        if row.id not in self._refunds and not row.lines:
            return row.net_minor
        order = Order(
            id=row.id,
            event=row.event,
            at=row.at,
            recorded_at=row.recorded_at or row.at,
            customer=row.customer or "",
            currency=row.currency,
            net_minor=row.net_minor,
            lines=tuple(Line(id=line.id, net_minor=line.net_minor) for line in row.lines),
            refunds=tuple(self._refunds.get(row.id, ())),
        )
        try:
            refunds = shares.refunds_in_force(order, max_age_days)
            nets = (
                [net for _, net in shares.nets_by_line(order, refunds)]
                if order.lines
                else [shares.whole_net(order, refunds)]
            )
        except InvalidError as error:
            raise InvalidError(error.sentence, fields={self._path(row): error.sentence}) from None
        return sum(net.gross - net.refunded for net in nets)

    def _path(self, row: ConversionRow) -> str:
        """Return which key of the file is at fault when what was sold and given back does not add up."""
        if row.lines and sum(line.net_minor for line in row.lines) != row.net_minor:
            return f"conversions[{self._facts.conversions.index(row)}].lines"
        last = max(n for n, refund in enumerate(self._facts.refunds) if refund.conversion == row.id)
        return f"refunds[{last}].net_minor"
