"""Keep the salt of the day, under which a visitor's clicks look alike, and destroy it soon after."""

import secrets
from datetime import date

from partner_network.clicks import rules
from partner_network.database.connections import Connection


async def salt_of_day(connection: Connection, day: date) -> bytes | None:
    """Return the one salt that all processes use on a day, made by the first that asks; older ones go.

    None when another process was a day ahead and destroyed it between our two steps.
    """
    await connection.execute(
        "INSERT INTO visitor_salts (day, salt) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING",
        day,
        secrets.token_bytes(rules.SALT_BYTES),
    )
    await destroy_salts_before(connection, day)
    salt: bytes | None = await connection.fetchval("SELECT salt FROM visitor_salts WHERE day = $1", day)
    return salt


async def destroy_salts_before(connection: Connection, day: date) -> None:
    """Destroy the salts of earlier days, so that nobody can tell any more whose clicks those were."""
    await connection.execute("DELETE FROM visitor_salts WHERE day < $1", day)
