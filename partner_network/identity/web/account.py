"""One's own password and sessions, on their pages and as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from litestar.types import ControllerRouterHandler

from partner_network.identity import account_queries
from partner_network.identity.account_queries import OwnSession
from partner_network.identity.actions import account
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, mistakes, problems
from partner_network.identity.web.limits import Entrance
from partner_network.kernel.errors import ForbiddenError, InvalidError
from partner_network.settings import Settings

_SIGNED_IN = [guards.must_be_signed_in]


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The password as it is, and as it shall be."""

    old: str
    new: str


class PasswordForm(msgspec.Struct):
    """What the page sends; nothing is required, so that the page itself can say what is missing."""

    old_password: str = ""
    new_password: str = ""


class SessionBody(msgspec.Struct):
    """One of one's own sessions."""

    id: str
    place: str
    device: str
    network: str | None
    started_at: str
    last_seen_at: str
    is_this_one: bool


@get("/account/password", guards=_SIGNED_IN, include_in_schema=False)
async def show_password(done: FromQuery[str] = "") -> Template:
    """Ask for the old and the new password."""
    return _password_page(is_done=done == "1")


@post("/account/password", guards=_SIGNED_IN, include_in_schema=False)
async def change_by_form(
    data: URLEncodedBody[PasswordForm],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[Any]:
    """Set a new password."""
    typed = {"old_password": data.old_password, "new_password": data.new_password}
    if missing := mistakes.missing(typed):
        return _password_page(errors=missing, status=422)
    try:
        async with entrance.attempt("sign-in", member.email, request):
            await account.change_password(
                member, old=data.old_password, new=data.new_password, settings=settings
            )
    except (ForbiddenError, InvalidError) as error:
        at = "new_password" if isinstance(error, InvalidError) else "old_password"
        return _password_page(errors={at: error.sentence}, status=problems.status_of(error))
    return Redirect("/account/password?done=1", status_code=303)


@put("/api/v1/password", guards=_SIGNED_IN, status_code=HTTP_204_NO_CONTENT)
async def change_password(
    data: JSONBody[NewPassword],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> None:
    """Set a new password; one's other sessions end."""
    async with entrance.attempt("sign-in", member.email, request):
        await account.change_password(member, old=data.old, new=data.new, settings=settings)


@get("/account/sessions", guards=_SIGNED_IN, include_in_schema=False)
async def show_sessions(member: NamedDependency[Member]) -> Template:
    """Show where one is signed in."""
    return Template("identity/sessions.html", context={"sessions": await account_queries.sessions_of(member)})


@post("/account/sessions/others/revocation", guards=_SIGNED_IN, include_in_schema=False)
async def end_others_by_form(member: NamedDependency[Member]) -> Redirect:
    """End all of one's sessions but this one."""
    await account.end_other_sessions(member)
    return Redirect("/account/sessions", status_code=303)


@post("/account/sessions/{session_id:str}/revocation", guards=_SIGNED_IN, include_in_schema=False)
async def end_by_form(session_id: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """End one of one's sessions."""
    await account.end_session(member, addresses.plain_uuid(session_id))
    return Redirect("/account/sessions", status_code=303)


@get("/api/v1/sessions", guards=_SIGNED_IN)
async def list_sessions(member: NamedDependency[Member]) -> list[SessionBody]:
    """List where one is signed in."""
    return [_shown(one) for one in await account_queries.sessions_of(member)]


@delete("/api/v1/sessions", guards=_SIGNED_IN)
async def end_other_sessions(member: NamedDependency[Member]) -> None:
    """End all of one's sessions but this one."""
    await account.end_other_sessions(member)


@delete("/api/v1/sessions/{session_id:str}", guards=_SIGNED_IN)
async def end_session(session_id: FromPath[str], member: NamedDependency[Member]) -> None:
    """End one of one's sessions."""
    await account.end_session(member, addresses.plain_uuid(session_id))


ROUTES: Sequence[ControllerRouterHandler] = (
    show_password,
    change_by_form,
    change_password,
    show_sessions,
    end_others_by_form,
    end_by_form,
    list_sessions,
    end_other_sessions,
    end_session,
)


def _password_page(
    *, is_done: bool = False, errors: dict[str, str] | None = None, status: int = HTTP_200_OK
) -> Template:
    context = {"is_done": is_done, "errors": errors or {}}
    return Template("identity/password.html", context=context, status_code=status)


def _shown(one: OwnSession) -> SessionBody:
    return SessionBody(
        str(one.id),
        str(one.place),
        str(one.device),
        one.network_prefix,
        one.created_at.isoformat(),
        one.last_seen_at.isoformat(),
        one.is_this_one,
    )
