"""The doors of agreements: policies, drafts, reading, signing and the printed document."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, SkipValidation
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from partner_network.agreements import documents, ending_web, queries
from partner_network.agreements.actions import draft, sign
from partner_network.agreements.queries import Agreement
from partner_network.gateways import clock
from partner_network.gateways.file_store.store import FileStore
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.settings import Settings

DOWNLOAD_LASTS = timedelta(minutes=10)


class NewVersion(msgspec.Struct, forbid_unknown_fields=True):
    """A policy to publish: TOML with the tables `[program.*]`."""

    policy: str


class VersionBody(msgspec.Struct):
    """The number of the version that now holds for new agreements."""

    program: str
    version: int


class NewAgreementBody(msgspec.Struct, forbid_unknown_fields=True):
    """Terms to draft: a published contract, and TOML that fills it in."""

    partnership: str
    contract: str
    contract_version: str
    terms: str


class NewSignature(msgspec.Struct, forbid_unknown_fields=True):
    """The hash of the text that the signer read."""

    content_hash: str


class SignatureBody(msgspec.Struct):
    """One brand's signature."""

    brand: str
    brand_name: str
    name: str
    role: str
    signed_at: str


class AgreementBody(msgspec.Struct):
    """An agreement as its two brands see it."""

    id: str
    number: str
    partnership: str
    contract: str
    contract_version: str
    terms: str
    content_hash: str
    drafted_at: str
    signatures: list[SignatureBody]
    is_signed: bool
    is_superseded: bool
    pdf_sha256: str | None


@post("/api/v1/programs/{program:str}/versions", guards=[guards.must_manage_programs])
async def publish_version(
    program: FromPath[str], data: JSONBody[NewVersion], member: NamedDependency[Member]
) -> VersionBody:
    """Publish the next version of a program's policy."""
    program_id = addresses.in_path("prg", program)
    return VersionBody(program, await draft.publish_program_version(member, program_id, data.policy))


@post("/api/v1/agreements", guards=[guards.must_draft_agreements])
async def draft_agreement(
    data: JSONBody[NewAgreementBody],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> AgreementBody:
    """Draft terms for a partnership."""
    new = draft.NewAgreement(
        addresses.in_body("prt", data.partnership, field="partnership"),
        data.contract,
        data.contract_version,
        data.terms,
    )
    return _shown(
        await draft.draft_agreement(
            member, new, settings.operator, platform_country=settings.platform_country
        )
    )


@get("/api/v1/agreements", guards=[guards.must_read_agreements])
async def list_agreements(
    asking: guards.WhoAsks,
    partnership: FromQuery[str | None] = None,
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> Page[AgreementBody]:
    """List the agreements of one's brand, or of one partnership."""
    rows = await queries.agreements_of(
        asking,
        partnership_id=addresses.cursor("prt", partnership),
        after=addresses.cursor("agr", after),
        limit=limit + 1,
    )
    return addresses.page(rows, limit, _shown, lambda agreement: agreement.id)


@get("/api/v1/agreements/{agreement:str}", guards=[guards.must_read_agreements])
async def read_agreement(agreement: FromPath[str], asking: guards.WhoAsks) -> AgreementBody:
    """Show an agreement of one's brand."""
    return _shown(await queries.agreement_of(asking, addresses.in_path("agr", agreement)))


@get(
    "/api/v1/agreements/{agreement:str}/text",
    guards=[guards.must_read_agreements],
    media_type=MediaType.TEXT,
)
async def read_text(agreement: FromPath[str], asking: guards.WhoAsks) -> Response[str]:
    """Give the very text that is signed: its SHA-256 is the content hash."""
    found = await queries.agreement_of(asking, addresses.in_path("agr", agreement))
    text = documents.unsigned_text(
        found.contract_name, found.contract_version, found.terms_toml, found.parties
    )
    return Response(text, media_type=MediaType.TEXT)


@post("/api/v1/agreements/{agreement:str}/signatures", guards=[guards.must_sign_agreements])
async def sign_agreement(
    agreement: FromPath[str],
    data: JSONBody[NewSignature],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
) -> AgreementBody:
    """Sign exactly what was read, for one's brand."""
    agreement_id = addresses.in_path("agr", agreement)
    return _shown(await sign.sign_agreement(signer(member, request), agreement_id, data.content_hash))


@get("/api/v1/agreements/{agreement:str}/document", guards=[guards.must_read_agreements])
async def read_document(
    agreement: FromPath[str],
    asking: guards.WhoAsks,
    file_store: NamedDependency[SkipValidation[FileStore]],
) -> Redirect:
    """Lead to the PDF of a signed agreement, by an address that soon expires."""
    found = await queries.agreement_of(asking, addresses.in_path("agr", agreement))
    if found.file_key is None:
        raise NotFoundError("There is no document yet: it is made within a minute of the second signature.")
    url = file_store.signed_url(
        found.file_key,
        filename=f"agreement-{found.number.replace('/', '-')}.pdf",
        expires_in_s=int(DOWNLOAD_LASTS.total_seconds()),
        now=clock.wall_now(),  # a person's browser follows at once, whatever time a sandbox simulates
    )
    return Redirect(url, status_code=303)


def signer(member: Member, request: Request[Any, Any, Any]) -> sign.Signer:
    """Return who signs through this request, and from where."""
    address = "" if request.client is None else request.client.host
    return sign.Signer(member, address, request.headers.get("user-agent", ""))


def _shown(agreement: Agreement) -> AgreementBody:
    return AgreementBody(
        id=ids.shown("agr", agreement.id),
        number=agreement.number,
        partnership=ids.shown("prt", agreement.partnership_id),
        contract=agreement.contract_name,
        contract_version=agreement.contract_version,
        terms=agreement.terms_toml,
        content_hash=agreement.content_hash,
        drafted_at=agreement.drafted_at.isoformat(),
        signatures=[
            SignatureBody(
                ids.shown("bnd", one.brand_id), one.brand, one.name, one.role, one.signed_at.isoformat()
            )
            for one in agreement.signatures
        ],
        is_signed=agreement.is_signed,
        is_superseded=agreement.is_superseded,
        pdf_sha256=agreement.pdf_sha256,
    )


ROUTES: Sequence[ControllerRouterHandler] = (
    publish_version,
    draft_agreement,
    list_agreements,
    read_agreement,
    read_text,
    sign_agreement,
    read_document,
    *ending_web.ROUTES,
)
