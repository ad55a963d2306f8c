"""The page on which a brand's developers make, rotate and revoke its API keys."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, get_args

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.gateways import clock
from partner_network.identity import key_queries
from partner_network.identity.actions import api_keys
from partner_network.identity.actions.api_keys import IssuedKey
from partner_network.identity.rules import api_keys as rules
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.permissions import Member, Scope
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError, InvalidError
from partner_network.kernel.sentences import Sentence

PATH = "/account/api-keys"
ROWS = 50
WORDS_OF: Mapping[Scope, str] = MappingProxyType(
    {
        "conversions:write": Sentence("Report conversions, refunds and who stands behind clicks"),
        "conversions:read": Sentence("Read the conversions you reported"),
        "reports:read": Sentence("Read conversions and why each is credited to whom"),
        "statements:read": Sentence("Read statements with every line, and earnings by month"),
        "payouts:read": Sentence("Read payouts, and what has to be paid in"),
        "links:read": Sentence("Read your links and their clicks"),
        "links:write": Sentence("Make links and switch them off"),
        "creatives:read": Sentence("Read and download creatives"),
        "programs:read": Sentence("Read programs"),
        "partnerships:read": Sentence("Read partnerships"),
        "agreements:read": Sentence("Read agreements and their texts"),
    }
)
LASTS: Mapping[str, str] = MappingProxyType(
    {
        "": Sentence("until somebody revokes it"),
        "30": Sentence("30 days"),
        "90": Sentence("90 days"),
        "365": Sentence("a year"),
    }
)
OVERLAPS: Mapping[str, str] = MappingProxyType(
    {
        "0": Sentence("at once"),
        "1": Sentence("in an hour"),
        "24": Sentence("in a day"),
        "72": Sentence("in three days"),
        "168": Sentence("in a week"),
    }
)


class KeyForm(msgspec.Struct):
    """What the form sends beside the scopes; nothing is required, so that the page itself can complain."""

    name: str = ""
    mode: str = ""
    lasts_days: str = ""
    csrf_token: str = ""


class RotationForm(msgspec.Struct):
    """When the old key ends."""

    overlap_hours: str = str(rules.OVERLAP_HOURS)
    csrf_token: str = ""


Told = Annotated[str, QueryParameter(max_length=20)]


@get(PATH, guards=[guards.must_manage_api_keys], include_in_schema=False)
async def show_api_keys(member: NamedDependency[Member], told: Told = "", after: After = None) -> Template:
    """List the brand's keys with their last use, and offer the form for a new one."""
    notice = Sentence("The key is revoked; nothing takes it any more.") if told == "revoked" else ""
    return await _page(member, after=after, told=notice)


@post(PATH, guards=[guards.must_manage_api_keys], include_in_schema=False)
async def make_api_key(
    data: URLEncodedBody[KeyForm], member: NamedDependency[Member], request: AnyRequest
) -> Template:
    """Make a key and show it this once, or show the form again with all that is wrong with it."""
    scopes = [str(one) for one in (await request.form()).getall("scopes", [])]
    if errors := _mistakes(data, scopes):
        return await _page(member, form=data, scopes=scopes, errors=errors)
    ends_at = clock.wall_now() + timedelta(days=int(data.lasts_days)) if data.lasts_days else None
    fresh = await api_keys.issue_api_key(
        member,
        name=data.name,
        scopes=scopes,
        mode="live" if data.mode == "live" else "test",
        expires_at=ends_at,
    )
    return await _page(member, fresh=fresh)


@post(f"{PATH}/{{key:str}}/rotation", guards=[guards.must_manage_api_keys], include_in_schema=False)
async def rotate_by_form(
    key: FromPath[str], data: URLEncodedBody[RotationForm], member: NamedDependency[Member]
) -> Template:
    """Make the key that follows another, show it this once, and say when the old one ends."""
    if data.overlap_hours not in OVERLAPS:
        raise InvalidError(
            "Choose when the old key ends.", fields={"overlap_hours": Sentence("not on the list")}
        )
    rotated = await api_keys.rotate_api_key(
        member, addresses.in_path("key", key), overlap_hours=int(data.overlap_hours)
    )
    return await _page(member, fresh=rotated.fresh, former=(rotated.former_prefix, rotated.former_ends_at))


@post(f"{PATH}/{{key:str}}/end", guards=[guards.must_manage_api_keys], include_in_schema=False)
async def revoke_by_form(key: FromPath[str], member: NamedDependency[Member]) -> Response[Any]:
    """Revoke a key."""
    await api_keys.revoke_api_key(member, addresses.in_path("key", key))
    return Redirect(f"{PATH}?told=revoked#told", status_code=303)


def _mistakes(form: KeyForm, scopes: list[str]) -> dict[str, str]:
    """Collect what is wrong with each field, where the action stops at the first."""
    mistakes: dict[str, str] = {}
    try:
        credentials.must_be_name(form.name)
    except InvalidError:
        mistakes["name"] = Sentence(
            "Give the key a name of 1 to {most} characters.", most=credentials.NAME_CHARACTERS_MAX
        )
    if form.mode not in get_args(api_keys.Mode):
        mistakes["mode"] = Sentence("Choose whether what it reports counts.")
    try:
        permissions.must_be_scopes(scopes, is_live=form.mode != "test")
    except InvalidError as error:
        mistakes["scopes"] = (
            error.sentence if scopes else Sentence("Choose at least one thing that the key may do.")
        )
    if form.lasts_days not in LASTS:
        mistakes["lasts_days"] = Sentence("Choose how long the key lasts.")
    return mistakes


async def _page(
    member: Member,
    *,
    after: str | None = None,
    form: KeyForm | None = None,
    scopes: list[str] | None = None,
    errors: Mapping[str, str] | None = None,
    fresh: IssuedKey | None = None,
    former: tuple[str, datetime] | None = None,
    told: str = "",
) -> Template:
    if member.brand_id is None:
        raise ForbiddenError("Only a brand has API keys; act for a brand to manage its own.")
    rows = await key_queries.keys_of(member.brand_id, before=addresses.cursor("key", after), limit=ROWS + 1)
    status = HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_201_CREATED if fresh else HTTP_200_OK
    return Template(
        "identity/api_keys.html",
        context={
            "keys": rows[:ROWS],
            "older": f"{PATH}?after={ids.shown('key', rows[ROWS - 1].id)}" if len(rows) > ROWS else "",
            "now": clock.wall_now(),
            "words_of": WORDS_OF,
            "live_only": permissions.LIVE_SCOPES,
            "lasts": list(LASTS.items()),
            "overlaps": list(OVERLAPS.items()),
            "form": form or KeyForm(),
            "scopes": scopes or [],
            "errors": errors or {},
            "fresh": fresh,
            "former": former,
            "told": told,
        },
        status_code=status,
        headers={"cache-control": "no-store"},  # the key that stands on it is kept by nobody
    )
