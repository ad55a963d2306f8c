"""Which second factors a person has: read by the doorkeeper, and shown to that person alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules import credentials
from partner_network.identity.rules.permissions import Member

Kind = Literal["totp", "passkey"]


class Factor(msgspec.Struct, frozen=True):
    """A second factor as its owner sees it: never its key."""

    id: UUID
    kind: Kind
    name: str
    confirmed_at: datetime
    last_used_at: datetime | None


class FactorsOfMember(msgspec.Struct, frozen=True):
    """All that proves one person besides the password."""

    factors: tuple[Factor, ...]
    recovery_codes_left: int


class Pending(msgspec.Struct, frozen=True):
    """A sign-in that waits for the second factor: whose, and what they can give."""

    member_id: UUID
    kinds: frozenset[str]


async def has_factor(connection: Connection, member_id: UUID) -> bool:
    """Say whether a person must give a second factor to sign in."""
    return await connection.fetchval(
        """SELECT EXISTS (SELECT FROM second_factors
                          WHERE member_id = $1 AND confirmed_at IS NOT NULL AND removed_at IS NULL)""",
        member_id,
    )


async def factors_of(member: Member) -> FactorsOfMember:
    """List the asking person's own factors, the oldest first, and count the recovery codes not used yet."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        return FactorsOfMember(
            tuple(await factors_within(connection, member.id)),
            await connection.fetchval(
                "SELECT count(*) FROM recovery_codes WHERE member_id = $1 AND used_at IS NULL", member.id
            ),
        )


async def factors_within(connection: Connection, member_id: UUID) -> Sequence[Factor]:
    """List a person's confirmed factors within the caller's transaction."""
    rows = await connection.fetch(
        """SELECT id, kind, name, confirmed_at, last_used_at FROM second_factors
           WHERE member_id = $1 AND confirmed_at IS NOT NULL AND removed_at IS NULL ORDER BY id""",
        member_id,
    )
    return [msgspec.convert(dict(row), Factor) for row in rows]


async def pending_of(token: str, now: datetime) -> Pending | None:
    """Find the sign-in that waits under this token, while it still may go on."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        row = await connection.fetchrow(
            """SELECT p.member_id, array_agg(DISTINCT f.kind) AS kinds
               FROM pending_sign_ins p JOIN second_factors f ON f.member_id = p.member_id
               WHERE p.token_hash = $1 AND p.expires_at > $2
                   AND f.confirmed_at IS NOT NULL AND f.removed_at IS NULL
               GROUP BY p.member_id""",
            credentials.hash_of(token),
            now,
        )
    return None if row is None else Pending(row["member_id"], frozenset(row["kinds"]))
