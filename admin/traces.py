"""The trace of a payout, a statement or one line of it in the back office, as both brands read it."""

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from partner_network.dashboards.web import traces
from partner_network.identity.web import guards
from partner_network.identity.web.requests import AnyRequest

GUARDS = [guards.must_be_operator, guards.must_read_money]


@get("/admin/payouts/{payout:str}/trace", guards=GUARDS, include_in_schema=False)
async def show_payout_trace(payout: FromPath[str], request: AnyRequest) -> Template:
    """Show the way of a payout's money, step by step."""
    context = await traces.page_of_payout(payout, "operator", None, request)
    return Template("admin/trace.html", context=context)


@get("/admin/statements/{statement:str}/trace", guards=GUARDS, include_in_schema=False)
async def show_statement_trace(statement: FromPath[str], request: AnyRequest) -> Template:
    """Show the way of a statement's money, step by step."""
    context = await traces.page_of_statement(statement, "operator", None, request)
    return Template("admin/trace.html", context=context)


@get("/admin/statements/{statement:str}/lines/{line:int}/trace", guards=GUARDS, include_in_schema=False)
async def show_line_trace(statement: FromPath[str], line: FromPath[int]) -> Template:
    """Show where one line of a statement comes from, down to the clause."""
    context = await traces.page_of_line(statement, line, "operator", None)
    return Template("admin/trace_line.html", context=context)
