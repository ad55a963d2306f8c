"""The trace of a payout, a statement or one line of it, as a page and as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from partner_network.dashboards.queries import listed_statements, stations
from partner_network.dashboards.tracing import answers, composing, lines
from partner_network.dashboards.tracing.answers import LineTraceAnswer, TraceAnswer
from partner_network.dashboards.web import words
from partner_network.database import connections
from partner_network.database.connections import Connection, Eyes
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import Limit
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.payouts import rules as payouts
from partner_network.statements import queries as statements
from partner_network.statements.queries import Statement

LINES_A_PAGE = 50
AfterLine = Annotated[int, QueryParameter(ge=0, le=2**63 - 1)]
"""The `next` of the page before; left out: the first lines."""


@get("/api/v1/payouts/{payout:str}/trace", guards=[guards.must_read_money])
async def read_payout_trace(
    payout: FromPath[str],
    asking: guards.WhoAsks,
    after: AfterLine = 0,
    limit: Limit = addresses.LIMIT,
) -> TraceAnswer:
    """Trace a payout: its transfers, its statement, each line to commission, receipt, click and clause."""
    wanted = addresses.in_path("pay", payout)
    async with connections.transaction(eyes=asking.eyes) as connection:
        found = await composing.statement_of_payout(connection, wanted, asking.brand_id)
        return await _answer(connection, found, after, limit)


@get("/api/v1/statements/{statement_id:str}/trace", guards=[guards.must_read_money])
async def read_statement_trace(
    statement_id: FromPath[str],
    asking: guards.WhoAsks,
    after: AfterLine = 0,
    limit: Limit = addresses.LIMIT,
) -> TraceAnswer:
    """Trace a statement as a payout is traced, whether it was paid or carried."""
    wanted = addresses.in_path("stm", statement_id)
    async with connections.transaction(eyes=asking.eyes) as connection:
        found = await statements.statement_for(connection, wanted, asking.brand_id)
        return await _answer(connection, found, after, limit)


@get("/api/v1/statements/{statement_id:str}/lines/{line:int}/trace", guards=[guards.must_read_money])
async def read_line_trace(
    statement_id: FromPath[str], line: FromPath[int], asking: guards.WhoAsks
) -> LineTraceAnswer:
    """Trace one line of a statement to its commission, its order's receipt, its clicks and its clause."""
    wanted = addresses.in_path("stm", statement_id)
    async with connections.transaction(eyes=asking.eyes) as connection:
        found = await statements.statement_for(connection, wanted, asking.brand_id)
        return answers.line_answer(await lines.line_trace(connection, found, line, asking.brand_id))


async def _answer(connection: Connection, found: Statement, after: int, limit: int) -> TraceAnswer:
    some = await composing.first_lines(connection, found, after=after, limit=limit + 1)
    trace = await composing.trace_of(connection, found, some[:limit], words.KIND_OF_LINE)
    return answers.answer(trace, has_more=len(some) > limit)


@get("/payouts/{payout:str}/trace", guards=[guards.must_read_money])
async def show_payout_trace(
    payout: FromPath[str], member: NamedDependency[Member], request: AnyRequest
) -> Template:
    """Show the way of a payout's money, step by step, to both its brands."""
    brand_id = guards.brand_of(member)
    return Template("portal/trace.html", context=await page_of_payout(payout, brand_id, brand_id, request))


@get("/statements/{statement:str}/trace", guards=[guards.must_read_money])
async def show_statement_trace(
    statement: FromPath[str], member: NamedDependency[Member], request: AnyRequest
) -> Template:
    """Show the way of a statement's money, step by step, to both its brands."""
    brand_id = guards.brand_of(member)
    context = await page_of_statement(statement, brand_id, brand_id, request)
    return Template("portal/trace.html", context=context)


@get("/statements/{statement:str}/lines/{line:int}/trace", guards=[guards.must_read_money])
async def show_line_trace(
    statement: FromPath[str], line: FromPath[int], member: NamedDependency[Member]
) -> Template:
    """Show where one line of a statement comes from, down to the clause."""
    brand_id = guards.brand_of(member)
    return Template("portal/trace_line.html", context=await page_of_line(statement, line, brand_id, brand_id))


async def page_of_payout(
    payout: str, eyes: Eyes, brand_id: UUID | None, request: AnyRequest
) -> dict[str, Any]:
    """Return what the page of a payout's trace shows; without a brand it is the operator who looks."""
    wanted = addresses.in_path("pay", payout)
    async with connections.transaction(eyes=eyes) as connection:
        found = await composing.statement_of_payout(connection, wanted, brand_id)
        return await _page(connection, found, request, f"/api/v1/payouts/{ids.shown('pay', wanted)}/trace")


async def page_of_statement(
    statement: str, eyes: Eyes, brand_id: UUID | None, request: AnyRequest
) -> dict[str, Any]:
    """Return what the page of a statement's trace shows."""
    wanted = addresses.in_path("stm", statement)
    async with connections.transaction(eyes=eyes) as connection:
        found = await statements.statement_for(connection, wanted, brand_id)
        return await _page(connection, found, request, f"/api/v1/statements/{ids.shown('stm', wanted)}/trace")


async def page_of_line(statement: str, line: int, eyes: Eyes, brand_id: UUID | None) -> dict[str, Any]:
    """Return what the page of one line's trace shows."""
    wanted = addresses.in_path("stm", statement)
    async with connections.transaction(eyes=eyes) as connection:
        found = await statements.statement_for(connection, wanted, brand_id)
        trace = await lines.line_trace(connection, found, line, brand_id)
    return {
        "trace": trace,
        "statement": found,
        "kind_words": words.KIND_OF_LINE,
        "json_href": f"/api/v1/statements/{ids.shown('stm', wanted)}/lines/{line}/trace",
    }


async def _page(
    connection: Connection, found: Statement, request: AnyRequest, json_href: str
) -> dict[str, Any]:
    listing = Listing.read(
        request.query_params,
        listed_statements.LINE_ORDERS,
        "date",
        filters={"kind": tuple(words.KIND_OF_LINE)},
        size=LINES_A_PAGE,
    )
    listing, some = await listed_statements.lines_of(connection, found.id, listing)
    return {
        "trace": await composing.trace_of(connection, found, some, words.KIND_OF_LINE),
        "statement": found,
        "listing": listing,
        "cited": await stations.agreements_cited(connection, [line.transfer_id for line in some]),
        "kind_words": words.KIND_OF_LINE,
        "why_held": payouts.why_held,
        "json_href": json_href,
    }


ROUTES: Sequence[ControllerRouterHandler] = (
    read_payout_trace,
    read_statement_trace,
    read_line_trace,
    show_payout_trace,
    show_statement_trace,
    show_line_trace,
)
