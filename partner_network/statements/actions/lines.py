"""Freeze the lines of a statement."""

from collections.abc import Sequence
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.statements.rules import Line


async def insert_lines(
    connection: Connection, statement_id: UUID, account_id: int, lines: Sequence[Line]
) -> None:
    """Write what a statement is made of, within the caller's transaction."""
    await connection.execute(
        """INSERT INTO statement_lines
               (statement_id, account_id, transfer_id, kind, amount_minor, earning_period)
           SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::text[])""",
        statement_id,
        account_id,
        [line.transfer_id for line in lines],
        [line.kind for line in lines],
        [line.amount_minor for line in lines],
        [line.earning_period for line in lines],
    )
