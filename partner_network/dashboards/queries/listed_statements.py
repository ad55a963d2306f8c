"""Read a brand's statements and their lines as lists: searched, sorted and paged by the database."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing
from partner_network.statements import queries
from partner_network.statements.queries import Statement, StatementLine

STATEMENT_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "period": "s.period",
        "with": "CASE s.payee_id WHEN $1 THEN payer.name ELSE payee.name END",
        "opening": "s.opening_minor",
        "closing": "s.closing_minor",
        "number": "s.number",
        "closed": "s.closed_at",
    }
)
LINE_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "date": "coalesce(v.occurred_at, t.effective_at)",
        "kind": "l.kind",
        "order": "v.order_id",
        "amount": "l.amount_minor",
    }
)
STATES = ("draft", "issued", "approved", "funded", "paid", "carried")
SIDES = ("in", "out")
_STATE = """CASE WHEN t.status IN ('accepted', 'settled') THEN 'paid'
    WHEN s.carried_reason IS NOT NULL THEN 'carried' WHEN o.id IS NOT NULL THEN 'funded'
    WHEN a.approver_id IS NOT NULL THEN 'approved' WHEN p.preparer_id IS NOT NULL THEN 'issued'
    ELSE 'draft' END"""
_FOUND = f"""WHERE $1 IN (s.payee_id, s.payer_id)
    AND ($2 = '' OR $2 = CASE s.payee_id WHEN $1 THEN 'in' ELSE 'out' END)
    AND ($3 = '' OR $3 = {_STATE})
    AND ($5 = '' OR $5 = CASE s.payee_id WHEN $1 THEN payer.slug ELSE payee.slug END)
    AND (s.number ILIKE $4 OR payee.name ILIKE $4 OR payer.name ILIKE $4 OR s.period ILIKE $4)"""
_LINE_FACTS = """FROM statement_lines l JOIN ledger_transfers t ON t.id = l.transfer_id
    LEFT JOIN commissions c ON c.id = t.commission_id LEFT JOIN conversions v ON v.id = c.conversion_id
    WHERE l.statement_id = $1 AND ($2 = '' OR l.kind = $2) AND ($3 = '%%' OR v.order_id ILIKE $3)"""


async def newest_of(connection: Connection, brand_id: UUID, limit: int) -> list[Statement]:
    """Return the newest statements of a brand, on either side."""
    return await queries.statements(connection, brand_id=brand_id, limit=limit)


async def statements_of(
    connection: Connection, brand_id: UUID, listing: Listing
) -> tuple[Listing, list[Statement]]:
    """Return the statements of a brand that a view of their list shows, and the view with their number."""
    asked = (
        brand_id,
        listing.chosen("side"),
        listing.chosen("state"),
        listing.like,
        listing.chosen("partner"),
    )
    joined = queries.STATEMENTS.partition("FROM statements s")[2]
    total = await connection.fetchval(f"SELECT count(*) FROM statements s {joined} {_FOUND}", *asked)
    listing = listing.counted(total)
    rows = await connection.fetch(
        f"""{queries.STATEMENTS} {_FOUND}
            ORDER BY {listing.order_by(STATEMENT_ORDERS, tie="s.id")} LIMIT $6 OFFSET $7""",
        *asked,
        listing.limit,
        listing.offset,
    )
    return listing, [queries.statement_in(row) for row in rows]


async def counted_by_kind(connection: Connection, statement_id: UUID) -> Mapping[str, int]:
    """Return how many lines of each kind a statement has."""
    rows = await connection.fetch(
        "SELECT kind, count(*) AS lines FROM statement_lines WHERE statement_id = $1 GROUP BY kind",
        statement_id,
    )
    return {row["kind"]: row["lines"] for row in rows}


async def lines_of(
    connection: Connection, statement_id: UUID, listing: Listing
) -> tuple[Listing, list[StatementLine]]:
    """Return the lines of a statement that a view of their list shows, and the view with their number."""
    asked = (statement_id, listing.chosen("kind"), listing.like)
    listing = listing.counted(await connection.fetchval(f"SELECT count(*) {_LINE_FACTS}", *asked))
    order = listing.order_by(LINE_ORDERS, tie="l.transfer_id")
    # The page is cut before anything else is looked up for its lines; each join costs a look at a wall.
    rows = await connection.fetch(
        f"""WITH cut AS MATERIALIZED (
                SELECT l.transfer_id, row_number() OVER (ORDER BY {order}) AS place {_LINE_FACTS}
                ORDER BY {order} LIMIT $4 OFFSET $5)
            {queries.LINES} JOIN cut ON cut.transfer_id = l.transfer_id
            WHERE l.statement_id = $1 ORDER BY cut.place""",
        *asked,
        listing.limit,
        listing.offset,
    )
    signed = await contract_of(connection, statement_id)
    return listing, [queries.line_in(row, signed) for row in rows]


async def contract_of(connection: Connection, statement_id: UUID) -> tuple[str, str] | None:
    """Return the contract that lines without one of their own follow: that of the first line with one."""
    row = await connection.fetchrow(
        """SELECT coalesce(a.contract_name, x.contract_name) AS contract_name,
               coalesce(a.contract_version, x.contract_version) AS contract_version
           FROM statement_lines l JOIN ledger_transfers t ON t.id = l.transfer_id
           JOIN commissions c ON c.id = t.commission_id LEFT JOIN agreements a ON a.id = c.agreement_id
           LEFT JOIN contracts_of_gifts x
               ON x.agreement_id = c.agreement_id AND x.charity_id = c.charity_id
           WHERE l.statement_id = $1 AND (a.id IS NOT NULL OR x.agreement_id IS NOT NULL)
           ORDER BY t.effective_at, l.transfer_id LIMIT 1""",
        statement_id,
    )
    return None if row is None else (row["contract_name"], row["contract_version"])
