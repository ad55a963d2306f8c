"""When one wants letters, on its page and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from partner_network.identity.actions import preferences
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards, problems
from partner_network.kernel.errors import InvalidError
from partner_network.notifications import queries
from partner_network.notifications.actions import choose
from partner_network.notifications.queries import Choices
from partner_network.notifications.rules import choosing, kinds
from partner_network.notifications.rules.choosing import Wanted
from partner_network.notifications.rules.kinds import GROUPS, Kind, Side

_SIGNED_IN = [guards.must_be_signed_in]
_PATH = "/account/notifications"
_HOURS = ("quiet_from", "quiet_until", "digest_at")


class ChoiceBody(msgspec.Struct, frozen=True):
    """One kind of message, and when a letter about it goes."""

    kind: str
    mail: str
    is_fixed: bool
    """Whether its letter keeps the account safe and cannot be switched off."""


class ChoicesBody(msgspec.Struct, frozen=True):
    """When one wants letters; times by the clocks of where one is."""

    choices: list[ChoiceBody]
    quiet_from: str | None
    quiet_until: str | None
    digest_at: str


@get(_PATH, guards=_SIGNED_IN, include_in_schema=False)
async def show_choices(member: NamedDependency[Member], done: FromQuery[str] = "") -> Template:
    """Show when one gets letters about what."""
    return await _page(member, _as_asked(await queries.choices_of(member.id)), is_done=done == "1")


@post(_PATH, guards=_SIGNED_IN, include_in_schema=False)
async def keep_by_form(member: NamedDependency[Member], request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep what one chose."""
    form: Mapping[str, object] = await request.form()
    known = {kind.key for kind in _kinds(member) if not kind.is_fixed}
    sent = {name: value for name, value in form.items() if isinstance(value, str)}
    wanted = Wanted(
        {name: value for name, value in sent.items() if name in known},
        **{name: sent.get(name, "").strip() for name in _HOURS},
    )
    try:
        await choose.keep_choices(member, wanted)
    except InvalidError as error:
        return await _page(member, wanted, errors=dict(error.sentence_of), status=problems.status_of(error))
    return Redirect(f"{_PATH}?done=1", status_code=HTTP_303_SEE_OTHER)


@get("/api/v1/notification-choices", guards=_SIGNED_IN)
async def read_choices(member: NamedDependency[Member]) -> ChoicesBody:
    """Say when one gets letters about what."""
    return await _body(member)


@put("/api/v1/notification-choices", guards=_SIGNED_IN)
async def keep_choices(data: JSONBody[Wanted], member: NamedDependency[Member]) -> ChoicesBody:
    """Choose when one wants letters; kinds that are left out stay as they are."""
    await choose.keep_choices(member, data)
    return await _body(member)


ROUTES: Sequence[ControllerRouterHandler] = (show_choices, keep_by_form, read_choices, keep_choices)


def _kinds(member: Member) -> list[Kind]:
    side: Side = "operator" if member.is_operator else "brand"
    return choosing.kinds_for(side, member.roles)


def _as_asked(choices: Choices) -> Wanted:
    hours = choices.hours
    times = (hours.quiet_from, hours.quiet_until, hours.digest_at)
    shown = ["" if one is None else f"{one:%H:%M}" for one in times]
    return Wanted(dict(choices.mails), *shown)


async def _page(
    member: Member,
    wanted: Wanted,
    *,
    is_done: bool = False,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    found = _kinds(member)
    groups = [(group, [kind for kind in found if kind.group == group]) for group in GROUPS]
    return Template(
        "notifications/choices.html",
        context={
            "groups": [(group, of_group) for group, of_group in groups if of_group],
            "mails": list(choosing.WORDS.items()),
            "chosen": {kind.key: wanted.mails.get(kind.key, kind.mail) for kind in found},
            "form": wanted,
            "errors": errors or {},
            "names": {kind.key: kind.name for kind in found},
            "is_done": is_done,
            "time_zone": (await preferences.preferences_of(member)).time_zone,
        },
        status_code=status,
    )


async def _body(member: Member) -> ChoicesBody:
    choices = await queries.choices_of(member.id)
    asked = _as_asked(choices)
    return ChoicesBody(
        [
            ChoiceBody(kind.key, kinds.mail_of(kind, choices.mails.get(kind.key)), kind.is_fixed)
            for kind in _kinds(member)
        ],
        asked.quiet_from or None,
        asked.quiet_until or None,
        asked.digest_at,
    )
