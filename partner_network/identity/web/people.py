"""Colleagues, invitations to them, and the API keys of a brand."""

from typing import Literal

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from partner_network.identity import letters, queries
from partner_network.identity.actions import api_keys, people
from partner_network.identity.queries import KeyOfBrand
from partner_network.identity.rules.permissions import Member, Scope
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.settings import Settings


class ColleagueBody(msgspec.Struct):
    """A person of the asking person's own side."""

    id: str
    name: str
    email: str
    roles: list[str]


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite as what; the operator names the brand, everybody else invites to their own."""

    email: str
    role: str
    brand: str | None = None


class InvitationBody(msgspec.Struct, omit_defaults=True):
    """A fresh invitation: its link goes by letter to whom it is for, and to nobody else.

    Only a sandbox, whose people are all made up, tells the link and its token here as well.
    """

    id: str
    email: str
    expires_at: str
    link: str | None = None
    token: str | None = None


class NewApiKey(msgspec.Struct, forbid_unknown_fields=True):
    """What a key is for."""

    name: str
    scopes: list[Scope]
    mode: Literal["test", "live"] = "test"


class IssuedKeyBody(msgspec.Struct):
    """A fresh API key, told this once."""

    id: str
    key: str


class ApiKeyBody(msgspec.Struct):
    """An API key as it is listed: by how it begins."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: str
    revoked_at: str | None


@get("/api/v1/members", guards=[guards.must_read_members])
async def list_members(member: NamedDependency[Member]) -> list[ColleagueBody]:
    """List the people of one's own brand, or of the operator."""
    return [
        ColleagueBody(ids.shown("mbr", one.id), one.name, one.email, list(one.roles))
        for one in await queries.colleagues_of(member)
    ]


@post("/api/v1/invitations", guards=[guards.must_invite_members])
async def invite_member(
    data: JSONBody[NewInvitation],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> InvitationBody:
    """Invite a person to one's own side."""
    brand_id = member.brand_id if data.brand is None else addresses.in_body("bnd", data.brand, field="brand")
    invitee = people.Invitee(data.email, settings)
    invited = await people.invite_member(member, invitee, role=data.role, brand_id=brand_id)
    return invitation_body(invited, settings)


@get("/api/v1/api-keys", guards=[guards.must_manage_api_keys])
async def list_api_keys(member: NamedDependency[Member]) -> list[ApiKeyBody]:
    """List the brand's API keys, revoked ones too."""
    if member.brand_id is None:
        raise NotFoundError("The network itself has no API keys; sign in for a brand.")
    return [_key(one) for one in await queries.api_keys_of(member.brand_id)]


@post("/api/v1/api-keys", guards=[guards.must_manage_api_keys])
async def issue_api_key(data: JSONBody[NewApiKey], member: NamedDependency[Member]) -> IssuedKeyBody:
    """Make an API key for one's own brand."""
    issued = await api_keys.issue_api_key(member, name=data.name, scopes=tuple(data.scopes), mode=data.mode)
    return IssuedKeyBody(str(issued.id), issued.key)


@delete("/api/v1/api-keys/{key:str}", guards=[guards.must_manage_api_keys])
async def revoke_api_key(key: FromPath[str], member: NamedDependency[Member]) -> None:
    """End an API key of one's own brand."""
    await api_keys.revoke_api_key(member, addresses.plain_uuid(key))


def invitation_body(invited: people.Invited, settings: Settings) -> InvitationBody:
    """Show a fresh invitation to whoever made it, who must not be able to take it up."""
    body = InvitationBody(str(invited.id), invited.email, invited.expires_at.isoformat())
    if settings.sandbox:
        body.token, body.link = invited.token, letters.invitation_link(settings, invited.token)
    return body


def _key(one: KeyOfBrand) -> ApiKeyBody:
    revoked_at = None if one.revoked_at is None else one.revoked_at.isoformat()
    return ApiKeyBody(
        str(one.id), one.name, one.prefix, list(one.scopes), one.created_at.isoformat(), revoked_at
    )
