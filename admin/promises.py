"""What is promised to all partners, for finance: by station, by day and by how late it is."""

from litestar import get
from litestar.response import Template

from partner_network.dashboards.web import promises
from partner_network.identity.web import guards


@get("/admin/promises", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def list_promises() -> Template:
    """Show every amount on its way between all pairs, with ageing."""
    return Template("admin/promises.html", context=await promises.page_of("operator", None))
