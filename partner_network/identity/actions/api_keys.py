"""Make and revoke the API keys of a brand."""

from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.permissions import Member, Scope
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError


class IssuedKey(msgspec.Struct, frozen=True):
    """A fresh API key, told this once."""

    id: UUID
    key: str


async def issue_api_key(
    member: Member, *, name: str, scopes: tuple[Scope, ...], mode: Literal["test", "live"]
) -> IssuedKey:
    """Make an API key for the member's own brand; only its hash is kept."""
    permissions.must(member, "manage API keys")
    name = credentials.must_be_name(name)
    permissions.must_be_scopes(scopes, is_live=mode == "live")
    key = credentials.new_api_key(is_live=mode == "live")
    async with connections.transaction(eyes=member.eyes) as connection:
        at = await clock.now(connection)
        issued = IssuedKey(ids.new_id(at), key)
        await connection.execute(
            """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            issued.id,
            member.brand_id,
            name,
            key[: credentials.KEY_PREFIX_CHARACTERS],
            credentials.hash_of(key),
            sorted(set(scopes)),
            at,
        )
    return issued


async def revoke_api_key(member: Member, key_id: UUID) -> None:
    """End an API key of the member's brand; a second time changes nothing."""
    permissions.must(member, "manage API keys")
    async with connections.transaction(eyes=member.eyes) as connection:
        revoked = await connection.fetchval(
            """UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3)
               WHERE id = $1 AND brand_id = $2 RETURNING true""",
            key_id,
            member.brand_id,
            await clock.now(connection),
        )
    if not revoked:
        raise NotFoundError("Your brand has no such API key.")
