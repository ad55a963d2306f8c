"""Remove one's own second factor, or a colleague's who lost it."""

from datetime import datetime
from uuid import UUID

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import factor_queries, queries
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.telling import Happened
from partner_network.identity.rules import factors, permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ForbiddenError, NotFoundError

_REMOVE = """UPDATE second_factors
    SET removed_at = $2, sealed_key = NULL, credential_id = NULL, public_key = NULL
    WHERE removed_at IS NULL AND"""


async def remove_factor(member: Member, factor_id: UUID) -> None:
    """Remove a factor of one's own in a session that gave one; with the last the recovery codes go too."""
    factors.must_have_given(member)
    now = clock.wall_now()
    async with connections.transaction(eyes="doorkeeper") as connection:
        await connections.lock_all(connection, f"factors:{member.id}")
        removed = await connection.fetchval(
            f"{_REMOVE} id = $1 AND member_id = $3 RETURNING name", factor_id, now, member.id
        )
        if removed is None:
            raise NotFoundError("You have no such second factor; it may be removed already.")
        if not await factor_queries.has_factor(connection, member.id):
            await _forget_codes(connection, member.id)
        await _tell_removed(connection, member.id, str(factor_id), removed, now)
        await audit.record(
            connection, member, "remove factor", "second factor", factor_id, brands=[member.brand_id]
        )


async def reset_factors(admin: Member, member_id: UUID) -> None:
    """Remove all factors of a person who lost them, and end whatever is open in that person's name.

    They sign in by the password alone then, and set a factor up before they sign or approve anything.
    """
    permissions.must(admin, "reset second factors")
    if admin.id == member_id:
        raise ForbiddenError("Another admin of the network resets yours; remove one yourself if you have it.")
    async with connections.transaction(eyes="doorkeeper") as connection:
        if not await connection.fetchval("SELECT true FROM members WHERE id = $1", member_id):
            raise NotFoundError("There is no such person.")
        await connections.lock_all(connection, f"factors:{member_id}")
        now = clock.wall_now()
        removed = await connection.fetch(f"{_REMOVE} member_id = $1 RETURNING id, name", member_id, now)
        for factor in removed:
            await _tell_removed(connection, member_id, str(factor["id"]), factor["name"], now)
        await _forget_codes(connection, member_id)
        for waits in ("sessions", "pending_sign_ins"):
            await connection.execute(f"DELETE FROM {waits} WHERE member_id = $1", member_id)
        brands = [place.brand_id for place in await queries.places_of(connection, member_id)]
        await audit.record(connection, admin, "remove factor", "member", member_id, brands=brands)


async def _tell_removed(connection: Connection, member_id: UUID, fact: str, name: str, now: datetime) -> None:
    happened = Happened(kind="factor-removed", fact=fact, at=now, person=member_id, said={"factor": name})
    await telling.tell(connection, happened)


async def _forget_codes(connection: Connection, member_id: UUID) -> None:
    await connection.execute("DELETE FROM recovery_codes WHERE member_id = $1", member_id)
