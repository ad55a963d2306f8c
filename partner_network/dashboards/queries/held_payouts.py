"""Read which funded statements something keeps from being sent, and what it is."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from partner_network.database.connections import Connection


async def held_reasons(connection: Connection, statement_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return by statement why its payout is held; of one that can go on by itself nothing."""
    rows = await connection.fetch(
        """SELECT statement_id, held_reason FROM payouts
           WHERE statement_id = ANY($1::uuid[]) AND held_reason IS NOT NULL""",
        list(statement_ids),
    )
    return {row["statement_id"]: row["held_reason"] for row in rows}
