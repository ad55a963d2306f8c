"""Read what may be funded, what is to be sent and what became of it."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements.contracts import Contract
from partner_network.database.connections import Connection
from partner_network.ledger import queries as ledger_queries
from partner_network.payouts import rules
from partner_network.statements import approval_queries
from partner_network.statements import queries as statement_queries
from partner_network.statements import rules as statement_rules
from partner_network.statements.queries import Statement


class Fundable(msgspec.Struct, frozen=True):
    """An approved statement and what may still be paid on it, in minor units."""

    statement: Statement
    amount_minor: int


class Need(msgspec.Struct, frozen=True):
    """What an advertiser has to bring so that everything approved is paid, in minor units."""

    currency: str
    approved_minor: int
    prepaid_minor: int
    owed_minor: int = 0
    """What a bank took back, and what is settled before any other use."""

    @property
    def missing_minor(self) -> int:
        """What the prepaid balance does not cover."""
        return max(0, self.approved_minor + self.owed_minor - self.prepaid_minor)


class Payout(msgspec.Struct, frozen=True):
    """A payout with its newest attempt; money in minor units."""

    id: UUID
    statement_id: UUID
    statement_number: str
    payee_id: UUID
    payer_id: UUID
    payee_name: str
    payer_name: str
    currency: str
    amount_minor: int
    reserved_at: datetime
    held_reason: str | None
    status: str
    stripe_transfer_id: str | None
    finished_at: datetime | None
    payee_slug: str = ""
    payer_slug: str = ""


async def fundable_statements(connection: Connection, advertiser_id: UUID, currency: str) -> list[Fundable]:
    """Return the approved statements of an advertiser that have no payout yet, oldest cut-off first.

    Each amount counts what the statements before it will take from the account when they are funded.
    """
    return await _fundable(connection, "s.payer_id = $1 AND s.currency = $2", advertiser_id, currency)


async def all_fundable(connection: Connection) -> list[Fundable]:
    """Return `fundable_statements` of all advertisers in all currencies, oldest cut-off first."""
    return await _fundable(connection, "true")


async def _fundable(connection: Connection, which: str, *values: object) -> list[Fundable]:
    rows = await connection.fetch(
        statement_queries.STATEMENTS
        + f"""WHERE {which} AND a.approver_id IS NOT NULL AND o.id IS NULL
             AND NOT {approval_queries.OPEN_OBJECTION} ORDER BY s.ends_at, s.number""",
        *values,
    )
    statements = [statement_queries.statement_in(row) for row in rows]
    later = await statement_queries.later_debits_minor(connection, *statements)
    taken_minor: dict[int, int] = {}
    fundable: list[Fundable] = []
    for statement in statements:
        amount = statement_rules.fundable_minor(
            closing_minor=statement.closing_minor,
            later_debits_minor=later[statement.id] + taken_minor.get(statement.account_id, 0),
        )
        if amount:
            fundable.append(Fundable(statement, amount))
            taken_minor[statement.account_id] = taken_minor.get(statement.account_id, 0) + amount
    return fundable


async def usable_minor(connection: Connection, advertiser_id: UUID, currency: str) -> int:
    """Return what an advertiser's prepaid account holds and no refund under way has reserved.

    Whoever spends of it reads it under the advertiser's lock.
    """
    prepaid = await ledger_queries.posted_minor(
        connection, "prepaid", currency=currency, holder_id=advertiser_id
    )
    reserved: int = await connection.fetchval(
        """SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM prepaid_returns p
           JOIN fundings f ON f.id = p.funding_id
           WHERE f.advertiser_id = $1 AND f.currency = $2 AND p.status = 'approved'""",
        advertiser_id,
        currency,
    )
    return max(0, prepaid - reserved)


async def need_of(connection: Connection, advertiser_id: UUID, currency: str) -> Need:
    """Return what an advertiser has to fund."""
    fundable = await fundable_statements(connection, advertiser_id, currency)
    prepaid = await usable_minor(connection, advertiser_id, currency)
    owed = await ledger_queries.posted_minor(
        connection, "chargeback", currency=currency, holder_id=advertiser_id
    )
    return Need(currency, sum(one.amount_minor for one in fundable), prepaid, owed)


def days_in(contract: Contract | None) -> int:
    """Return for how many days after its approval a contract lets a statement wait for its money."""
    figure = None if contract is None else contract.figures.get("funding_days")
    return rules.DAYS_WITHOUT_CLAUSE if figure is None else figure.value


async def days_to_fund(connection: Connection, advertiser_id: UUID, currency: str) -> int:
    """Return the fewest days that any contract gives to fund what is approved."""
    waiting = await fundable_statements(connection, advertiser_id, currency)
    contracts = await approval_queries.contracts_of(connection, [one.statement for one in waiting])
    return min((days_in(one) for one in contracts.values()), default=rules.DAYS_WITHOUT_CLAUSE)


_PAYOUTS = """
    SELECT o.id, o.statement_id, s.number AS statement_number, o.payee_id, o.payer_id,
        payee.name AS payee_name, payer.name AS payer_name, o.currency, o.amount_minor, o.reserved_at,
        o.held_reason, coalesce(t.status, 'reserved') AS status, t.stripe_transfer_id, t.finished_at,
        payee.slug AS payee_slug, payer.slug AS payer_slug
    FROM payouts o JOIN statements s ON s.id = o.statement_id
    JOIN brands payee ON payee.id = o.payee_id JOIN brands payer ON payer.id = o.payer_id
    LEFT JOIN LATERAL (SELECT status, stripe_transfer_id, finished_at FROM payout_attempts
                       WHERE payout_id = o.id ORDER BY n DESC LIMIT 1) t ON true
"""


async def payouts(
    connection: Connection, *, brand_id: UUID | None = None, before: UUID | None = None, limit: int = 100
) -> list[Payout]:
    """Return payouts, newest first: all for the operator, for a brand those it pays or is paid by."""
    rows = await connection.fetch(
        _PAYOUTS
        + """WHERE ($1::uuid IS NULL OR $1 IN (o.payee_id, o.payer_id)) AND ($2::uuid IS NULL OR o.id < $2)
             ORDER BY o.id DESC LIMIT $3""",
        brand_id,
        before,
        limit,
    )
    return [Payout(**row) for row in rows]


async def unfinished(connection: Connection) -> list[UUID]:
    """Return the payouts that nothing holds and of which less is at Stripe than was approved."""
    rows = await connection.fetch(
        """SELECT o.id FROM payouts o WHERE o.held_reason IS NULL AND o.amount_minor > (
               SELECT coalesce(sum(t.amount_minor - t.reversed_minor), 0) FROM payout_attempts t
               WHERE t.payout_id = o.id AND t.stripe_transfer_id IS NOT NULL)
           ORDER BY o.id"""
    )
    return [row["id"] for row in rows]
