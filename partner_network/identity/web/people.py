"""Colleagues, and invitations to them."""

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from partner_network.identity import account_queries, letters, queries
from partner_network.identity.actions import invitations, members, people
from partner_network.identity.queries import Colleague
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
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


class OpenInvitationBody(msgspec.Struct):
    """An invitation that nobody has taken up yet."""

    id: str
    email: str
    role: str
    place: str
    inviter: str
    created_at: str
    expires_at: str


class Roles(msgspec.Struct, forbid_unknown_fields=True):
    """All the roles that a person shall have."""

    roles: list[str]


@get("/api/v1/members", guards=[guards.must_read_members])
async def list_members(member: NamedDependency[Member]) -> list[ColleagueBody]:
    """List the people of one's own brand, or of the operator."""
    return [_colleague(one) for one in await queries.colleagues_of(member)]


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


@get("/api/v1/invitations", guards=[guards.must_invite_members])
async def list_invitations(member: NamedDependency[Member]) -> list[OpenInvitationBody]:
    """List the open invitations to one's own side; the operator sees those to every brand."""
    return [
        OpenInvitationBody(
            str(one.id),
            one.email,
            one.role,
            str(one.place),
            str(one.inviter),
            one.created_at.isoformat(),
            one.expires_at.isoformat(),
        )
        for one in await account_queries.open_invitations_of(member)
    ]


@delete("/api/v1/invitations/{invitation:str}", guards=[guards.must_invite_members])
async def withdraw_invitation(invitation: FromPath[str], member: NamedDependency[Member]) -> None:
    """End an open invitation."""
    await invitations.withdraw_invitation(member, addresses.plain_uuid(invitation))


@post("/api/v1/invitations/{invitation:str}/letter", guards=[guards.must_invite_members])
async def send_invitation_again(
    invitation: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> InvitationBody:
    """Send an open invitation once more, with a new link."""
    sent = await invitations.send_again(member, addresses.plain_uuid(invitation), settings)
    return invitation_body(sent, settings)


@patch("/api/v1/members/{person:str}", guards=[guards.must_manage_members])
async def change_roles(
    person: FromPath[str], data: JSONBody[Roles], member: NamedDependency[Member]
) -> ColleagueBody:
    """Give a colleague exactly these roles; a change signs them out of one's brand."""
    person_id = addresses.in_path("mbr", person)
    await members.set_roles(member, person_id, data.roles)
    return next(_colleague(one) for one in await queries.colleagues_of(member) if one.id == person_id)


@delete("/api/v1/members/{person:str}", guards=[guards.must_manage_members])
async def remove_member(person: FromPath[str], member: NamedDependency[Member]) -> None:
    """Part with a person of one's own side."""
    await members.remove_person(member, addresses.in_path("mbr", person))


def invitation_body(invited: people.Invited, settings: Settings) -> InvitationBody:
    """Show a fresh invitation to whoever made it, who must not be able to take it up."""
    body = InvitationBody(str(invited.id), invited.email, invited.expires_at.isoformat())
    if settings.sandbox:
        body.token, body.link = invited.token, letters.invitation_link(settings, invited.token)
    return body


def _colleague(one: Colleague) -> ColleagueBody:
    return ColleagueBody(ids.shown("mbr", one.id), one.name, one.email, list(one.roles))
