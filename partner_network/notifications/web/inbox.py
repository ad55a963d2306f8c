"""One's own messages, on their page and as JSON."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from partner_network.identity import queries as identity
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.notifications import queries, wording
from partner_network.notifications.actions import read
from partner_network.notifications.queries import Message
from partner_network.notifications.wording import Said

_SIGNED_IN = [guards.must_be_signed_in]
_PATH = "/notifications"
_ON_A_PAGE = 25


class Line(msgspec.Struct, frozen=True):
    """A message as its list shows it."""

    id: str
    message: Message
    said: Said


class MessageBody(msgspec.Struct, frozen=True):
    """A message; its words are in the language that the request asks for."""

    id: str
    kind: str
    about: str
    """`person`, `brand` or `operator`: as whom one is told."""
    subject: str
    text: str
    path: str
    happened_at: str
    read_at: str | None


@get(_PATH, guards=_SIGNED_IN, include_in_schema=False)
async def show_messages(
    member: NamedDependency[Member], show: FromQuery[str] = "", after: FromQuery[str | None] = None
) -> Template:
    """List what one was told, the newest first."""
    only_unread = show == "unread"
    found = await queries.messages_of(
        member, only_unread=only_unread, before=addresses.cursor("msg", after), limit=_ON_A_PAGE + 1
    )
    here, elsewhere = await queries.unread_counts(member)
    shown = found[:_ON_A_PAGE]
    return Template(
        "notifications/messages.html",
        context={
            "lines": _lines(shown),
            "only_unread": only_unread,
            "unread": here,
            "elsewhere": elsewhere,
            "is_first": after is None,
            "older": ids.shown("msg", shown[-1].id) if len(found) > _ON_A_PAGE else None,
        },
    )


@get(f"{_PATH}/{{message:str}}", guards=_SIGNED_IN, include_in_schema=False)
async def open_message(message: FromPath[str], member: NamedDependency[Member]) -> Response[Any]:
    """Lead to what a message is about; one for another company asks to go on for that one first."""
    found = await queries.message_of(member, addresses.in_path("msg", message))
    said = None if found is None else wording.said_of(found)
    if found is None or said is None:
        raise NotFoundError("There is no such message for you; it may have been let go.")
    if found.side != "person" and found.brand_id != member.brand_id:
        return await _elsewhere(member, found)
    await read.mark_read(member, found.id)
    return Redirect(said.path, status_code=HTTP_303_SEE_OTHER)


@post(f"{_PATH}/reading", guards=_SIGNED_IN, include_in_schema=False)
async def read_all_by_form(member: NamedDependency[Member]) -> Redirect:
    """Mark all as read."""
    await read.mark_all_read(member)
    return Redirect(_PATH, status_code=HTTP_303_SEE_OTHER)


@post(f"{_PATH}/{{message:str}}/reading", guards=_SIGNED_IN, include_in_schema=False)
async def read_by_form(
    message: FromPath[str], member: NamedDependency[Member], show: FromQuery[str] = ""
) -> Redirect:
    """Mark one as read."""
    await read.mark_read(member, addresses.in_path("msg", message))
    return Redirect(f"{_PATH}?show=unread" if show == "unread" else _PATH, status_code=HTTP_303_SEE_OTHER)


@get("/api/v1/notifications", guards=_SIGNED_IN)
async def list_notifications(
    member: NamedDependency[Member],
    unread: FromQuery[bool] = False,
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> Page[MessageBody]:
    """List what one was told about oneself and the company one acts for, the newest first."""
    rows = await queries.messages_of(
        member, only_unread=unread, before=addresses.cursor("msg", after), limit=limit + 1
    )
    return addresses.page(rows, limit, _body, lambda shown: shown.id)


@post("/api/v1/notifications/{message:str}/reading", guards=_SIGNED_IN, status_code=HTTP_204_NO_CONTENT)
async def mark_read(message: FromPath[str], member: NamedDependency[Member]) -> None:
    """Mark one of one's own messages as read."""
    await read.mark_read(member, addresses.in_path("msg", message))


@post("/api/v1/notification-readings", guards=_SIGNED_IN, status_code=HTTP_204_NO_CONTENT)
async def mark_all_read(member: NamedDependency[Member]) -> None:
    """Mark as read what one was told about oneself and the company one acts for."""
    await read.mark_all_read(member)


ROUTES: Sequence[ControllerRouterHandler] = (
    show_messages,
    open_message,
    read_all_by_form,
    read_by_form,
    list_notifications,
    mark_read,
    mark_all_read,
)


async def _elsewhere(member: Member, found: Message) -> Template:
    places = await identity.places_of_member(member)
    place = next((one for one in places if one.brand_id == found.brand_id), None)
    if place is None:
        raise NotFoundError("This message is for a company that you act for no more.")
    brand: UUID | None = place.brand_id
    context = {
        "place": place.name,
        "brand": "" if brand is None else ids.shown("bnd", brand),
        "next": f"{_PATH}/{ids.shown('msg', found.id)}",
    }
    return Template("notifications/elsewhere.html", context=context)


def _lines(messages: Sequence[Message]) -> list[Line]:
    return [
        Line(ids.shown("msg", one.id), one, said)
        for one in messages
        if (said := wording.said_of(one)) is not None
    ]


def _body(message: Message) -> MessageBody:
    said = wording.said_of(message)
    return MessageBody(
        ids.shown("msg", message.id),
        message.kind,
        message.side,
        "" if said is None else said.subject,
        "" if said is None else "\n".join(said.paragraphs),
        "/notifications" if said is None else said.path,
        message.happened_at.isoformat(),
        None if message.read_at is None else message.read_at.isoformat(),
    )
