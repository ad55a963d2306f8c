"""The page on which the network's admins help people of every brand: reset second factors, erase a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from partner_network.identity import everybody_queries
from partner_network.identity.actions.factors import removal
from partner_network.identity.everybody_queries import View
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, problems
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import PartnerNetworkError
from partner_network.kernel.sentences import Sentence

PAGE = "/account/people/everybody"
SAID: Mapping[str, str] = {
    "reset": Sentence(
        "The second factors are removed and every session of this person has ended. They sign in by the "
        "password alone now."
    ),
    "erased": Sentence("The person is erased. What they signed and approved stays, under a number."),
}
_ORDER = {"name": "lower(m.name)", "email": "m.email", "since": "m.created_at"}


@get(PAGE, guards=[guards.must_erase_people], include_in_schema=False)
async def show_everybody(member: NamedDependency[Member], request: Request[Any, Any, Any]) -> Template:
    """List everybody with an account, to be searched by name, address or brand."""
    return await page(member, request, said=SAID.get(request.query_params.get("done", ""), ""))


@post(
    "/account/people/{person:str}/second-factors-reset",
    guards=[guards.must_reset_second_factors],
    include_in_schema=False,
)
async def reset_factors(
    person: FromPath[str], member: NamedDependency[Member], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Remove all second factors of a person who lost them, and end all of that person's sessions."""
    try:
        await removal.reset_factors(member, addresses.in_path("mbr", person))
    except PartnerNetworkError as refusal:
        return await refused(member, request, refusal)
    return Redirect(f"{PAGE}?done=reset", status_code=303)


async def refused(member: Member, request: AnyRequest, refusal: PartnerNetworkError) -> Template:
    """Show the page again with the reason."""
    return await page(member, request, error=refusal.sentence, status=problems.status_of(refusal))


async def page(
    member: Member, request: AnyRequest, *, said: str = "", error: str = "", status: int = HTTP_200_OK
) -> Template:
    """Show the people that the address asks for."""
    listing = Listing.read(request.query_params, _ORDER, "name")
    listing = listing.counted(await everybody_queries.how_many(member, listing.like))
    order_by = listing.order_by(_ORDER, tie="m.id")
    people = await everybody_queries.everybody(
        member, View(listing.like, order_by, listing.size, listing.offset)
    )
    return Template(
        "identity/everybody.html",
        context={"listing": listing, "people": people, "said": said, "error": error},
        status_code=status,
    )


ROUTES: Sequence[ControllerRouterHandler] = (show_everybody, reset_factors)
