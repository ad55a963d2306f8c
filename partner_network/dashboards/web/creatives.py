"""The creatives that a brand owns or may use."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from partner_network.creatives import queries
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.programs import queries as programs

ROWS_MAX = 200


@get("/creatives", guards=[guards.must_read_creatives])
async def show_creatives(member: NamedDependency[Member]) -> Template:
    """Show all creatives, program by program."""
    guards.brand_of(member)
    found = await queries.creatives_of(member, after=None, limit=ROWS_MAX)
    known = await programs.programs_of(member, after=None, limit=ROWS_MAX)
    shelves = [(one, [creative for creative in found if creative.program_id == one.id]) for one in known]
    return Template(
        "portal/creatives.html",
        context={"shelves": [shelf for shelf in shelves if shelf[1]], "programs": known},
    )


@get("/creatives/{creative:str}/file", guards=[guards.must_read_creatives])
async def open_file(creative: FromPath[str]) -> Redirect:
    """Lead a person, signed in again if need be, to the file."""
    return Redirect(f"/api/v1/creatives/{creative}/file", status_code=303)
