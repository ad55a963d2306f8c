"""Opening a program for an advertiser, and publishing its policy: what the first agreement needs."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK

from admin.queries import network as queries
from partner_network.agreements.actions import draft
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, mistakes, problems
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError, PartnerNetworkError
from partner_network.programs import actions, rules
from partner_network.programs import queries as programs
from partner_network.programs.actions import NewProgram
from partner_network.settings import Settings

CHOICES_MAX = 1_000
"""How many brands a list to choose from shows."""
ASKED = ("name", "slug", "offer", "default_url", "destination_hosts")
FIRST_POLICY = """\
[program.attribution]
model = "last_click"
"""


class ProgramForm(msgspec.Struct):
    """What to promote; nothing is required, so that the page itself can say what is missing."""

    brand: str = ""
    name: str = ""
    slug: str = ""
    offer: str = ""
    default_url: str = ""
    destination_hosts: str = ""


class PolicyForm(msgspec.Struct):
    """The policy as TOML."""

    policy: str = ""


@get(
    "/admin/programs/new",
    guards=[guards.must_be_operator, guards.must_manage_programs],
    include_in_schema=False,
)
async def show_program_form(brand: FromQuery[str] = "") -> Template:
    """Ask what is to be promoted."""
    return await _form(ProgramForm(brand=brand))


@post(
    "/admin/programs",
    guards=[guards.must_be_operator, guards.must_manage_programs],
    include_in_schema=False,
)
async def open_program(
    data: URLEncodedBody[ProgramForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect | Template:
    """Open a program for a brand; its policy is what comes next."""
    try:
        program_id = await actions.create_program(
            member, _program_in(data, sandbox=settings.sandbox), sandbox=settings.sandbox
        )
    except (InvalidError, ConflictError, NotFoundError) as refusal:
        return await _form(data, refusal)
    return Redirect(f"/admin/programs/{ids.shown('prg', program_id)}/policy", status_code=303)


@get(
    "/admin/programs/{program:str}/policy",
    guards=[guards.must_be_operator, guards.must_manage_programs],
    include_in_schema=False,
)
async def show_policy_form(program: FromPath[str], member: NamedDependency[Member]) -> Template:
    """Ask for a program's policy, beginning with the newest there is."""
    newest = await queries.newest_policy(addresses.in_path("prg", program))
    return await _policy(member, program, PolicyForm(newest or FIRST_POLICY))


@post(
    "/admin/programs/{program:str}/policy",
    guards=[guards.must_be_operator, guards.must_manage_programs],
    include_in_schema=False,
)
async def publish_policy(
    program: FromPath[str], data: URLEncodedBody[PolicyForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Publish the next version of a program's policy."""
    program_id = addresses.in_path("prg", program)
    # A browser sends every line's end as two characters; what agreements cite has one.
    policy = data.policy.replace("\r\n", "\n")
    try:
        await draft.publish_program_version(member, program_id, policy)
    except InvalidError as refusal:
        return await _policy(member, program, PolicyForm(policy), refusal)
    shown = await programs.program_of(member, program_id)
    return Redirect(f"/admin/brands/{ids.shown('bnd', shown.brand_id)}", status_code=303)


def _program_in(form: ProgramForm, *, sandbox: bool) -> NewProgram:
    """Read a program off the form. Errors: InvalidError with everything that is wrong with it."""
    wrong: dict[str, str] = {}
    hosts = tuple(form.destination_hosts.replace(",", " ").lower().split())
    slug, default_url = form.slug.strip(), form.default_url.strip()
    try:
        rules.must_be_program(
            slug=slug,
            name=form.name,
            offer=form.offer,
            default_url=default_url,
            hosts=hosts,
            sandbox=sandbox,
        )
    except InvalidError as error:
        wrong |= error.sentence_of
    wrong |= mistakes.missing({name: getattr(form, name) for name in ASKED})
    if not form.brand:
        wrong["brand"] = mistakes.CHOOSE
    if wrong:
        in_order = {name: wrong[name] for name in ("brand", *ASKED) if name in wrong}
        raise InvalidError("Something is missing or not right yet.", fields=in_order)
    brand_id = addresses.in_body("bnd", form.brand, field="brand")
    return NewProgram(brand_id, slug, form.name, form.offer, default_url, hosts)


async def _form(form: ProgramForm, refusal: PartnerNetworkError | None = None) -> Template:
    return Template(
        "admin/program_new.html",
        context={
            "form": form,
            "errors": dict(refusal.sentence_of) if refusal else {},
            "refusal": refusal.sentence if refusal else "",
            "brands": await queries.brands_to_choose(CHOICES_MAX),
        },
        status_code=HTTP_200_OK if refusal is None else problems.status_of(refusal),
    )


async def _policy(
    member: Member, program: str, form: PolicyForm, refusal: InvalidError | None = None
) -> Template:
    return Template(
        "admin/policy.html",
        context={
            "program": await programs.program_of(member, addresses.in_path("prg", program)),
            "form": form,
            "refusal": refusal,
        },
        status_code=HTTP_200_OK if refusal is None else problems.status_of(refusal),
    )
