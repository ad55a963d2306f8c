"""The page on which people see and change what proves them: their authenticators and recovery codes."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_403_FORBIDDEN, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup

from partner_network.identity import factor_queries
from partner_network.identity.actions.factors import enrolment, recovery, removal
from partner_network.identity.actions.factors.enrolment import Enrolled
from partner_network.identity.rules import credentials, factors
from partner_network.identity.rules.factors import WrongCodeError
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, requests
from partner_network.identity.web.factors import holders
from partner_network.identity.web.requests import SessionCookie
from partner_network.identity.web.sign_in import NextPath
from partner_network.kernel.errors import InvalidError
from partner_network.languages import catalogs
from partner_network.settings import Settings

PATH = "/account/second-factors"
_SIGNED_IN = [guards.must_be_signed_in]


class NewFactor(msgspec.Struct):
    """What a factor is called, and where to go on when it is set up."""

    name: str = ""
    next: str = ""


class FirstCode(msgspec.Struct):
    """The code that proves that an authenticator has the key."""

    code: str = ""
    next: str = ""


class OnlyNext(msgspec.Struct):
    """Where to go on."""

    next: str = ""


@get(PATH, guards=_SIGNED_IN)
async def show_security(
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
    next_path: NextPath = "",
) -> Template:
    """Show a person's own second factors, and how to set one up."""
    return await page(member, NewFactor(next=next_path and credentials.local_path(next_path)), settings)


@post(f"{PATH}/authenticators", guards=_SIGNED_IN)
async def start_authenticator(
    data: URLEncodedBody[NewFactor],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Template | Redirect:
    """Make a key for an authenticator app and show it."""
    try:
        started = await enrolment.start_totp(member, data.name, settings.keyring)
    except InvalidError as error:
        errors = {"name": error.sentence_of.get("name", error.sentence)}
        return await page(member, data, settings, errors=errors, status=HTTP_422_UNPROCESSABLE_ENTITY)
    return Redirect(f"{PATH}/authenticators/{started.id}?{_going_on(data.next)}", status_code=303)


@get(f"{PATH}/authenticators/{{factor:str}}", guards=_SIGNED_IN)
async def show_key(
    factor: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
    next_path: NextPath = "",
) -> Template:
    """Show the key as a picture and in letters, and ask for the first code."""
    return await _key_page(member, addresses.plain_uuid(factor), FirstCode(next=next_path), settings)


@post(f"{PATH}/authenticators/{{factor:str}}", guards=_SIGNED_IN)
async def confirm_authenticator(
    factor: FromPath[str],
    data: URLEncodedBody[FirstCode],
    *,
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Take an authenticator into use; with the first one come the recovery codes."""
    factor_id = addresses.plain_uuid(factor)
    try:
        enrolled = await enrolment.confirm_totp(
            member,
            factor_id,
            data.code,
            settings.keyring,
            token=request.cookies[cookie.name],
            device=requests.device(request),
        )
    except WrongCodeError as error:
        return await _key_page(
            member, factor_id, data, settings, error=error.sentence, status=HTTP_403_FORBIDDEN
        )
    return enrolled_page(enrolled, data.next, cookie)


@post(f"{PATH}/recovery-codes", guards=_SIGNED_IN, status_code=HTTP_200_OK)
async def renew_codes(data: URLEncodedBody[OnlyNext], member: NamedDependency[Member]) -> Template:
    """Make new recovery codes and show them this once."""
    return _codes_page(await recovery.renew_recovery_codes(member), data.next)


@post(f"{PATH}/factors/{{factor:str}}/removal", guards=_SIGNED_IN)
async def remove(factor: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """Remove a second factor of one's own."""
    await removal.remove_factor(member, addresses.plain_uuid(factor))
    return Redirect(PATH, status_code=303)


def enrolled_page(enrolled: Enrolled, wanted: str, cookie: SessionCookie) -> Response[Any]:
    """Go on with the session that gained rights; with the first factor by way of its recovery codes."""
    cookies = [cookie.holding(enrolled.signed_in.token)]
    if not enrolled.recovery_codes:
        return Redirect(credentials.local_path(wanted or PATH), status_code=303, cookies=cookies)
    shown = _codes_page(enrolled.recovery_codes, wanted)
    shown.cookies = cookies
    return shown


async def page(
    member: Member,
    form: NewFactor,
    settings: Settings,
    *,
    errors: dict[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    """Show a person's own second factors, with what was wrong."""
    return Template(
        "identity/security.html",
        context={
            "held": await factor_queries.factors_of(member),
            "has_given_factor": member.has_given_factor,
            "makes_passkeys": holders.site_of(settings) is not None,
            "form": form,
            "errors": errors or {},
        },
        status_code=status,
    )


async def _key_page(
    member: Member,
    factor_id: UUID,
    form: FirstCode,
    settings: Settings,
    *,
    error: str = "",
    status: int = HTTP_200_OK,
) -> Template:
    started = await enrolment.started_totp(member, factor_id, settings.keyring)
    issuer = factors.issuer_name(settings.operator and settings.operator.name)
    address = factors.totp_address(started.key, email=member.email, issuer=issuer)
    picture = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, dark="#000", light="#fff", title=catalogs.say("The key as a QR code")
    )
    return Template(
        "identity/authenticator.html",
        context={
            "factor_id": factor_id,
            "picture": Markup(picture),  # noqa: S704 - drawn by segno; the address is only dots in it
            "key": factors.in_groups(started.key),
            "form": form,
            "error": error,
        },
        status_code=status,
    )


def _codes_page(codes: tuple[str, ...], wanted: str) -> Template:
    return Template(
        "identity/recovery_codes.html",
        context={"codes": codes, "next": credentials.local_path(wanted or PATH)},
        status_code=HTTP_200_OK,
    )


def _going_on(wanted: str) -> str:
    return urlencode({"next": credentials.local_path(wanted)} if wanted else {})
