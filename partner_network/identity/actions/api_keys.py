"""Make, rotate and revoke the API keys of a brand, and note when one was used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.telling import Happened
from partner_network.identity.rules import api_keys as rules
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.api_keys import Lifetime
from partner_network.identity.rules.permissions import ApiKey, Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from partner_network.kernel.sentences import Sentence

Mode = Literal["test", "live"]


class IssuedKey(msgspec.Struct, frozen=True):
    """A fresh API key, told this once."""

    id: UUID
    key: str
    name: str
    scopes: tuple[str, ...]
    mode: Mode
    expires_at: datetime | None


class Rotated(msgspec.Struct, frozen=True):
    """A fresh key, and the one it follows."""

    fresh: IssuedKey
    former_prefix: str
    former_ends_at: datetime


async def issue_api_key(
    member: Member,
    *,
    name: str,
    scopes: Sequence[str],
    mode: Mode,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make an API key for the member's own brand; only its hash is kept.

    Errors: InvalidError naming the field; ConflictError when the brand has too many.
    """
    brand_id = _brand_of(member)
    name = credentials.must_be_name(name)
    permissions.must_be_scopes(scopes, is_live=mode == "live")
    now = clock.wall_now()  # keys live in the wall's time, as sessions do, whatever a sandbox simulates
    ends_at = rules.must_be_end(expires_at, now)
    async with connections.transaction(eyes=brand_id) as connection:
        await _must_have_room(connection, brand_id, now, most=rules.KEYS_MAX)
        fresh = IssuedKey(
            ids.new_id(now),
            credentials.new_api_key(is_live=mode == "live"),
            name,
            tuple(sorted(set(scopes))),
            mode,
            ends_at,
        )
        await _store(connection, brand_id, fresh, member, now)
        await audit.record(
            connection, member, "create", "API key", fresh.id, brands=[brand_id], after=_told(fresh)
        )
        await _tell_made(connection, brand_id, fresh, member, now)
    return fresh


async def rotate_api_key(
    member: Member, key_id: UUID, *, overlap_hours: int = rules.OVERLAP_HOURS
) -> Rotated:
    """Make a key that follows another, with its name, scopes and mode; the former ends after the overlap.

    Errors: NotFoundError; InvalidError for the overlap; ConflictError for a key that has ended or was
        followed already.
    """
    brand_id = _brand_of(member)
    overlap = rules.must_be_overlap(overlap_hours)
    now = clock.wall_now()
    async with connections.transaction(eyes=brand_id) as connection:
        # Twice as many, since who has as many as one may must still be able to rotate each of them.
        await _must_have_room(connection, brand_id, now, most=2 * rules.KEYS_MAX)
        former = await _locked(connection, brand_id, key_id)
        lifetime = Lifetime(former["created_at"], former["expires_at"], former["revoked_at"])
        rules.must_be_rotatable(lifetime, is_replaced=former["replaced_by"] is not None, now=now)
        is_live = former["prefix"].startswith(credentials.LIVE_KEY)
        fresh = IssuedKey(
            ids.new_id(now),
            credentials.new_api_key(is_live=is_live),
            former["name"],
            tuple(former["scopes"]),
            "live" if is_live else "test",
            rules.end_of_next(lifetime, now),
        )
        await _store(connection, brand_id, fresh, member, now)
        ends_at = rules.end_of_former(lifetime, now, overlap)
        await connection.execute(
            "UPDATE api_keys SET expires_at = $2, replaced_by = $3 WHERE id = $1", key_id, ends_at, fresh.id
        )
        await audit.record(
            connection,
            member,
            "rotate",
            "API key",
            key_id,
            brands=[brand_id],
            before={"expires_at": lifetime.expires_at, "replaced_by": None},
            after={"expires_at": ends_at, "replaced_by": ids.shown("key", fresh.id)},
        )
        await _tell_made(connection, brand_id, fresh, member, now)
    return Rotated(fresh, former["prefix"], ends_at)


async def revoke_api_key(member: Member, key_id: UUID) -> None:
    """End an API key of the member's brand at once; a second time changes nothing."""
    brand_id = _brand_of(member)
    now = clock.wall_now()
    async with connections.transaction(eyes=brand_id) as connection:
        former = await _locked(connection, brand_id, key_id)
        if former["revoked_at"] is not None:
            return
        await connection.execute("UPDATE api_keys SET revoked_at = $2 WHERE id = $1", key_id, now)
        await audit.record(
            connection,
            member,
            "revoke",
            "API key",
            key_id,
            brands=[brand_id],
            before={"revoked_at": None},
            after={"revoked_at": now},
        )


async def note_use(key: ApiKey, now: datetime, network: str | None) -> None:
    """Note that a key was used, and from which network, at most once a minute."""
    if key.last_used_at is not None and now - key.last_used_at < rules.USED_AGAIN:
        return
    async with connections.transaction(eyes=key.eyes) as connection:
        # Asked again here, so that of many requests at once only one writes.
        await connection.execute(
            """UPDATE api_keys SET last_used_at = $2, last_used_from = $3
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $4)""",
            key.id,
            now,
            network,
            now - rules.USED_AGAIN,
        )


def _brand_of(member: Member) -> UUID:
    permissions.must(member, "manage API keys")
    if member.brand_id is None:
        raise ForbiddenError("Only a brand has API keys; act for a brand to manage its own.")
    return member.brand_id


async def _must_have_room(connection: Connection, brand_id: UUID, now: datetime, *, most: int) -> None:
    # The lock: two people at once must not both find the last place free.
    await connections.lock_all(connection, f"api-keys:{brand_id}")
    in_force = await connection.fetchval(
        """SELECT count(*) FROM api_keys
           WHERE brand_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)""",
        brand_id,
        now,
    )
    if in_force >= most:
        raise ConflictError(
            Sentence(
                "Your brand has {count} API keys in force; revoke one that nobody uses first.", count=in_force
            )
        )


async def _locked(connection: Connection, brand_id: UUID, key_id: UUID) -> asyncpg.Record:
    found = await connection.fetchrow(
        """SELECT name, prefix, scopes, created_at, expires_at, revoked_at, replaced_by FROM api_keys
           WHERE id = $1 AND brand_id = $2 FOR UPDATE""",
        key_id,
        brand_id,
    )
    if found is None:
        raise NotFoundError("Your brand has no such API key.")
    return found


async def _store(
    connection: Connection, brand_id: UUID, fresh: IssuedKey, member: Member, now: datetime
) -> None:
    await connection.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at, created_by,
                                 expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        fresh.id,
        brand_id,
        fresh.name,
        fresh.key[: credentials.KEY_PREFIX_CHARACTERS],
        credentials.hash_of(fresh.key),
        fresh.scopes,
        now,
        member.id,
        fresh.expires_at,
    )


async def _tell_made(
    connection: Connection, brand_id: UUID, fresh: IssuedKey, member: Member, now: datetime
) -> None:
    place = await telling.place_name(connection, brand_id)
    said = {"name": fresh.name, "maker": member.name, "place": place}
    happened = Happened(kind="api-key-made", fact=str(fresh.id), at=now, brand=brand_id, said=said)
    await telling.tell(connection, happened)


def _told(fresh: IssuedKey) -> dict[str, object]:
    return {
        "name": fresh.name,
        "scopes": list(fresh.scopes),
        "mode": fresh.mode,
        "expires_at": fresh.expires_at,
    }
