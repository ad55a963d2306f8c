"""Make the codes for the day on which an authenticator is lost."""

from datetime import datetime
from uuid import UUID

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import factor_queries
from partner_network.identity.actions import audit
from partner_network.identity.rules import credentials, factors
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError


async def renew_recovery_codes(member: Member) -> tuple[str, ...]:
    """Make ten new codes, told this once; the former ones, used or not, are good for nothing any more."""
    factors.must_have_given(member)
    async with connections.transaction(eyes="doorkeeper") as connection:
        await connections.lock_all(connection, f"factors:{member.id}")
        if not await factor_queries.has_factor(connection, member.id):
            raise ConflictError("Recovery codes stand in for a second factor; set one up first.")
        await audit.record(
            connection, member, "rotate", "recovery codes", member.id, brands=[member.brand_id]
        )
        return await replace(connection, member.id, clock.wall_now())


async def replace(connection: Connection, member_id: UUID, now: datetime) -> tuple[str, ...]:
    """Put new codes in the place of a person's former ones, within the caller's transaction."""
    codes = factors.new_recovery_codes()
    await connection.execute("DELETE FROM recovery_codes WHERE member_id = $1", member_id)
    await connection.executemany(
        "INSERT INTO recovery_codes (id, member_id, code_hash, created_at) VALUES ($1, $2, $3, $4)",
        [(ids.new_id(now), member_id, credentials.hash_of(factors.plain_code(code)), now) for code in codes],
    )
    return codes
