"""Read what decides whether the invoice of a statement may be issued."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from partner_network.brands import tax_queries, taxes
from partner_network.brands.taxes import Taxed, Treatment
from partner_network.database.connections import Connection
from partner_network.kernel import ids, periods
from partner_network.statements import queries
from partner_network.statements.invoices import Standing
from partner_network.statements.queries import Statement


async def standing_of(connection: Connection, statement: Statement, now: datetime) -> Standing:
    """Return what decides about the invoice of a statement that is issued now.

    Its companies are named as the profiles in force on the day of issue do; one that holds later is none yet.
    """
    is_donation = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM agreement_charities WHERE charity_id = $1)", statement.payee_id
    )
    if is_donation:
        return Standing(None, None, has_agreed=False, is_donation=True)
    both = await tax_queries.taxed(connection, (statement.payee_id, statement.payer_id))
    seller, buyer = both[statement.payee_id], both[statement.payer_id]
    zone = await _zone(connection, statement)
    today = now.astimezone(zone).date()
    treatment, rate_ppm = _taxed_on(seller, buyer, periods.last_day(statement.ends_at, zone), today)
    return Standing(
        seller=taxes.in_force(seller.profiles, today),
        buyer=taxes.in_force(buyer.profiles, today),
        has_agreed=await tax_queries.has_agreed(
            connection, payee_id=statement.payee_id, payer_id=statement.payer_id
        ),
        treatment=treatment,
        rate_ppm=rate_ppm,
        seller_ref=ids.shown("bnd", statement.payee_id),
        seller_from=_first_day(seller),
        buyer_from=_first_day(buyer),
    )


async def _zone(connection: Connection, statement: Statement) -> ZoneInfo:
    settlement = await queries.settlement_of(
        connection,
        payer_id=statement.payer_id,
        payee_id=statement.payee_id,
        currency=statement.currency,
        at=statement.ends_at,
    )
    return periods.zone_named(settlement.time_zone)


def _taxed_on(seller: Taxed, buyer: Taxed, last_day: date, today: date) -> tuple[Treatment, int]:
    """Return how a statement was taxed that ended on a day, and at which rate in parts per million.

    Where no profile held yet on that day, the tax is that of before; what it is called follows from today's.
    """
    selling = taxes.in_force(seller.profiles, last_day)
    if selling is None and seller.before.tax_rate_ppm:
        return "standard", seller.before.tax_rate_ppm
    selling = selling or taxes.in_force(seller.profiles, today) or seller.before
    buying = taxes.in_force(buyer.profiles, last_day) or taxes.in_force(buyer.profiles, today) or buyer.before
    return taxes.treatment(selling, buying), taxes.rate_ppm(selling, buying)


def _first_day(company: Taxed) -> date | None:
    """Return from which day on a company has a profile at all."""
    return min((one.valid_from for one in company.profiles), default=None)
