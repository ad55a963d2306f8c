"""Passkeys: the challenges that pages fetch, and the passkeys that devices made for them."""

from typing import Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Template
from litestar.status_codes import HTTP_201_CREATED, HTTP_403_FORBIDDEN, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.identity.actions.factors import passkeys
from partner_network.identity.queries import Session
from partner_network.identity.rules import passkeys as rules
from partner_network.identity.rules.factors import WrongProofError
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards, requests, sign_in
from partner_network.identity.web.factors import holders, security
from partner_network.identity.web.factors.api import EnrolledBody
from partner_network.identity.web.factors.security import NewFactor
from partner_network.identity.web.requests import SessionCookie
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings


class WantedChallenge(msgspec.Struct, forbid_unknown_fields=True):
    """What a passkey is to do: be made for the signed-in person, or prove the person who has it."""

    use: Literal["registration", "authentication"]


class ChallengeBody(msgspec.Struct):
    """WebAuthn's options, as its JSON has them; good once, for this browser, for five minutes."""

    options: dict[str, Any]


class NewPasskeyForm(NewFactor):
    """What the page's script got from the device, and what the passkey is called."""

    passkey: str = ""


class NewPasskey(msgspec.Struct, forbid_unknown_fields=True):
    """What a device made, in WebAuthn's JSON, and what it is called."""

    name: str
    passkey: dict[str, Any]


@post("/api/v1/passkey-challenges")
async def ask_passkey(
    data: JSONBody[WantedChallenge],
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> ChallengeBody:
    """Make a challenge for whoever is signed in, or whose sign-in waits in this browser."""
    if data.use == "authentication":
        holder = await holders.holder_of(request, cookie, visitor)
        if holder is not None:
            return ChallengeBody(await passkeys.begin_asking(holder.asked, holders.must_be_site(settings)))
    elif visitor is not None:
        site, token = holders.must_be_site(settings), request.cookies[cookie.name]
        return ChallengeBody(await passkeys.begin_making(visitor.member, site, token=token))
    raise NotAuthorizedException(Sentence("Sign in with your password first; then a passkey can be asked."))


@post("/account/second-factors/passkeys", guards=[guards.must_be_signed_in])
async def add_by_form(
    data: URLEncodedBody[NewPasskeyForm],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    *,
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Take the passkey into use that the page's script had made."""
    try:
        enrolled = await passkeys.add_passkey(
            member,
            data.name,
            rules.read(data.passkey),
            holders.must_be_site(settings),
            token=request.cookies[cookie.name],
            device=requests.device(request),
        )
    except WrongProofError as error:
        return await _refused(member, data, settings, {"passkey": error.sentence}, HTTP_403_FORBIDDEN)
    except InvalidError as error:
        told = {"passkey": error.sentence_of.get("name", error.sentence)}
        return await _refused(member, data, settings, told, HTTP_422_UNPROCESSABLE_ENTITY)
    return security.enrolled_page(enrolled, data.next, cookie)


@post("/api/v1/passkeys", guards=[guards.must_be_signed_in])
async def add_as_program(
    data: JSONBody[NewPasskey],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    *,
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[EnrolledBody]:
    """Take a passkey into use; the session goes on under a new token, as one that gave a factor."""
    enrolled = await passkeys.add_passkey(
        member,
        data.name,
        data.passkey,
        holders.must_be_site(settings),
        token=request.cookies[cookie.name],
        device=requests.device(request),
    )
    body = EnrolledBody(await sign_in.body_of(enrolled.signed_in), list(enrolled.recovery_codes))
    cookies = [cookie.holding(enrolled.signed_in.token)]
    return Response(body, status_code=HTTP_201_CREATED, cookies=cookies)


async def _refused(
    member: Member, form: NewFactor, settings: Settings, errors: dict[str, str], status: int
) -> Template:
    return await security.page(member, form, settings, errors=errors, status=status)
