"""The receipts of an export: hashed again, decided again where nothing is hidden, compared with credits."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from uuid import UUID

import msgspec

from partner_network.attribution import receipt as receipts
from partner_network.attribution.receipt import Common, Inherited, Weighed
from partner_network.dashboards.exporting.formats import Receipt, Share
from partner_network.dashboards.exporting.keeping import Instants
from partner_network.dashboards.exporting.reading import Export
from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import grouped
from partner_network.dashboards.verification.kinds import Kind
from partner_network.kernel import ids, merkle


class _Counted:
    """How many decisions were made again."""

    again = 0


def check(export: Export) -> Kind:
    """Compare every receipt with its root, with the order it is of, and with the credits that stand.

    Receipts are gone through in their file, one by one, and the newest of each order is held.
    """
    counted = _Counted()
    difference = next(_differences(export, counted), None)
    found = f"hashed again, {counted.again:,} of them decided again from their own facts"
    return kinds.compared("receipts", len(export.receipts), found, [] if difference is None else [difference])


def _differences(export: Export, counted: _Counted) -> Iterator[str]:
    standing = _Standing(export)
    newest: Receipt | None = None
    for row, one in enumerate(export.receipts, start=1):
        counted.again += one.facts is not None
        for why in _wrong(export, one):
            yield f"row {row}, receipt {one.rev} of {ids.shown('cnv', one.conversion_id)}: {why}"
        if newest is not None and newest.conversion_id != one.conversion_id:
            yield from standing.differences(newest)
        newest = one
    if newest is not None:
        yield from standing.differences(newest)
    yield from standing.unexplained()


class _Standing:
    """Compares the newest receipt of each order with the credits that stand, and with clicks."""

    def __init__(self, export: Export) -> None:
        self._shares = grouped(export.shares, lambda one: one.conversion_id)
        self._clicks = Instants((click.click_id, click.at) for click in export.clicks)
        self._partner_of = {one.id: one.partner_id for one in export.books.partnerships}
        self._partners = {str(one) for one in self._partner_of.values()}

    def differences(self, one: Receipt) -> Iterator[str]:
        """Yield what of the credits or clicks is not as the newest receipt of their order says."""
        name = f"The credits of {ids.shown('cnv', one.conversion_id)}"
        own = self._shares.pop(one.conversion_id, [])
        if own and sum(_weight(share) for share in own) != 1:
            yield f"{name} do not add up to one."
        yield from _credited(name, one, own, self._partners, self._partner_of)
        for touch in _weighed(one):
            at = self._clicks.get(UUID(touch.touch.id)) if touch.touch.kind == "click" else None
            # A click that is past its retention is gone from the list; its receipt keeps what it was.
            if at is not None and at != touch.touch.at:
                order = ids.shown("cnv", one.conversion_id)
                yield (
                    f"The receipt of {order} has click {touch.touch.id} at {touch.touch.at}; "
                    f"clicks.jsonl says {at}."
                )

    def unexplained(self) -> Iterator[str]:
        """Yield the reader's own credits whose order had no receipt."""
        for conversion_id, shares in self._shares.items():
            if any(one.partnership_id is not None for one in shares):
                yield f"The credits of {ids.shown('cnv', conversion_id)} have no receipt."


def _wrong(export: Export, one: Receipt) -> Iterator[str]:
    for leaf in one.leaves:
        if receipts.hash_of(leaf.content.encode(), bytes.fromhex(leaf.salt)).hex() != one.hashes[leaf.n]:
            yield f"leaf {leaf.n} does not give its hash."
    if merkle.root_of([bytes.fromhex(one) for one in one.hashes]).hex() != one.root:
        yield "its hashes do not give its root."
    common = msgspec.json.decode(one.leaves[0].content, type=Common)
    order = export.books.conversion.get(one.conversion_id)
    if order is None:
        return  # a candidate that was never credited has the receipt alone
    said = (common.conversion, common.event, common.at, common.recorded_at, common.currency, common.net_minor)
    if said != (
        order.order_id, order.event, order.occurred_at, order.recorded_at, order.currency,
        order.net_minor,
    ):  # fmt: skip
        yield "it is of an order that conversions.jsonl tells otherwise."
    if one.facts is not None and one.salt is not None:
        facts = receipts.decode(one.facts)
        decision = receipts.decide_again(facts)
        root = receipts.root_of(facts, decision, bytes.fromhex(one.salt), one.facts.encode())
        if root.hex() != one.root:
            yield "deciding again from its facts does not give its root."


def _credited(
    name: str,
    one: Receipt,
    shares: Sequence[Share],
    partners: set[str],
    partner_of: dict[UUID, UUID],
) -> Iterator[str]:
    """Yield where the credits that stand are not those of the receipt."""
    booked = {
        (str(partner_of[share.partnership_id]), str(share.touch_id), _weight(share))
        for share in shares
        if share.partnership_id is not None
    }
    said = {
        (touch.touch.partner, touch.touch.id, Fraction(touch.weight))
        for touch in _weighed(one)
        if touch.weight is not None and touch.touch.partner in partners
    } | {
        (inherited.credit.partner, inherited.credit.touch, inherited.credit.weight)
        for inherited in _inherited(one)
    }
    if booked != said:
        yield f"{name} in shares.jsonl are not those of its receipt."
    if any(share.rev != one.rev for share in shares):
        yield f"{name} are of another decision than its newest receipt."


def _weighed(one: Receipt) -> list[Weighed]:
    return [
        msgspec.json.decode(leaf.content, type=Weighed)
        for leaf in one.leaves[1:]
        if '"touch":{' in leaf.content
    ]


def _inherited(one: Receipt) -> list[Inherited]:
    return [_inherited_in(leaf.content) for leaf in one.leaves[1:] if leaf.content.startswith('{"credit":')]


def _inherited_in(content: str) -> Inherited:
    return msgspec.json.decode(content, type=Inherited, dec_hook=_decoded)


def _decoded(kind: type, value: object) -> object:
    return Fraction(str(value)) if kind is Fraction else value


def _weight(share: Share) -> Fraction:
    return Fraction(int(share.weight_numerator), int(share.weight_denominator))
