"""The agreements of a brand: the list, reading one in full, signing it, and answering an invitation."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup

from partner_network.agreements import contracts, documents, notice_queries, queries, terms_reading
from partner_network.agreements import web as agreements_api
from partner_network.agreements.actions import sign
from partner_network.agreements.queries import Agreement
from partner_network.dashboards.queries import stations
from partner_network.dashboards.web import plain_terms, portal
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, coded_words, guards
from partner_network.identity.web.listings import Listing, csv_answer
from partner_network.kernel.sentences import Sentence
from partner_network.languages.catalogs import say
from partner_network.programs import actions as programs
from partner_network.programs import queries as partnerships

ROWS_MAX = 10_000


class SignatureForm(msgspec.Struct):
    """What the signing form sends: the hash of the text on the page, and the tick."""

    content_hash: str = ""
    agreed: str = ""
    csrf_token: str = ""


class AnswerForm(msgspec.Struct):
    """What an invited brand says."""

    answer: Literal["accept", "decline"]
    csrf_token: str = ""


_ORDERS: Mapping[str, Callable[[Agreement], Any]] = {
    "number": lambda one: one.number,
    "program": lambda one: one.parties.program.casefold(),
    "drafted": lambda one: one.drafted_at,
}
_STATES = ("to sign", "waits for the other side", "signed", "replaced")


@get("/agreements", guards=[guards.must_read_agreements])
async def show_agreements(
    member: NamedDependency[Member], request: Request[Any, Any, Any], told: Told = ""
) -> Response[Any]:
    """List a brand's agreements, the newest first, with the invitations that wait; or give them as a file."""
    brand_id = guards.brand_of(member)
    listing, found = Listing.read(request.query_params, _ORDERS, "-drafted", filters={"state": _STATES}).cut(
        await queries.agreements_of(member, after=None, limit=ROWS_MAX),
        by=_ORDERS,
        text=_searched,
        values={"state": lambda one: _state(one, member)},
    )
    if listing.wants_csv:
        return _file(found, member)
    related = await partnerships.partnerships_of(member, after=None, limit=ROWS_MAX)
    return Template(
        "portal/agreements.html",
        context={
            "agreements": [(one, _state(one, member)) for one in found],
            "listing": listing,
            "states": _STATES,
            "invited": [one for one in related if one.status == "invited" and one.partner_id == brand_id],
            "told": portal.told(told),
            "brand_id": brand_id,
        },
    )


def _searched(one: Agreement) -> str:
    both = one.parties
    return f"{one.number} {both.program} {both.advertiser.name} {both.partner.name}"


def _file(found: Sequence[Agreement], member: Member) -> Response[bytes]:
    return csv_answer(
        "agreements",
        ["number", "program", "advertiser", "partner", "drafted", "state"],
        [
            (
                one.number,
                one.parties.program,
                one.parties.advertiser.name,
                one.parties.partner.name,
                one.drafted_at.isoformat(),
                _state(one, member),
            )
            for one in found
        ],
    )


@get("/agreements/{agreement:str}", guards=[guards.must_read_agreements])
async def show_agreement(
    agreement: FromPath[str], member: NamedDependency[Member], told: Told = ""
) -> Template:
    """Show the full text of an agreement, its terms in plain words, who signed it, and the form to sign."""
    return await _page(member, addresses.in_path("agr", agreement), told=portal.told(told))


async def _page(
    member: Member, agreement_id: UUID, *, told: str = "", errors: Mapping[str, str] | None = None
) -> Template:
    guards.brand_of(member)
    found = await queries.agreement_of(member, agreement_id)
    async with connections.transaction(eyes=member.eyes) as connection:
        before = await stations.signed_before(connection, found)
    of = await notice_queries.ending_of(member, found.partnership_id)
    terms = terms_reading.read_terms(found.terms_toml)
    contract = contracts.published(found.contract_name, found.contract_version)
    clauses = documents.clauses_html(contract, found.parties, terms)
    return Template(
        "portal/agreement.html",
        context={
            "agreement": found,
            "state": _state(found, member),
            "clauses": Markup(clauses),  # noqa: S704 - our own contract, escaped as it was filled
            "plain": plain_terms.terms_in_plain_words(terms),
            "events": _events(found),
            "before": before,
            "of": of,
            "told": told,
            "errors": errors or {},
            "brand_id": member.brand_id,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
    )


def _events(found: Agreement) -> list[tuple[datetime, str, str]]:
    """Return what happened to an agreement, the newest first: who signed it when, and its draft."""
    signed = [
        (
            one.signed_at,
            say("Signed for {brand}", brand=one.brand),
            f"{one.name}, {coded_words.roles([one.role])}",
        )
        for one in found.signatures
    ]
    drafted = (
        found.drafted_at,
        say("Drafted"),
        say(
            "Contract {contract}, version {version}",
            contract=found.contract_name,
            version=found.contract_version,
        ),
    )
    return sorted([*signed, drafted], key=lambda one: one[0], reverse=True)


@post("/agreements/{agreement:str}/signatures", guards=[guards.must_sign_agreements])
async def sign_agreement(
    agreement: FromPath[str],
    data: URLEncodedBody[SignatureForm],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
) -> Redirect | Template:
    """Sign, for one's brand, exactly the text that the page showed."""
    if data.agreed != "yes":
        why = Sentence("Tick that you read the agreement and sign for your brand, then sign.")
        return await _page(member, addresses.in_path("agr", agreement), errors={"agreed": why})
    signed = await sign.sign_agreement(
        agreements_api.signer(member, request), addresses.in_path("agr", agreement), data.content_hash
    )
    return portal.back_to(f"/agreements/{agreement}", "in-force" if signed.is_signed else "signed")


@get("/agreements/{agreement:str}/document", guards=[guards.must_read_agreements])
async def open_document(agreement: FromPath[str]) -> Redirect:
    """Lead a person, signed in again if need be, to the PDF."""
    return Redirect(f"/api/v1/agreements/{agreement}/document", status_code=303)


@post("/partnerships/{partnership:str}/answer", guards=[guards.must_accept_partnerships])
async def answer_invitation(
    partnership: FromPath[str], data: URLEncodedBody[AnswerForm], member: NamedDependency[Member]
) -> Redirect:
    """Accept or decline a program's invitation."""
    accepts = data.answer == "accept"
    await programs.answer_partnership(member, addresses.in_path("prt", partnership), accept=accepts)
    return portal.back_to("/agreements", "accepted" if accepts else "declined")


def _state(agreement: Agreement, member: Member) -> str:
    """Return how far an agreement is, as the asking brand sees it."""
    if agreement.is_signed:
        return "signed"
    if agreement.is_superseded:
        return "replaced"
    by_us = any(one.brand_id == member.brand_id for one in agreement.signatures)
    return "waits for the other side" if by_us else "to sign"
