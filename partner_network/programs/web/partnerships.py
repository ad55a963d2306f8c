"""Partnerships as JSON: invite, answer, pair, look."""

from datetime import datetime
from typing import Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_200_OK

from partner_network.brands.actions import NewBrand
from partner_network.identity.actions.people import Invitee
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, people
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.identity.web.people import InvitationBody
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.programs import actions, queries
from partner_network.programs.queries import Partnership
from partner_network.settings import Settings


class NewPartnership(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite: a brand of the network, or a new one and the address of its owner."""

    program: str
    partner: str | None = None
    new_brand: NewBrand | None = None
    email: str | None = None


class PartnershipBody(msgspec.Struct, omit_defaults=True):
    """A brand that promotes a program."""

    id: str
    program: str
    program_name: str
    advertiser: str
    advertiser_name: str
    partner: str
    partner_name: str
    status: str
    mirror: str | None
    created_at: str
    active_from: str | None
    ended_at: str | None
    invitation: InvitationBody | None = None


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What an invited brand says."""

    answer: Literal["accept", "decline"]


class Pairing(msgspec.Struct, forbid_unknown_fields=True):
    """The partnership in which the two brands' roles are exchanged."""

    mirror: str


@post("/api/v1/partnerships", guards=[guards.must_invite_partners])
async def invite_partner(
    data: JSONBody[NewPartnership],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> PartnershipBody:
    """Invite a brand to promote a program."""
    if (data.partner is None) == (data.new_brand is None):
        raise InvalidError(
            "Name either a brand of the network or a new one.",
            fields={"partner": Sentence("or new_brand"), "new_brand": Sentence("or partner")},
        )
    invited = await actions.invite_partner(
        member,
        addresses.in_body("prg", data.program, field="program"),
        data.new_brand or addresses.in_body("bnd", data.partner or "", field="partner"),
        owner=None if data.email is None else Invitee(data.email, settings),
        platform_country=settings.platform_country,
    )
    body = _shown(await queries.partnership_of(member, invited.partnership_id))
    if invited.invitation is not None:
        body.invitation = people.invitation_body(invited.invitation, settings)
    return body


@get("/api/v1/partnerships", guards=[guards.must_read_partnerships])
async def list_partnerships(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[PartnershipBody]:
    """List the partnerships of one's brand, on both sides."""
    rows = await queries.partnerships_of(asking, after=addresses.cursor("prt", after), limit=limit + 1)
    return addresses.page(rows, limit, _shown, lambda partnership: partnership.id)


@get("/api/v1/partnerships/{partnership:str}", guards=[guards.must_read_partnerships])
async def read_partnership(partnership: FromPath[str], asking: guards.WhoAsks) -> PartnershipBody:
    """Show a partnership of one's brand."""
    return _shown(await queries.partnership_of(asking, addresses.in_path("prt", partnership)))


@post(
    "/api/v1/partnerships/{partnership:str}/answer",
    guards=[guards.must_accept_partnerships],
    status_code=HTTP_200_OK,
)
async def answer_partnership(
    partnership: FromPath[str], data: JSONBody[Answer], member: NamedDependency[Member]
) -> PartnershipBody:
    """Accept or decline as the invited brand."""
    partnership_id = addresses.in_path("prt", partnership)
    return _shown(await actions.answer_partnership(member, partnership_id, accept=data.answer == "accept"))


@post(
    "/api/v1/partnerships/{partnership:str}/mirror",
    guards=[guards.must_invite_partners],
    status_code=HTTP_200_OK,
)
async def pair_partnership(
    partnership: FromPath[str], data: JSONBody[Pairing], member: NamedDependency[Member]
) -> PartnershipBody:
    """Mark two partnerships as reciprocal."""
    partnership_id = addresses.in_path("prt", partnership)
    mirror_id = addresses.in_body("prt", data.mirror, field="mirror")
    await actions.pair_partnerships(member, partnership_id, mirror_id)
    return _shown(await queries.partnership_of(member, partnership_id))


def _shown(partnership: Partnership) -> PartnershipBody:
    return PartnershipBody(
        id=ids.shown("prt", partnership.id),
        program=ids.shown("prg", partnership.program_id),
        program_name=partnership.program_name,
        advertiser=ids.shown("bnd", partnership.advertiser_id),
        advertiser_name=partnership.advertiser_name,
        partner=ids.shown("bnd", partnership.partner_id),
        partner_name=partnership.partner_name,
        status=partnership.status,
        mirror=None if partnership.mirror_id is None else ids.shown("prt", partnership.mirror_id),
        created_at=partnership.created_at.isoformat(),
        active_from=_instant(partnership.active_from),
        ended_at=_instant(partnership.ended_at),
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
