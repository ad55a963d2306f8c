"""The lines of one statement, a page at a time: searched, sorted and counted by the database."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from partner_network.dashboards.queries import listed_statements
from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing
from partner_network.statements import queries as statements
from partner_network.statements.queries import StatementLine

ORDER: Mapping[str, str] = {
    "date": "coalesce(occurred_at, effective_at)",
    "kind": "kind",
    "order": "order_id",
    "net": "order_net_minor",
    "amount": "amount_minor",
}
_OF_STATEMENT = f"SELECT * FROM ({statements.LINES} WHERE l.statement_id = $1) line"
_FOUND = "($2 = '' OR kind = $2) AND ($3 = '%%' OR order_id ILIKE $3 OR component ILIKE $3)"


async def lines_of(
    connection: Connection, statement_id: UUID, listing: Listing
) -> tuple[Listing, Sequence[StatementLine], int]:
    """Return one page of the lines found, and the sum of all of them in minor units."""
    found = statement_id, listing.chosen("kind"), listing.like
    row = await connection.fetchrow(
        f"""SELECT count(*), coalesce(sum(amount_minor), 0)::bigint AS minor
            FROM ({_OF_STATEMENT}) line WHERE {_FOUND}""",
        *found,
    )
    counted = listing.counted(0 if row is None else row["count"])
    rows = await connection.fetch(
        f"""{_OF_STATEMENT} WHERE {_FOUND}
            ORDER BY {counted.order_by(ORDER, tie="transfer_id")} OFFSET $4 LIMIT $5""",
        *found,
        counted.offset,
        counted.limit,
    )
    contract = await listed_statements.contract_of(connection, statement_id)
    lines = [statements.line_in(line, contract) for line in rows]
    return counted, lines, 0 if row is None else row["minor"]
