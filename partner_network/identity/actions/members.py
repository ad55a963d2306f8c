"""Change what the people of one's own side may do, and part with them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.telling import Happened
from partner_network.identity.rules import people, permissions
from partner_network.identity.rules.people import Change
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError


async def set_roles(member: Member, person_id: UUID, roles: Iterable[str]) -> None:
    """Give a person of one's own side exactly these roles; their sessions here end when that changes any."""
    permissions.must(member, "manage members")
    async with connections.transaction(eyes=member.eyes) as connection:
        held = await _held(connection, member)
        if person_id not in held:
            raise NotFoundError("There is no such person on your side; look at the list again.")
        wanted = people.wanted_roles(roles, of_operator=member.is_operator)
        await _change(connection, member, person_id, held, wanted)


async def remove_person(member: Member, person_id: UUID) -> None:
    """Part with a person of one's own side; what they signed stays signed, what they invited to is closed.

    A second time changes nothing.
    """
    permissions.must(member, "manage members")
    async with connections.transaction(eyes=member.eyes) as connection:
        held = await _held(connection, member)
        if person_id in held:
            await _change(connection, member, person_id, held, frozenset())
            await _close_invitations_of(connection, member, person_id)


async def _held(connection: Connection, member: Member) -> Mapping[UUID, frozenset[str]]:
    """Return who holds which roles on one's side, which nobody else changes until the transaction ends."""
    # Of two owners who remove each other at once, the second finds that one must stay.
    await connections.lock_all(connection, f"people of {member.brand_id}")
    rows = await connection.fetch(
        """SELECT member_id, array_agg(role) AS roles FROM memberships
           WHERE brand_id IS NOT DISTINCT FROM $1 GROUP BY member_id""",
        member.brand_id,
    )
    return {row["member_id"]: frozenset[str](row["roles"]) for row in rows}


async def _change(
    connection: Connection,
    member: Member,
    person_id: UUID,
    held: Mapping[UUID, frozenset[str]],
    wanted: frozenset[str],
) -> None:
    change = people.change_of(held, person_id, wanted, of_operator=member.is_operator)
    await _take(connection, member, person_id, change)
    await _give(connection, member, person_id, change)
    if change.given or change.taken:
        # Whoever acts with other rights signs in for them; a stolen session goes with the old ones.
        await connection.execute(
            "DELETE FROM sessions WHERE member_id = $1 AND brand_id IS NOT DISTINCT FROM $2",
            person_id,
            member.brand_id,
        )
        if wanted:
            await _tell_changed(connection, member, person_id, wanted)


async def _tell_changed(
    connection: Connection, member: Member, person_id: UUID, roles: frozenset[str]
) -> None:
    at = await clock.now(connection)
    place = await telling.place_name(connection, member.brand_id)
    happened = Happened(
        kind="role-changed",
        fact=str(ids.new_id(at)),
        at=at,
        person=person_id,
        said={"place": place},
        roles=tuple(sorted(roles)),
    )
    await telling.tell(connection, happened)


async def _take(connection: Connection, member: Member, person_id: UUID, change: Change) -> None:
    # The database itself keeps what ended: what was signed in a role stays signed in it.
    await connection.execute(
        """DELETE FROM memberships
           WHERE member_id = $1 AND brand_id IS NOT DISTINCT FROM $2 AND role = ANY($3)""",
        person_id,
        member.brand_id,
        list(change.taken),
    )
    for role in sorted(change.taken):
        await audit.record(
            connection,
            member,
            "take role",
            "member",
            person_id,
            brands=[member.brand_id],
            before={"role": role},
        )


async def _give(connection: Connection, member: Member, person_id: UUID, change: Change) -> None:
    at = await clock.now(connection)
    for role in sorted(change.given):
        await connection.execute(
            """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
            ids.new_id(at),
            person_id,
            member.brand_id,
            role,
            at,
        )
        await audit.record(
            connection,
            member,
            "give role",
            "member",
            person_id,
            brands=[member.brand_id],
            after={"role": role},
        )


async def _close_invitations_of(connection: Connection, member: Member, person_id: UUID) -> None:
    """End the invitations that a parting person sent: the back door of whoever expects to be sent away."""
    await connection.execute(
        """UPDATE invitations SET expires_at = $3
           WHERE invited_by = $1 AND brand_id IS NOT DISTINCT FROM $2 AND accepted_at IS NULL
                 AND expires_at > $3""",
        person_id,
        member.brand_id,
        await clock.now(connection),
    )
