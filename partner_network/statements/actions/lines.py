"""Freeze the lines of a statement."""

from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.statements.line_queries import UNSTATED, Reading


async def insert_lines(connection: Connection, statement_id: UUID, of: Reading) -> int:
    """Write what a statement is made of, within the caller's transaction; return how many lines that is."""
    done = await connection.execute(
        f"""INSERT INTO statement_lines
                (statement_id, account_id, transfer_id, kind, amount_minor, earning_period)
            SELECT $11, $1, transfer_id, kind, amount_minor, earning_period
            FROM ({UNSTATED}) line ORDER BY transfer_id""",
        *of.arguments,
        statement_id,
    )
    return int(done.rpartition(" ")[2])
