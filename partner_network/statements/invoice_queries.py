"""Read what decides whether the invoice of a statement may be issued."""

from datetime import date

from partner_network.brands import tax_queries, taxes
from partner_network.brands.taxes import Taxed, TaxProfile, Treatment
from partner_network.database.connections import Connection
from partner_network.kernel import ids, periods
from partner_network.statements import queries
from partner_network.statements.invoices import Standing
from partner_network.statements.queries import Statement


async def standing_of(connection: Connection, statement: Statement) -> Standing:
    """Return what decides about the invoice of a statement.

    Its companies are named as their newest profiles do: that is who they are on the day of issue.
    """
    is_donation = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM agreement_charities WHERE charity_id = $1)", statement.payee_id
    )
    if is_donation:
        return Standing(None, None, has_agreed=False, is_donation=True)
    both = await tax_queries.taxed(connection, (statement.payee_id, statement.payer_id))
    seller, buyer = both[statement.payee_id], both[statement.payer_id]
    treatment, rate_ppm = _taxed_on(seller, buyer, await _last_day(connection, statement))
    return Standing(
        seller=_newest(seller),
        buyer=_newest(buyer),
        has_agreed=await tax_queries.has_agreed(
            connection, payee_id=statement.payee_id, payer_id=statement.payer_id
        ),
        treatment=treatment,
        rate_ppm=rate_ppm,
        seller_ref=ids.shown("bnd", statement.payee_id),
    )


async def _last_day(connection: Connection, statement: Statement) -> date:
    settlement = await queries.settlement_of(
        connection,
        payer_id=statement.payer_id,
        payee_id=statement.payee_id,
        currency=statement.currency,
        at=statement.ends_at,
    )
    return periods.last_day(statement.ends_at, periods.zone_named(settlement.time_zone))


def _taxed_on(seller: Taxed, buyer: Taxed, on: date) -> tuple[Treatment, int]:
    """Return how a statement was taxed that ended on a day, and at which rate in parts per million."""
    selling = taxes.in_force(seller.profiles, on)
    if selling is None and seller.before.tax_rate_ppm:
        return "standard", seller.before.tax_rate_ppm
    selling = selling or _newest(seller) or seller.before
    buying = taxes.in_force(buyer.profiles, on) or _newest(buyer) or buyer.before
    return taxes.treatment(selling, buying), taxes.rate_ppm(selling, buying)


def _newest(company: Taxed) -> TaxProfile | None:
    return max(reversed(company.profiles), key=lambda one: one.valid_from, default=None)
