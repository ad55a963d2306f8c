"""The audit trail of the whole network."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from litestar.response import Template

from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import audit_asked, audit_page, guards
from partner_network.identity.web.audit_asked import Asked

PAGE_OF: Mapping[str, str] = {
    "agreement": "/admin/agreements/{}",
    "partnership": "/admin/partnerships/{}",
    "statement": "/admin/statements/{}",
    "payout": "/admin/payouts/{}",
    "brand": "/admin/brands",
    "program": "/admin/programs",
    "job": "/admin/failed-jobs",
    "closing": "/admin/statements",
    "member": "/account/people",
}


@get(
    "/admin/audit",
    guards=[guards.must_be_operator, guards.must_read_audit_trail],
    dependencies={"asked": Provide(audit_asked.asked, sync_to_thread=False)},
    include_in_schema=False,
)
async def show_trail(
    member: NamedDependency[Member],
    asked: NamedDependency[Asked],
    before: FromQuery[int | None] = None,
    file_format: audit_page.Format = "",
) -> Response[Any]:
    """Show everything that was recorded, newest first, or give it as a file."""
    if file_format == "csv":
        return await audit_page.file_of(member, asked)
    context = await audit_page.context_of(member, asked, before, "/admin/audit", PAGE_OF)
    return Template("admin/audit.html", context=context)
