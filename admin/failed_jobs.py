"""Jobs that the worker gave up: what went wrong, and another try."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin import files
from admin.queries import jobs as queries
from partner_network.database import connections, jobs
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest


@get("/admin/failed-jobs", guards=[guards.must_be_operator], include_in_schema=False)
async def list_failed_jobs(
    request: AnyRequest, member: NamedDependency[Member]
) -> Template | Response[bytes]:
    """List the jobs that failed and are held, newest first."""
    listing, rows = await queries.failed_jobs(Listing.read(request.query_params, queries.ORDER, "-failed"))
    if listing.wants_csv:
        return files.failed_jobs(rows)
    return Template(
        "admin/failed_jobs.html",
        context={"listing": listing, "rows": rows, "may_retry": permissions.may(member, "browse data")},
    )


@post(
    "/admin/failed-jobs/{job:int}/retry",
    guards=[guards.must_be_operator, guards.must_browse_data],
    include_in_schema=False,
)
async def retry_job(job: FromPath[int], member: NamedDependency[Member]) -> Redirect:
    """Put a failed job back into the queue; every job may run again without doing its work twice."""
    async with connections.transaction(eyes="operator") as connection:
        await jobs.retry(connection, job)
        await audit.record(connection, member, "retry", "job", job)
    return Redirect("/admin/failed-jobs", status_code=303)
