"""What refunds left of each order of a facts file, or which key of the file is at fault."""

from collections import defaultdict

from partner_network.attribution.facts_file import ConversionRow, FactsFile
from partner_network.commissions.rules import shares
from partner_network.commissions.rules.facts import Line, Order, Refund
from partner_network.kernel.errors import InvalidError


class Nets:
    """What refunds left of each order."""

    def __init__(self, facts: FactsFile, written: FactsFile) -> None:
        self._written = written
        self._refunds: dict[str, list[Refund]] = defaultdict(list)
        for row in facts.refunds:
            self._refunds[row.conversion].append(
                Refund(id=row.id, at=row.at, net_minor=row.net_minor, line=row.line, cancels=row.cancels)
            )

    def current(self, row: ConversionRow, max_age_days: int) -> int:
        """Return a conversion's net after the refunds in force; those older than `max_age_days` are none."""
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
        distinct = {line.id for line in row.lines}
        if row.lines and (
            sum(line.net_minor for line in row.lines) != row.net_minor or len(distinct) < len(row.lines)
        ):
            return f"{self._written.place_of('conversions', row.id)}.lines"
        refunds = self._refunds[row.id]
        unknown = [refund.id for refund in refunds if refund.line is not None and refund.line not in distinct]
        if row.lines and unknown:
            return f"{self._written.place_of('refunds', unknown[0])}.line"
        last = max(refunds, key=lambda refund: (refund.at, refund.id))
        return f"{self._written.place_of('refunds', last.id)}.net_minor"
