"""The statements of a brand, on either side of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from partner_network.dashboards.queries import listed_statements, stations
from partner_network.dashboards.web import sentences, words
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing, csv_answer
from partner_network.identity.web.requests import AnyRequest
from partner_network.payouts import rules as payouts
from partner_network.statements import (
    beside,
    document_kinds,
    invoice_queries,
    invoices,
    party_queries,
    queries,
)
from partner_network.statements.beside import Beside
from partner_network.statements.document_kinds import DocumentKind
from partner_network.statements.invoices import Obstacle
from partner_network.statements.queries import Statement

LINES_A_PAGE = 100


@get("/statements", guards=[guards.must_read_money])
async def show_statements(member: NamedDependency[Member], request: AnyRequest) -> Response[Any]:
    """List a brand's statements, the newest first: those it is paid by and those it pays; or give a file."""
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        partners = await party_queries.partners_of(connection, brand_id)
        listing = Listing.read(
            request.query_params,
            listed_statements.STATEMENT_ORDERS,
            "-period",
            filters={
                "side": listed_statements.SIDES,
                "state": listed_statements.STATES,
                "partner": [one.slug for one in partners],
            },
        )
        listing, found = await listed_statements.statements_of(connection, brand_id, listing)
    if listing.wants_csv:
        return _file(found)
    return Template(
        "portal/statements.html",
        context={
            "statements": [(one, sentences.state_of(one)) for one in found],
            "listing": listing,
            "partners": partners,
            "state_words": words.STATE_OF_STATEMENT,
            "brand_id": brand_id,
        },
    )


def _file(found: list[Statement]) -> Response[bytes]:
    return csv_answer(
        "statements",
        [
            "number",
            "period",
            "payer",
            "payee",
            "currency",
            "opening_minor",
            "closing_minor",
            "state",
            "payer_slug",
            "payee_slug",
        ],
        [
            (
                one.number,
                one.period,
                one.payer_name,
                one.payee_name,
                one.currency,
                one.opening_minor,
                one.closing_minor,
                sentences.state_of(one),
                one.payer_slug,
                one.payee_slug,
            )
            for one in found
        ],
        numbers=frozenset({5, 6}),
    )


@get("/statements/{statement:str}", guards=[guards.must_read_money])
async def show_statement(
    statement: FromPath[str], member: NamedDependency[Member], request: AnyRequest
) -> Template:
    """Show one statement: how it adds up, every line with its clause, its documents, where its money is."""
    brand_id = guards.brand_of(member)
    listing = Listing.read(
        request.query_params,
        listed_statements.LINE_ORDERS,
        "date",
        filters={"kind": tuple(words.KIND_OF_LINE)},
        size=LINES_A_PAGE,
    )
    wanted = addresses.in_path("stm", statement)
    now = await clock.now()
    async with connections.transaction(eyes=brand_id) as connection:
        found = await queries.statement_for(connection, wanted, brand_id)
        shown = await _lines(connection, found, listing)
        shown |= {
            "counted": await listed_statements.counted_by_kind(connection, wanted),
            "payout": await stations.payout_of(connection, wanted),
            "people": await stations.signed_off_by(connection, found),
            "documents": await stations.documents_of(connection, wanted),
            "beside": await beside.beside(connection, found, now),
            "obstacles": await _obstacles(connection, found, now),
            "document_names": document_kinds.NAMES,
        }
    shown |= {
        "statement": found,
        "state": sentences.state_of(found),
        "kind_words": words.KIND_OF_LINE,
        "is_payee": found.payee_id == brand_id,
        "why_held": payouts.why_held,
        "next": sentences.next_of(found, is_payee=found.payee_id == brand_id),
        "can_object": _can_object(found, member, shown["beside"]),
        "statements_at": "/statements",
        "name_of": {},
        "answer_form": "",
    }
    return Template("portal/statement.html", context=shown)


async def _obstacles(connection: Connection, found: Statement, now: datetime) -> Sequence[Obstacle]:
    """Return why a statement has no invoice yet."""
    standing = await invoice_queries.standing_of(connection, found, now)
    return invoices.obstacles(invoices.basis_of_totals(found.currency, found.totals), standing)


def _can_object(found: Statement, member: Member, stands: Beside) -> bool:
    """Tell whether a person may object to lines of a statement now."""
    is_payer = found.payer_id == member.brand_id and permissions.may(member, "object to statements")
    is_open = stands.right is not None and stands.right.why_not is None
    return is_payer and found.carried_reason is None and is_open


async def _lines(connection: Connection, found: Statement, listing: Listing) -> dict[str, Any]:
    listing, lines = await listed_statements.lines_of(connection, found.id, listing)
    cited: Mapping[int, UUID] = await stations.agreements_cited(
        connection, [line.transfer_id for line in lines]
    )
    newest = await stations.newest_agreement(connection, payer_id=found.payer_id, payee_id=found.payee_id)
    return {"listing": listing, "lines": [(line, cited.get(line.transfer_id, newest)) for line in lines]}


@get("/statements/{statement:str}/{kind:str}", guards=[guards.must_read_money])
async def open_document(statement: FromPath[str], kind: FromPath[DocumentKind]) -> Redirect:
    """Lead a person, signed in again if need be, to a stored document."""
    return Redirect(f"/api/v1/statements/{statement}/documents/{kind}", status_code=303)
