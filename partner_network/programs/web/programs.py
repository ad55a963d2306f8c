"""Programs as JSON."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.programs import actions, queries
from partner_network.programs.queries import Program
from partner_network.settings import Settings


class NewProgramBody(msgspec.Struct, forbid_unknown_fields=True):
    """A program to open; the operator names the brand, everybody else opens it for their own."""

    slug: str
    name: str
    offer: str
    default_url: str
    destination_hosts: list[str]
    brand: str | None = None


class ProgramBody(msgspec.Struct):
    """What an advertiser wants promoted."""

    id: str
    brand: str
    brand_name: str
    slug: str
    name: str
    offer: str
    default_url: str
    destination_hosts: list[str]
    version: int | None
    created_at: str


@post("/api/v1/programs", guards=[guards.must_manage_programs])
async def create_program(
    data: JSONBody[NewProgramBody],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> ProgramBody:
    """Open a program."""
    brand_id = member.brand_id if data.brand is None else addresses.in_body("bnd", data.brand, field="brand")
    if brand_id is None:
        raise InvalidError("Name the brand whose program this is.", fields={"brand": Sentence("is required")})
    new = actions.NewProgram(
        brand_id=brand_id,
        slug=data.slug,
        name=data.name,
        offer=data.offer,
        default_url=data.default_url,
        destination_hosts=tuple(data.destination_hosts),
    )
    program_id = await actions.create_program(member, new, sandbox=settings.sandbox)
    return _shown(await queries.program_of(member, program_id))


@get("/api/v1/programs", guards=[guards.must_read_programs])
async def list_programs(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[ProgramBody]:
    """List the programs that one's brand owns or promotes."""
    rows = await queries.programs_of(asking, after=addresses.cursor("prg", after), limit=limit + 1)
    return addresses.page(rows, limit, _shown, lambda program: program.id)


@get("/api/v1/programs/{program:str}", guards=[guards.must_read_programs])
async def read_program(program: FromPath[str], asking: guards.WhoAsks) -> ProgramBody:
    """Show a program that one's brand owns or promotes."""
    return _shown(await queries.program_of(asking, addresses.in_path("prg", program)))


def _shown(program: Program) -> ProgramBody:
    return ProgramBody(
        id=ids.shown("prg", program.id),
        brand=ids.shown("bnd", program.brand_id),
        brand_name=program.brand_name,
        slug=program.slug,
        name=program.name,
        offer=program.offer,
        default_url=program.default_url,
        destination_hosts=list(program.destination_hosts),
        version=program.version,
        created_at=program.created_at.isoformat(),
    )
