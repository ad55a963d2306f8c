"""Close an account: what names the person goes; what they did stays done, by a former member."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import passwords
from partner_network.identity.actions import audit
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.privacy.rules import leaving, register

_NETWORK = Sentence("the network")


async def close_account(member: Member, password: str) -> None:
    """Erase the signed-in person, who proves once more who they are; every session of theirs ends.

    Errors: ForbiddenError for a wrong password; ConflictError for whoever alone owns a brand.
    """
    async with connections.transaction(eyes="doorkeeper") as connection:
        stored = await connection.fetchval("SELECT password_hash FROM members WHERE id = $1", member.id)
    if not await passwords.is_right(password, stored):
        raise ForbiddenError("The password is not right; your account is as it was.")
    await _erase(member, member.id)


async def erase_member(by: Member, member_id: UUID) -> None:
    """Erase another person who asked the network for it; a second time changes nothing.

    Errors: NotFoundError where there is no such person; ConflictError for whoever alone owns a brand.
    """
    permissions.must(by, "erase people")
    await _erase(by, member_id)


async def _erase(by: Member, member_id: UUID) -> None:
    # A real hash of chance that nobody was told: signing in takes as long as ever, and is never right.
    unusable = await passwords.hash_of(credentials.new_token())
    async with connections.transaction(eyes="doorkeeper") as connection:
        email = await connection.fetchval("SELECT email FROM members WHERE id = $1 FOR UPDATE", member_id)
        if email is None:
            raise NotFoundError("There is no such person here.")
        if email == leaving.email_after(member_id):
            return
        leaving.must_leave_nothing_ownerless(await _alone_in(connection, member_id))
        brands = await _brands_of(connection, member_id)
        await audit.forget_subject(connection, member_id)
        counts = await _delete(connection, member_id, email)
        await connections.look(connection, "doorkeeper")
        await connection.execute(
            """UPDATE members SET name = $2, email = $3, password_hash = $4, language = NULL,
                   time_zone = 'UTC' WHERE id = $1""",
            member_id,
            leaving.name_after(member_id),
            leaving.email_after(member_id),
            unusable,
        )
        await connections.look(connection, "operator")
        await _mark(connection, by, member_id, counts)
        await audit.record(connection, by, "erase", "member", member_id, brands=brands)


async def _alone_in(connection: Connection, member_id: UUID) -> list[str]:
    """Return where nobody but this person could let others in; of two who leave at once, the second waits."""
    rows = await connection.fetch(
        """SELECT r.brand_id, r.member_id, coalesce(b.name, $2) AS place
           FROM memberships r LEFT JOIN brands b ON b.id = r.brand_id
           WHERE r.role = CASE WHEN r.brand_id IS NULL THEN 'admin' ELSE 'owner' END
               AND EXISTS (SELECT FROM memberships m WHERE m.member_id = $1 AND m.role = r.role
                           AND m.brand_id IS NOT DISTINCT FROM r.brand_id)
           ORDER BY r.id FOR UPDATE OF r""",
        member_id,
        str(_NETWORK),
    )
    shared = {row["brand_id"] for row in rows if row["member_id"] != member_id}
    alone = {
        _NETWORK if row["brand_id"] is None else row["place"] for row in rows if row["brand_id"] not in shared
    }
    return sorted(alone)


async def _brands_of(connection: Connection, member_id: UUID) -> list[UUID]:
    rows = await connection.fetch(
        """SELECT brand_id FROM memberships WHERE member_id = $1 AND brand_id IS NOT NULL
           GROUP BY brand_id ORDER BY min(created_at), brand_id""",
        member_id,
    )
    return [row["brand_id"] for row in rows]


async def _delete(connection: Connection, member_id: UUID, email: str) -> dict[str, int]:
    """Delete the rows that are this person's own, as the register says, and return how many went."""
    gone: dict[str, int] = {}
    for holding in register.HOLDINGS.values():
        if holding.erasure != "delete" or not (holding.owner or holding.address):
            continue
        await connections.look(connection, holding.eyes)
        whose = [f"{holding.owner} = $1"] if holding.owner else []
        values: list[object] = [member_id]
        if holding.address:
            whose.append(f"{holding.address} = $2")
            values.append(email)
        done = await connection.execute(f"DELETE FROM {holding.table} WHERE {' OR '.join(whose)}", *values)
        gone[holding.table] = int(done.rpartition(" ")[2])
    return gone


async def _mark(connection: Connection, by: Member, member_id: UUID, counts: Mapping[str, int]) -> None:
    now = await clock.now(connection)
    await connection.execute(
        """INSERT INTO erasures (id, about, subject_id, asked_by, erased_at, counts)
           VALUES ($1, 'member', $2, $3, $4, $5)""",
        ids.new_id(now),
        member_id,
        "the person" if by.id == member_id else "the operator",
        now,
        msgspec.json.encode(counts).decode(),
    )
