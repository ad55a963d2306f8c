"""How much of an order may still be given back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from partner_network.kernel import money
from partner_network.kernel.sentences import Sentence


class Given(Struct, frozen=True):
    """One refund of an order, stored or about to be."""

    refund_id: str
    at: datetime
    net_minor: int
    line: str | None
    cancels: str | None = None


class RefundedOrder(Struct, frozen=True):
    """An order as a refund sees it; ``lines`` are the net of each line by its id."""

    conversion_id: UUID
    program_id: UUID
    occurred_at: datetime
    net_minor: int
    lines: Mapping[str, int]


def objection_to(order: RefundedOrder, refund: Given, before: Sequence[Given]) -> tuple[str, Sentence] | None:
    """Return the field at fault and why the order cannot bear this refund after those ``before``, or None.

    Units: minor units of the order's currency.
    Source: MONEY section 4: refunds without a line are spread over the lines by largest remainder.
    """
    if refund.at < order.occurred_at:
        return (
            "at",
            Sentence(
                "The order happened at {at}, after this; give a later instant.",
                at=order.occurred_at.isoformat(),
            ),
        )
    if refund.line is not None and refund.line not in order.lines:
        return "line", Sentence(
            "The order has no line {line!r}; name one of its lines or leave this out.", line=refund.line
        )
    if refund.cancels is not None:
        why = _objection_to_undoing(refund, before)
        return None if why is None else ("cancels", why)
    before = in_force(before)
    already = sum(given.net_minor for given in before)
    if already + refund.net_minor > order.net_minor:
        return "net_minor", Sentence(
            "The order's net is {net}, of which {already} was refunded before; "
            "at most {left} is left to refund.",
            net=order.net_minor,
            already=already,
            left=order.net_minor - already,
        )
    if order.lines and not _lines_bear(order.lines, [*before, refund]):
        return "net_minor", Sentence(
            "This is more than what earlier refunds left of that line; name no line instead."
        )
    return None


def in_force(given: Sequence[Given]) -> list[Given]:
    """Return the refunds that nothing undoes."""
    undone = {one.cancels for one in given}
    return [one for one in given if one.cancels is None and one.refund_id not in undone]


def _objection_to_undoing(undoing: Given, before: Sequence[Given]) -> Sentence | None:
    undone = next((one for one in before if one.refund_id == undoing.cancels), None)
    if undone is None:
        return Sentence("No refund {refund!r} of this order is stored.", refund=undoing.cancels)
    if undone.cancels is not None:
        return Sentence("{refund!r} undoes a refund itself; report a new refund.", refund=undoing.cancels)
    if any(one.cancels == undoing.cancels for one in before):
        return Sentence("Refund {refund!r} is undone already.", refund=undoing.cancels)
    if undoing.at < undone.at:
        return Sentence("That refund was given at {at}, after this.", at=undone.at.isoformat())
    return None


def _lines_bear(lines: Mapping[str, int], refunds: Sequence[Given]) -> bool:
    """Tell whether no line falls below zero, refunds taken by their instant, however they arrived."""
    names = sorted(lines)
    left = dict(lines)
    for refund in sorted(refunds, key=lambda given: (given.at, given.refund_id)):
        if refund.line is not None:
            left[refund.line] -= refund.net_minor
        else:
            parts = money.largest_remainder(refund.net_minor, [Fraction(lines[name]) for name in names])
            if any(part > left[name] for name, part in zip(names, parts, strict=True)):
                parts = money.largest_remainder(refund.net_minor, [Fraction(left[name]) for name in names])
            for name, part in zip(names, parts, strict=True):
                left[name] -= part
        if min(left.values()) < 0:
            return False
    return True
