"""Statements over the API: read, close, prepare, approve, download."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.response import Redirect
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.file_store.store import FileStore
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.statements import document_kinds, previews_web, queries, write_off_web
from partner_network.statements.actions import ask, sign_off
from partner_network.statements.document_kinds import DocumentKind
from partner_network.statements.queries import Statement, StatementLine

NamedPeriod: TypeAlias = Annotated[str | None, QueryParameter(name="period", max_length=12)]
"""A period such as 2026-03 that whoever asks expects to be closed."""
Slug: TypeAlias = Annotated[str, QueryParameter(max_length=100, pattern="^[a-z0-9-]*$")]
"""The short name of a brand, which no two brands share; left out: any."""
DOWNLOAD_LASTS_S = 300


class StatementBody(msgspec.Struct, frozen=True):
    """A statement; money in minor units of ``currency``."""

    id: str
    number: str
    payee: str
    payee_slug: str
    payer: str
    payer_slug: str
    period: str
    starts_at: datetime
    ends_at: datetime
    currency: str
    opening_minor: int
    closing_minor: int
    totals: dict[str, int]
    status: str
    carried_reason: str | None
    ignores_minimum: bool
    content_hash: str
    payout_minor: int | None


class StatementWithLines(msgspec.Struct, frozen=True):
    """A statement and everything it is made of."""

    statement: StatementBody
    lines: list[StatementLine]


class SignOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was read: its hash, in hexadecimal, so that nobody signs other content."""

    content_hash: str
    reason: str = ""


def body_of(statement: Statement) -> StatementBody:
    """Return a statement as the API shows it."""
    return StatementBody(
        id=ids.shown("stm", statement.id),
        number=statement.number,
        payee=statement.payee_name,
        payee_slug=statement.payee_slug,
        payer=statement.payer_name,
        payer_slug=statement.payer_slug,
        period=statement.period,
        starts_at=statement.starts_at,
        ends_at=statement.ends_at,
        currency=statement.currency,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        totals=statement.totals,
        status=statement.status,
        carried_reason=statement.carried_reason,
        ignores_minimum=statement.ignores_minimum,
        content_hash=statement.content_hash.hex(),
        payout_minor=statement.payout_minor,
    )


@get("/api/v1/statements", guards=[guards.must_read_money])
async def list_statements(
    asking: guards.WhoAsks,
    after: After = None,
    limit: Limit = addresses.LIMIT,
    payer: Slug = "",
    payee: Slug = "",
) -> Page[StatementBody]:
    """List statements, newest first: a brand's own, or all for the operator; of one payer or payee."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await queries.statements(
            connection,
            brand_id=asking.brand_id,
            before=addresses.cursor("stm", after),
            limit=limit + 1,
            payer=payer,
            payee=payee,
        )
    return addresses.page(rows, limit, body_of, lambda shown: shown.id)


@get("/api/v1/statements/{statement_id:str}", guards=[guards.must_read_money])
async def read_statement(statement_id: FromPath[str], asking: guards.WhoAsks) -> StatementWithLines:
    """Return one statement with its lines."""
    wanted = addresses.in_path("stm", statement_id)
    async with connections.transaction(eyes=asking.eyes) as connection:
        statement = await queries.statement_for(connection, wanted, asking.brand_id)
        lines = await queries.lines_of(connection, wanted)
    return StatementWithLines(body_of(statement), lines)


@get("/api/v1/statements/{statement_id:str}/documents/{kind:str}", guards=[guards.must_read_money])
async def download_document(
    statement_id: FromPath[str],
    kind: FromPath[DocumentKind],
    asking: guards.WhoAsks,
    file_store: NamedDependency[SkipValidation[FileStore]],
) -> Redirect:
    """Send the reader to the stored document by an address that expires."""
    wanted = addresses.in_path("stm", statement_id)
    async with connections.transaction(eyes=asking.eyes) as connection:
        statement = await queries.statement_for(connection, wanted, asking.brand_id)
        file_key = await queries.document_key(connection, wanted, kind)
    address = file_store.signed_url(
        file_key,
        filename=document_kinds.file_name(statement.number, kind),
        expires_in_s=DOWNLOAD_LASTS_S,
        now=clock.wall_now(),
    )
    return Redirect(address, status_code=HTTP_303_SEE_OTHER)


@post("/api/v1/closings", guards=[guards.must_prepare_statements], status_code=HTTP_202_ACCEPTED)
async def close_periods(member: NamedDependency[Member], period: NamedPeriod = None) -> dict[str, str]:
    """Ask the worker to close every period that has ended; one named that has not is refused with 409."""
    await ask.ask_to_close(member, now=await clock.now(), period=period)
    return {"status": "asked"}


@post(
    "/api/v1/statements/{statement_id:str}/preparation",
    guards=[guards.must_prepare_statements],
    status_code=HTTP_201_CREATED,
)
async def prepare(
    statement_id: FromPath[str], data: JSONBody[SignOff], member: NamedDependency[Member]
) -> StatementBody:
    """Sign a computed statement off as its preparer."""
    statement = await sign_off.prepare_statement(
        addresses.in_path("stm", statement_id),
        content_hash=_hash_in(data),
        preparer=member,
        now=await clock.now(),
    )
    return body_of(statement)


@post(
    "/api/v1/statements/{statement_id:str}/approval",
    guards=[guards.must_approve_statements],
    status_code=HTTP_201_CREATED,
)
async def approve(
    statement_id: FromPath[str], data: JSONBody[SignOff], member: NamedDependency[Member]
) -> StatementBody:
    """Approve exactly the content that was read: a changed statement answers 409."""
    statement = await sign_off.approve_statement(
        addresses.in_path("stm", statement_id),
        content_hash=_hash_in(data),
        approver=member,
        reason=data.reason,
        now=await clock.now(),
    )
    return body_of(statement)


def _hash_in(data: SignOff) -> bytes:
    try:
        return bytes.fromhex(data.content_hash)
    except ValueError:
        raise InvalidError(
            "content_hash is not hexadecimal; send the one that the statement shows.",
            fields={"content_hash": Sentence("not hexadecimal")},
        ) from None


ROUTES: Sequence[ControllerRouterHandler] = (
    *previews_web.ROUTES,
    *write_off_web.ROUTES,
    list_statements,
    read_statement,
    download_document,
    close_periods,
    prepare,
    approve,
)
