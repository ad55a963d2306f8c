"""The orders of each partnership as the engine wants them, from an export's rows alone: pure."""

from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

from partner_network.dashboards.exporting.formats import Share
from partner_network.dashboards.exporting.reading import Export
from partner_network.dashboards.verification import orders
from partner_network.dashboards.verification.books import grouped
from partner_network.dashboards.verification.fact_rows import Conversion, Credit
from partner_network.dashboards.verification.orders import Bought, Known, Priced

_NOBODY = UUID(int=0)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def by_partnership(export: Export) -> dict[UUID, Priced]:
    """Return every partnership of the export with its terms and the orders credited to it or adjusted."""
    histories = {
        one.conversion_id: Bought(one.new_customer, one.order_number, one.first_order_at)
        for one in export.histories
    }

    def bought(conversion: Conversion) -> Bought:
        return histories[conversion.id]

    ordered = sorted(export.shares, key=lambda one: (one.conversion_id, one.n))
    credited = grouped((_credit(one) for one in ordered), lambda one: one.conversion_id)
    rates = {
        (one.conversion_id, one.quote, date.fromisoformat(one.day)): Fraction(
            int(one.numerator), int(one.denominator)
        )
        for one in export.fixed_rates
    }
    return orders.priced(export.books, Known(credited, rates, bought))


def _credit(share: Share) -> Credit:
    """Return a credit as the engine reads it; of another partner's all but the weight is nobody's."""
    return Credit(
        share.conversion_id,
        share.rev,
        share.touch_id or _NOBODY,
        share.partnership_id or _NOBODY,
        share.touched_at or _NEVER,
        share.weight_numerator,
        share.weight_denominator,
    )
