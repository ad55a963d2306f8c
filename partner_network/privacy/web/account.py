"""What a member sees, takes along and closes: their own data, on a page and as JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_204_NO_CONTENT,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, everybody, guards
from partner_network.identity.web.limits import Entrance
from partner_network.identity.web.requests import SessionCookie
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.privacy.actions import erase_members, hand_out
from partner_network.privacy.queries.members import Export
from partner_network.privacy.rules import register
from partner_network.privacy.rules.holdings import Erasure, Ground

_PROOF_IS_MISSING = Sentence("Give your password, so that nobody else closes your account.")
_IS_NOT_SURE = Sentence("Tick this box if you want your account closed; it cannot be opened again.")

_GROUNDS: Mapping[Ground, Sentence] = {
    "contract": Sentence("contract"),
    "legal duty": Sentence("legal duty"),
    "legitimate interest": Sentence("legitimate interest"),
    "consent": Sentence("consent"),
}
_ERASURES: Mapping[Erasure, Sentence] = {
    "delete": Sentence("goes"),
    "pseudonymise": Sentence("names nobody any more"),
    "keep": Sentence("stays"),
}


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """The proof that it is really the person who closes the account."""

    password: str


class ClosingForm(msgspec.Struct):
    """What the page sends."""

    password: str = ""
    is_sure: str = ""


class ErasureForm(msgspec.Struct):
    """What the page of all people sends."""

    is_sure: str = ""


@get("/account/privacy", guards=[guards.must_be_signed_in])
async def show_privacy() -> Template:
    """Say what is held about the person, and offer to take it along or to close the account."""
    return _page()


@get("/account/privacy/export", guards=[guards.must_be_signed_in], media_type="application/json")
async def download_export(member: NamedDependency[Member]) -> Response[Export]:
    """Give the person a file with all that is held about them."""
    return Response(
        await hand_out.hand_out_member(member),
        headers={"content-disposition": 'attachment; filename="my-data.json"'},
    )


@post("/account/privacy/closing", guards=[guards.must_be_signed_in])
async def close_by_form(
    data: URLEncodedBody[ClosingForm],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[Any]:
    """Close the account, and say so on a page that needs none."""
    mistakes = _mistakes(data)
    if not mistakes:
        try:
            async with entrance.attempt("sign-in", member.email, request):
                await erase_members.close_account(member, data.password)
        except ForbiddenError as refused:
            mistakes = {"password": refused.sentence}
        except ConflictError as refused:
            return _page({"": refused.sentence}, HTTP_409_CONFLICT)
    if mistakes:
        return _page(mistakes, HTTP_422_UNPROCESSABLE_ENTITY)
    return Redirect("/privacy/closed", status_code=303, cookies=[cookie.cleared()])


@get("/privacy/closed")
async def show_closed() -> Template:
    """Say that an account was closed, to whoever closed theirs."""
    return Template("privacy/closed.html")


@get("/api/v1/personal-data", guards=[guards.must_be_signed_in])
async def read_personal_data(member: NamedDependency[Member]) -> Export:
    """Return all that is held about the signed-in person."""
    return await hand_out.hand_out_member(member)


@post("/api/v1/account-closings", guards=[guards.must_be_signed_in], status_code=HTTP_204_NO_CONTENT)
async def close_account(
    data: JSONBody[Closing],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[None]:
    """Close the account of the signed-in person."""
    async with entrance.attempt("sign-in", member.email, request):
        await erase_members.close_account(member, data.password)
    return Response(None, status_code=HTTP_204_NO_CONTENT, cookies=[cookie.cleared()])


@post(
    "/api/v1/members/{person:str}/erasure",
    guards=[guards.must_erase_people],
    status_code=HTTP_204_NO_CONTENT,
)
async def erase_member(person: FromPath[str], member: NamedDependency[Member]) -> None:
    """Erase a person who asked the network for it."""
    await erase_members.erase_member(member, addresses.in_path("mbr", person))


@post("/account/people/{person:str}/erasure", guards=[guards.must_erase_people], include_in_schema=False)
async def erase_by_form(
    person: FromPath[str],
    data: URLEncodedBody[ErasureForm],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
) -> Response[Any]:
    """Erase a person who asked the network for it, once an admin said that they are sure."""
    try:
        if data.is_sure != "yes":
            raise InvalidError("Tick the box if you are sure; it cannot be undone.")
        await erase_members.erase_member(member, addresses.in_path("mbr", person))
    except PartnerNetworkError as refusal:
        return await everybody.refused(member, request, refusal)
    return Redirect(f"{everybody.PAGE}?done=erased", status_code=303)


def _mistakes(form: ClosingForm) -> dict[str, str]:
    mistakes: dict[str, str] = {}
    if not form.password:
        mistakes["password"] = _PROOF_IS_MISSING
    if form.is_sure != "yes":
        mistakes["is_sure"] = _IS_NOT_SURE
    return mistakes


def _page(errors: dict[str, str] | None = None, status: int = HTTP_200_OK) -> Template:
    return Template(
        "privacy/account.html",
        context={
            "errors": errors or {},
            "grounds": _GROUNDS,
            "erasures": _ERASURES,
            "holdings": [one for one in register.HOLDINGS.values() if one.shown and one.members_columns],
        },
        status_code=status,
    )
