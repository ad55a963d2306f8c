"""What a trial came to, as it is kept and served: figures by partner, before and after."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from partner_network.kernel import ids
from partner_network.notifications.rules import values
from partner_network.receipts.what_if.values import Compared, Figures, PartnerRow


class Row(msgspec.Struct, frozen=True):
    """One partner's figures; ``unpriced`` is why its money could not be computed, as `values` keeps it."""

    partnership: str
    partner: str
    partner_name: str
    before: Figures
    after: Figures
    unpriced: str | None


class Move(msgspec.Struct, frozen=True):
    """One partner's part of an order that shifted most, in minor units of the order's currency."""

    order_id: str
    conversion: str
    occurred_at: datetime
    currency: str
    partnership: str
    before_minor: int
    after_minor: int


class Result(msgspec.Struct, frozen=True):
    """Both sides of a trial; what concerns others than a partner that asked is not in it."""

    computed_since: datetime
    computed_until: datetime
    rows: tuple[Row, ...]
    before: Figures
    after: Figures
    moved_conversions: int
    moved: tuple[Move, ...]
    conversions: int | None = None
    unattributed_before: int | None = None
    unattributed_after: int | None = None
    unlike_stored: int | None = None


class Amounts(msgspec.Struct, frozen=True):
    """One partner's figures in one currency, side by side, in minor units."""

    row: Row
    currency: str
    net_before: int
    net_after: int
    commission_before: int
    commission_after: int
    bonus_before: int
    bonus_after: int

    @property
    def paid_before(self) -> int:
        """Commission and bonus together."""
        return self.commission_before + self.bonus_before

    @property
    def paid_after(self) -> int:
        """Commission and bonus together."""
        return self.commission_after + self.bonus_after

    @property
    def difference(self) -> int:
        """What the partner would have been paid more, or less."""
        return self.paid_after - self.paid_before


class Paid(msgspec.Struct, frozen=True):
    """What is paid in one currency, before and after, in minor units."""

    currency: str
    before_minor: int
    after_minor: int

    @property
    def difference_minor(self) -> int:
        """What would have been paid more, or less."""
        return self.after_minor - self.before_minor


def result_of(compared: Compared) -> Result:
    """Return what is kept of a comparison."""
    return Result(
        computed_since=compared.computed_since,
        computed_until=compared.computed_until,
        rows=tuple(_row(one) for one in compared.rows),
        before=compared.before,
        after=compared.after,
        moved_conversions=compared.moved_conversions,
        moved=tuple(
            Move(
                order_id=one.order_id,
                conversion=ids.shown("cnv", one.conversion_id),
                occurred_at=one.occurred_at,
                currency=one.currency,
                partnership=ids.shown("prt", one.partnership_id),
                before_minor=one.before_minor,
                after_minor=one.after_minor,
            )
            for one in compared.moved
        ),
        conversions=compared.conversions,
        unattributed_before=compared.unattributed_before,
        unattributed_after=compared.unattributed_after,
        unlike_stored=compared.unlike_stored,
    )


def _row(one: PartnerRow) -> Row:
    return Row(
        partnership=ids.shown("prt", one.partnership_id),
        partner=ids.shown("bnd", one.partner_id),
        partner_name=one.partner,
        before=one.before,
        after=one.after,
        unpriced=None if one.unpriced is None else sentence_kept(one.unpriced),
    )


def why_unpriced(row: Row) -> str:
    """Return why a partner's money could not be computed, empty where it could."""
    return "" if row.unpriced is None else sentence_in(row.unpriced)


def sentence_kept(sentence: str) -> str:
    """Return a sentence as it is kept, so that it can be said in every language later."""
    return values.encoded({"why": sentence})


def sentence_in(kept: str) -> str:
    """Read a sentence that was kept."""
    why = values.decoded(kept)["why"]
    return why if isinstance(why, str) else str(why)


def amounts_of(result: Result) -> list[Amounts]:
    """Return the rows by partner and currency, as a table shows them; a partner without money has one."""
    return [_amounts(row, currency) for row in result.rows for currency in _currencies(row)]


def paid_of(before: Figures, after: Figures) -> list[Paid]:
    """Return commission and bonus together, by currency."""
    return [
        Paid(currency, _paid(before, currency), _paid(after, currency))
        for currency in sorted(_paid_currencies(before) | _paid_currencies(after))
    ]


def paid_in_all(rows: Iterable[Row]) -> list[Paid]:
    """Return what all partners are paid together, by currency, without those that could not be priced."""
    paid = [one for row in rows if row.unpriced is None for one in paid_of(row.before, row.after)]
    return [
        Paid(
            currency,
            sum(one.before_minor for one in paid if one.currency == currency),
            sum(one.after_minor for one in paid if one.currency == currency),
        )
        for currency in sorted({one.currency for one in paid})
    ]


def _amounts(row: Row, currency: str) -> Amounts:
    return Amounts(
        row=row,
        currency=currency,
        net_before=row.before.net_minor.get(currency, 0),
        net_after=row.after.net_minor.get(currency, 0),
        commission_before=row.before.commission_minor.get(currency, 0),
        commission_after=row.after.commission_minor.get(currency, 0),
        bonus_before=row.before.bonus_minor.get(currency, 0),
        bonus_after=row.after.bonus_minor.get(currency, 0),
    )


def _currencies(row: Row) -> list[str]:
    """Return the currencies of a partner's money, then those in which it only sold."""
    paid = _paid_currencies(row.before) | _paid_currencies(row.after)
    sold = {*row.before.net_minor, *row.after.net_minor} - paid
    return [*sorted(paid), *sorted(sold)]


def _paid_currencies(figures: Figures) -> set[str]:
    return {*figures.commission_minor, *figures.bonus_minor}


def _paid(figures: Figures, currency: str) -> int:
    of: Mapping[str, int] = figures.commission_minor
    return of.get(currency, 0) + figures.bonus_minor.get(currency, 0)
