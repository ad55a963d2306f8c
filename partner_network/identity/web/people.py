"""Colleagues, and invitations to them."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from partner_network.identity import letters, queries
from partner_network.identity.actions import people
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


def invitation_body(invited: people.Invited, settings: Settings) -> InvitationBody:
    """Show a fresh invitation to whoever made it, who must not be able to take it up."""
    body = InvitationBody(str(invited.id), invited.email, invited.expires_at.isoformat())
    if settings.sandbox:
        body.token, body.link = invited.token, letters.invitation_link(settings, invited.token)
    return body
