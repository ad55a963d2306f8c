"""Read what decides whether the invoice of a statement may be issued."""

from uuid import UUID

from partner_network.brands import tax_queries
from partner_network.brands.taxes import Taxed, TaxProfile
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.statements import queries
from partner_network.statements.invoices import Standing


async def standing_of(connection: Connection, statement_id: UUID) -> Standing:
    """Return what decides about the invoice of a statement. Errors: NotFoundError.

    Its companies are named as their newest profiles do: that is who they are on the day of issue.
    """
    statement = await queries.statement_of(connection, statement_id)
    both = await tax_queries.taxed(connection, (statement.payee_id, statement.payer_id))
    return Standing(
        seller=_newest(both[statement.payee_id]),
        buyer=_newest(both[statement.payer_id]),
        has_agreed=await tax_queries.has_agreed(
            connection, payee_id=statement.payee_id, payer_id=statement.payer_id
        ),
        seller_ref=ids.shown("bnd", statement.payee_id),
        is_donation=bool(
            await connection.fetchval(
                "SELECT EXISTS (SELECT FROM charities WHERE brand_id = $1)", statement.payee_id
            )
        ),
    )


def _newest(company: Taxed) -> TaxProfile | None:
    return max(reversed(company.profiles), key=lambda one: one.valid_from, default=None)
