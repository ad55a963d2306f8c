"""The statements of a brand, on either side of them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from partner_network.dashboards.queries import stations
from partner_network.dashboards.web import portal, sentences, words
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.statements import queries
from partner_network.statements.queries import StatementLine

STATEMENTS_A_PAGE = 25
LINES_A_PAGE = 50
_ORDERS: Mapping[str, Callable[[StatementLine], Any]] = {
    "date": lambda line: (line.occurred_at or line.effective_at, line.transfer_id),
    "order": lambda line: (line.order_id or "", line.transfer_id),
    "kind": lambda line: (line.kind, line.transfer_id),
    "amount": lambda line: (line.amount_minor, line.transfer_id),
}


@get("/statements", guards=[guards.must_read_money])
async def show_statements(member: NamedDependency[Member], before: FromQuery[str | None] = None) -> Template:
    """List a brand's statements, the newest first: those it is paid by and those it pays."""
    brand_id = portal.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        found = await queries.statements(
            connection,
            brand_id=brand_id,
            before=None if before is None else addresses.in_path("stm", before),
            limit=STATEMENTS_A_PAGE + 1,
        )
    shown = found[:STATEMENTS_A_PAGE]
    older = f"/statements?before={ids.shown('stm', shown[-1].id)}" if len(found) > len(shown) else ""
    return Template(
        "portal/statements.html",
        context={
            "statements": [(one, sentences.state_of(one)) for one in shown],
            "brand_id": brand_id,
            "state_words": words.STATE_OF_STATEMENT,
            "newer": "/statements" if before else "",
            "older": older,
        },
    )


@get("/statements/{statement:str}", guards=[guards.must_read_money])
async def show_statement(
    statement: FromPath[str],
    member: NamedDependency[Member],
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
    sort: FromQuery[str] = "date",
) -> Template:
    """Show one statement: how it adds up, every line with its clause, its documents, where its money is."""
    brand_id = portal.brand_of(member)
    wanted = addresses.in_path("stm", statement)
    async with connections.transaction(eyes=brand_id) as connection:
        found = await queries.statement_for(connection, wanted, brand_id)
        lines = await queries.lines_of(connection, wanted)
        payout = await stations.payout_of(connection, wanted)
        people = await stations.signed_off_by(connection, found)
        kinds = await stations.documents_of(connection, wanted)
        key = _ORDERS.get(sort.lstrip("-"), _ORDERS["date"])
        ordered = sorted(lines, key=key, reverse=sort.startswith("-"))
        shown, pages = sentences.page_of(ordered, page, LINES_A_PAGE)
        cited = await stations.agreements_cited(connection, [line.transfer_id for line in shown])
        newest = await stations.newest_agreement(connection, payer_id=found.payer_id, payee_id=found.payee_id)
    counted = {kind: sum(1 for line in lines if line.kind == kind) for kind in found.totals}
    return Template(
        "portal/statement.html",
        context={
            "statement": found,
            "state": sentences.state_of(found),
            "state_words": words.STATE_OF_STATEMENT,
            "kind_words": words.KIND_OF_LINE,
            "is_payee": found.payee_id == brand_id,
            "counted": counted,
            "lines": [(line, cited.get(line.transfer_id, newest)) for line in shown],
            "lines_in_all": len(lines),
            "page": min(page, pages),
            "pages": pages,
            "sort": sort,
            "payout": payout,
            "people": people,
            "documents": kinds,
        },
    )


@get("/statements/{statement:str}/{kind:str}", guards=[guards.must_read_money])
async def open_document(statement: FromPath[str], kind: FromPath[Literal["pdf", "csv"]]) -> Redirect:
    """Lead a person, signed in again if need be, to a stored document."""
    return Redirect(f"/api/v1/statements/{statement}/documents/{kind}", status_code=303)
