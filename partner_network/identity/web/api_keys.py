"""The API keys of a brand as JSON: make, list, rotate, revoke."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from partner_network.gateways import clock
from partner_network.identity import key_queries
from partner_network.identity.actions import api_keys
from partner_network.identity.actions.api_keys import IssuedKey
from partner_network.identity.key_queries import KeyOfBrand
from partner_network.identity.rules import api_keys as rules
from partner_network.identity.rules.api_keys import State
from partner_network.identity.rules.permissions import Member, Scope
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError

Mode = Literal["test", "live"]


class NewApiKey(msgspec.Struct, forbid_unknown_fields=True):
    """What a key is for, and until when; without an end it is taken until somebody revokes it."""

    name: str
    scopes: list[Scope]
    mode: Mode = "test"
    expires_at: datetime | None = None


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    """For how long the old key goes on beside the new one; 0 ends it at once."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=rules.OVERLAP_HOURS_MAX)] = rules.OVERLAP_HOURS


class IssuedKeyBody(msgspec.Struct):
    """A fresh API key, told this once."""

    id: str
    key: str
    name: str
    scopes: list[str]
    mode: Mode
    expires_at: datetime | None


class RotatedKeyBody(msgspec.Struct):
    """A fresh API key, told this once, and when the one that it follows ends."""

    key: IssuedKeyBody
    former: str
    former_ends_at: datetime


class ApiKeyBody(msgspec.Struct):
    """An API key as it is listed: by how it begins, with its end and its last use."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    mode: Mode
    state: State
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    replaced_by: str | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None


@get("/api/v1/api-keys", guards=[guards.must_manage_api_keys])
async def list_api_keys(
    member: NamedDependency[Member], after: After = None, limit: Limit = addresses.LIMIT
) -> Page[ApiKeyBody]:
    """List the brand's API keys, the newest first, ended ones too."""
    if member.brand_id is None:
        raise ForbiddenError("Only a brand has API keys; act for a brand to see its own.")
    now = clock.wall_now()
    rows = await key_queries.keys_of(member.brand_id, before=addresses.cursor("key", after), limit=limit + 1)
    return addresses.page(rows, limit, lambda one: _listed(one, now), lambda shown: shown.id)


@post("/api/v1/api-keys", guards=[guards.must_manage_api_keys], status_code=HTTP_201_CREATED)
async def issue_api_key(data: JSONBody[NewApiKey], member: NamedDependency[Member]) -> IssuedKeyBody:
    """Make an API key for one's own brand; it is told in this answer and never again."""
    fresh = await api_keys.issue_api_key(
        member, name=data.name, scopes=data.scopes, mode=data.mode, expires_at=data.expires_at
    )
    return _issued(fresh)


@post(
    "/api/v1/api-keys/{key:str}/rotation",
    guards=[guards.must_manage_api_keys],
    status_code=HTTP_201_CREATED,
)
async def rotate_api_key(
    key: FromPath[str], data: JSONBody[Rotation], member: NamedDependency[Member]
) -> RotatedKeyBody:
    """Make a key with the same name, scopes and mode; the old one ends after the overlap."""
    key_id = addresses.in_path("key", key)
    rotated = await api_keys.rotate_api_key(member, key_id, overlap_hours=data.overlap_hours)
    return RotatedKeyBody(_issued(rotated.fresh), ids.shown("key", key_id), rotated.former_ends_at)


@delete("/api/v1/api-keys/{key:str}", guards=[guards.must_manage_api_keys])
async def revoke_api_key(key: FromPath[str], member: NamedDependency[Member]) -> None:
    """End an API key of one's own brand at once."""
    await api_keys.revoke_api_key(member, addresses.in_path("key", key))


def _issued(fresh: IssuedKey) -> IssuedKeyBody:
    return IssuedKeyBody(
        id=ids.shown("key", fresh.id),
        key=fresh.key,
        name=fresh.name,
        scopes=list(fresh.scopes),
        mode=fresh.mode,
        expires_at=fresh.expires_at,
    )


def _listed(one: KeyOfBrand, now: datetime) -> ApiKeyBody:
    return ApiKeyBody(
        id=ids.shown("key", one.id),
        name=one.name,
        prefix=one.prefix,
        scopes=list(one.scopes),
        mode="live" if one.is_live else "test",
        state=one.state(now),
        created_at=one.created_at,
        created_by=one.created_by,
        expires_at=one.expires_at,
        replaced_by=None if one.replaced_by is None else ids.shown("key", one.replaced_by),
        revoked_at=one.revoked_at,
        last_used_at=one.last_used_at,
        last_used_from=one.last_used_from,
    )
