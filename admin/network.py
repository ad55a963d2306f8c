"""Partnerships, programs and brands in the back office, and the invitation of a partner."""

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from admin import brand_fields, files, reading, wording
from admin.queries import network as queries
from partner_network.agreements import notice_queries, terms_reading
from partner_network.agreements import queries as agreements
from partner_network.identity.actions.people import Invitee
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import ConflictError, InvalidError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.programs import actions
from partner_network.programs import queries as programs
from partner_network.programs.actions import InvitedPartner
from partner_network.settings import Settings

ROWS = 100
CHOICES_MAX = 1_000
"""How many programs or brands a list to choose from shows."""
NEW_BRAND = "new"


class NoticeForm(msgspec.Struct):
    """Why a partnership ends, and the tick that says at once."""

    reason: str = ""
    for_good_cause: str = ""


class InviteForm(msgspec.Struct):
    """Whom to invite; nothing is required, so that the page itself can say what is missing."""

    program: str = ""
    partner: str = ""
    email: str = ""
    name: str = ""
    legal_name: str = ""
    slug: str = ""
    address: str = ""
    country: str = ""
    tax_id: str = ""


@get("/admin/partnerships", guards=[guards.must_be_operator], include_in_schema=False)
async def list_partnerships(request: AnyRequest) -> Template | Response[bytes]:
    """List all partnerships, the newest first."""
    asked = Listing.read(
        request.query_params,
        queries.PARTNERSHIP_ORDER,
        "-begun",
        filters={"status": tuple(wording.PARTNERSHIP)},
    )
    listing, rows = await queries.partnership_rows(asked)
    if listing.wants_csv:
        return files.partnerships(rows)
    context = {"words": wording, "listing": listing, "rows": rows}
    return Template("admin/partnerships.html", context=context)


@get("/admin/partnerships/{partnership:str}", guards=[guards.must_be_operator], include_in_schema=False)
async def show_partnership(partnership: FromPath[str], member: NamedDependency[Member]) -> Template:
    """Show a partnership: its agreements, what happened to it, which terms hold, and how it ends."""
    return await partnership_page(partnership, member, NoticeForm())


async def partnership_page(
    partnership: str, member: Member, form: NoticeForm, *, refused: PartnerNetworkError | None = None
) -> Template:
    """Return the page of a partnership, with what is wrong in the form that would end it."""
    partnership_id = addresses.in_path("prt", partnership)
    shown = await programs.partnership_of(member, partnership_id)
    drafted = await agreements.agreements_of(member, partnership_id=partnership_id, after=None, limit=ROWS)
    errors = dict(refused.sentence_of) if isinstance(refused, InvalidError) else {}
    status = HTTP_200_OK
    if refused is not None:
        status = HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_409_CONFLICT
    return Template(
        "admin/partnership.html",
        context={
            "words": wording,
            "partnership": shown,
            "agreements": drafted,
            "held": await queries.terms_of(partnership_id),
            "events": reading.partnership_events(shown, drafted),
            "open": reading.open_agreement(drafted),
            "changes": reading.changes(drafted),
            "of": await notice_queries.ending_of(member, partnership_id),
            "form": form,
            "errors": errors,
            "refusal": "" if refused is None or errors else refused.sentence,
        },
        status_code=status,
    )


@get("/admin/agreements/{agreement:str}", guards=[guards.must_be_operator], include_in_schema=False)
async def show_agreement(agreement: FromPath[str], member: NamedDependency[Member]) -> Template:
    """Show an agreement: who signed, under which contract, and the terms as they were signed."""
    found = await agreements.agreement_of(member, addresses.in_path("agr", agreement))
    return Template(
        "admin/agreement.html",
        context={
            "words": wording,
            "agreement": found,
            "terms": terms_reading.read_terms(found.terms_toml),
        },
    )


@get("/admin/programs", guards=[guards.must_be_operator], include_in_schema=False)
async def list_programs(request: AnyRequest) -> Template | Response[bytes]:
    """List all programs by name."""
    listing, rows = await queries.program_rows(
        Listing.read(request.query_params, queries.PROGRAM_ORDER, "program")
    )
    if listing.wants_csv:
        return files.programs(rows)
    return Template("admin/programs.html", context={"listing": listing, "rows": rows})


@get("/admin/brands", guards=[guards.must_be_operator], include_in_schema=False)
async def list_brands(request: AnyRequest) -> Template | Response[bytes]:
    """List all brands by name."""
    listing, rows = await queries.brand_rows(Listing.read(request.query_params, queries.BRAND_ORDER, "brand"))
    if listing.wants_csv:
        return files.brands(rows)
    return Template("admin/brands.html", context={"listing": listing, "rows": rows})


@get(
    "/admin/invitations/new",
    guards=[guards.must_be_operator, guards.must_invite_partners],
    include_in_schema=False,
)
async def show_invite_form(member: NamedDependency[Member], program: FromQuery[str] = "") -> Template:
    """Ask whom to invite to which program."""
    return await _form(member, InviteForm(program=program))


@post(
    "/admin/invitations",
    guards=[guards.must_be_operator, guards.must_invite_partners],
    include_in_schema=False,
)
async def invite_partner(
    data: URLEncodedBody[InviteForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Template:
    """Invite a brand of the network, or a new one by its first owner's address."""
    try:
        invited = await _invited(member, data, settings)
    except (InvalidError, ConflictError) as error:
        return await _form(member, data, refusal=error)
    return Template(
        "admin/invited.html",
        context={
            "partnership": await programs.partnership_of(member, invited.partnership_id),
            "invitation": invited.invitation,
        },
        status_code=HTTP_201_CREATED,
    )


async def _invited(member: Member, form: InviteForm, settings: Settings) -> InvitedPartner:
    missing = {name: Sentence("Choose one.") for name in ("program", "partner") if not getattr(form, name)}
    is_new = form.partner == NEW_BRAND
    if is_new and not form.email.strip():
        missing["email"] = Sentence("Fill this in: the first owner of a new brand joins by e-mail.")
    if missing:
        raise InvalidError("Something is missing yet.", fields=missing)
    program_id = addresses.in_body("prg", form.program, field="program")
    if not is_new:
        return await actions.invite_partner(
            member,
            program_id,
            addresses.in_body("bnd", form.partner, field="partner"),
            platform_country=settings.platform_country,
        )
    new = brand_fields.brand_in(form)
    return await actions.invite_partner(
        member,
        program_id,
        new,
        owner=Invitee(form.email, settings),
        platform_country=settings.platform_country,
    )


async def _form(member: Member, form: InviteForm, *, refusal: PartnerNetworkError | None = None) -> Template:
    errors = dict(refusal.sentence_of) if refusal else {}
    status = HTTP_200_OK
    if refusal is not None:
        status = 409 if isinstance(refusal, ConflictError) else 422
    return Template(
        "admin/invite.html",
        context={
            "form": form,
            "errors": errors,
            "refusal": refusal.sentence if refusal else "",
            "programs": await programs.programs_of(member, after=None, limit=CHOICES_MAX),
            "brands": await queries.brands_to_choose(CHOICES_MAX),
        },
        status_code=status,
    )
