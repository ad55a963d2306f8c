"""One stored decision beside what its receipt's own facts give. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from partner_network.attribution import receipt
from partner_network.attribution.facts import Candidate, Decision
from partner_network.attribution.receipt import Facts
from partner_network.kernel import ids

StoredCredit: TypeAlias = Sequence[Any]
"""(partner, touch, touched at, numerator, denominator), by partner and touch."""
_candidates = msgspec.json.Decoder(tuple[Candidate, ...])


class Stored(Struct, frozen=True, gc=False):
    """A decision as the tables hold it, with the order it is about and its receipt, if it has one."""

    order_id: str
    event: str
    occurred_at: datetime
    currency: str
    net_minor: int
    rev: int
    model: str
    outcome: str
    bound_to: UUID | None
    candidates: str
    facts: str | None
    salt: bytes
    root: bytes
    credits: Sequence[StoredCredit]
    is_waiting: bool

    @property
    def name(self) -> str:
        """How a sentence about it begins."""
        return f"Decision {self.rev} on the {self.event} {self.order_id}"


def differences(of_order: Sequence[Stored]) -> Iterator[str]:
    """Yield what is wrong with the decisions on one order, each in a sentence.

    Those from before there were receipts have none; the worker decides each such order once more, so that
    the decision that stands has one.
    """
    yield from (said for one in of_order if (said := difference(one)) is not None)
    if of_order and of_order[-1].facts is None and not of_order[-1].is_waiting:
        yield f"{of_order[-1].name} stands and has no receipt."


def difference(stored: Stored) -> str | None:
    """Say in one sentence what of a stored decision is not what its receipt's facts give, if anything."""
    text = stored.facts
    if text is None:
        return None
    try:
        content = text.encode()
        facts = receipt.decode(content)
        decision = receipt.decide_again(facts)
        root = receipt.root_of(facts, decision, stored.salt, content)
    except (ValueError, TypeError, KeyError, ArithmeticError) as unreadable:
        return f"{stored.name} cannot be decided again: its facts are damaged ({unreadable})."
    if _is_alike(stored, facts, decision) and root == stored.root:
        return None
    return f"{stored.name} {_what_differs(stored, facts, decision)}."


def _is_alike(stored: Stored, facts: Facts, decision: Decision) -> bool:
    return (
        _order(stored) == _order_in(facts)
        and decision.model == stored.model
        and ("attributed" if decision.credits else "unattributed") == stored.outcome
        and decision.bound_to == _bound_to(stored)
        and _are_alike(stored.credits, decision)
        and _listed(stored) == decision.candidates
    )


def _order(stored: Stored) -> tuple[object, ...]:
    return stored.order_id, stored.event, stored.occurred_at, stored.currency, stored.net_minor


def _order_in(facts: Facts) -> tuple[object, ...]:
    one = facts.conversion
    return one.id, one.event, one.at, facts.currency, facts.net_minor


def _bound_to(stored: Stored) -> str | None:
    return None if stored.bound_to is None else ids.shown("cnv", stored.bound_to)


def _are_alike(stored: Sequence[StoredCredit], decision: Decision) -> bool:
    credits_ = decision.credits
    if len(stored) != len(credits_):
        return False
    given = [
        (one.partner, one.touch, one.touched_at, str(one.weight.numerator), str(one.weight.denominator))
        for one in credits_
    ]
    return [tuple(one) for one in stored] == sorted(given)


def _listed(stored: Stored) -> tuple[Candidate, ...] | None:
    try:
        return _candidates.decode(stored.candidates)
    except msgspec.DecodeError:
        return None


def _what_differs(stored: Stored, facts: Facts, decision: Decision) -> str:
    """Name what differs, that which weighs most first; what is left is a byte that the root covers."""
    if _order(stored) != _order_in(facts):
        return "was made from the facts of another order, or its order was changed since"
    outcome = "attributed" if decision.credits else "unattributed"
    if (stored.outcome, stored.model) != (outcome, decision.model):
        return (
            f"is stored as {stored.outcome} by {stored.model}; its facts give {outcome} by {decision.model}"
        )
    if _bound_to(stored) != decision.bound_to:
        return f"is stored as bound to {_bound_to(stored)}; its facts give {decision.bound_to}"
    if not _are_alike(stored.credits, decision):
        given = [(one.partner, one.touch, one.weight.as_integer_ratio()) for one in decision.credits]
        return f"is stored with the credits {_spoken(stored)}; its facts give {_named(given)}"
    if _listed(stored) != decision.candidates:
        return "lists other candidates than its facts give"
    return f"has the root {stored.root.hex()}, which does not stand over its facts"


def _spoken(stored: Stored) -> str:
    return _named([(one[0], one[1], (one[3], one[4])) for one in stored.credits])


def _named(shares: Sequence[tuple[str, str, tuple[object, object]]]) -> str:
    named = (f"{n}/{d} to {partner} for {touch}" for partner, touch, (n, d) in sorted(shares))
    return ", ".join(named) or "of nobody"
