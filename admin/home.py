"""The back office's first page: what waits, and for whom."""

from litestar import get
from litestar.response import Template

from admin import queries
from partner_network.identity.web import guards


@get("/admin", guards=[guards.must_be_operator], include_in_schema=False)
async def show_home() -> Template:
    """Show what waits for the operator's people."""
    return Template(
        "admin/home.html",
        context={"waiting": await queries.waiting(), "to_fund": await queries.advertisers_to_fund()},
    )
