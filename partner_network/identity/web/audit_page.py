"""The audit trail as people read it, in the portal and in the back office."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias, cast

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from partner_network.identity import audit_queries
from partner_network.identity.audit_queries import Entry
from partner_network.identity.rules import audit, permissions, wording
from partner_network.identity.rules.audit import Record
from partner_network.identity.rules.permissions import Member, Verb
from partner_network.identity.web import (
    audit_asked,
    coded_words,
    field_words,
    guards,
    listings,
    trail_words,
)
from partner_network.identity.web.audit_asked import Asked
from partner_network.kernel.errors import ForbiddenError
from partner_network.kernel.sentences import Sentence
from partner_network.languages import formats
from partner_network.languages.catalogs import say, translated

ROWS = 50
Format: TypeAlias = Annotated[str, QueryParameter(name="format", max_length=10)]
_PERSONAL = "sha256:"
_HASH, _SHORT = re.compile(r"[0-9a-f]{64}"), 8
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_STATUS = re.compile(r"[a-z]+(_[a-z]+)*")
PAGE_OF: Mapping[str, str] = {
    "agreement": "/agreements/{}",
    "statement": "/statements/{}",
    "link": "/links",
    "code": "/codes",
    "creative": "/creatives",
    "API key": "/account/api-keys",
    "member": "/account/people",
    "invitation": "/account/people",
    "payout account": "/payout-account",
    "payment method": "/payment-method",
}
"""Where the portal shows an object of a kind; the other kinds have no page of their own there."""
OPENED_BY: Mapping[str, Verb] = {
    "API key": "manage API keys",
    "payout account": "connect payouts",
    "payment method": "fund payouts",
}
"""What it takes to open such a page where not everybody who reads the trail may."""


class Change(msgspec.Struct, frozen=True):
    """One field and what became of it; None where there was, or is, no state to tell."""

    name: str
    before: str | None
    after: str | None


class Row(msgspec.Struct, frozen=True):
    """A record in the words of the page."""

    entry: Entry
    who: str
    deed: str
    thing: str
    actor_id: str | None
    company: str
    session: str
    href: str
    changes: tuple[Change, ...]


@get(
    "/audit",
    guards=[guards.must_read_audit_trail],
    dependencies={"asked": Provide(audit_asked.asked, sync_to_thread=False)},
    include_in_schema=False,
)
async def show_trail(
    member: NamedDependency[Member],
    asked: NamedDependency[Asked],
    before: FromQuery[int | None] = None,
    file_format: Format = "",
) -> Response[Any]:
    """Show a brand what concerns it, newest first, or give it as a file."""
    if member.is_operator:
        raise ForbiddenError("The network’s own people read the whole trail in the back office.")
    if file_format == "csv":
        return await file_of(member, asked)
    page_of = {kind: page for kind, page in PAGE_OF.items() if _may_open(member, kind)}
    return Template("identity/audit.html", context=await context_of(member, asked, before, "/audit", page_of))


def _may_open(member: Member, kind: str) -> bool:
    return kind not in OPENED_BY or permissions.may(member, OPENED_BY[kind])


async def file_of(member: Member, asked: Asked) -> Response[bytes]:
    """Give what the address asks for as a file for spreadsheets: codes and instants as programs read them."""
    sought, _ = audit_asked.sought_by(asked)
    entries, _ = await audit_queries.trail_of(member, sought, before=None, limit=listings.CSV_ROWS_MAX)
    columns = ("at", "who", "roles", "company", "deed", "kind", "object", "from", "to", "seal")
    return listings.csv_answer("audit-trail", columns, [_line(entry) for entry in entries], numbers={9})


def _line(entry: Entry) -> Sequence[str | int]:
    record = entry.record
    return (
        record.at.astimezone(UTC).isoformat(),
        entry.actor_name or record.actor_kind,
        " ".join(record.actor_roles),
        entry.company or "",
        record.verb,
        record.object_kind,
        record.object_id,
        msgspec.json.encode(record.before).decode() if record.before else "",
        msgspec.json.encode(record.after).decode() if record.after else "",
        entry.seal_no or "",
    )


async def context_of(
    member: Member, asked: Asked, before: int | None, path: str, page_of: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a page of the trail shows."""
    sought, errors = audit_asked.sought_by(asked)
    entries, head = await audit_queries.trail_of(member, sought, before=before, limit=ROWS + 1)
    separator = "&" if asked.query else ""
    has_older = len(entries) > ROWS
    return {
        "rows": [_row(entry, page_of) for entry in entries[:ROWS]],
        "head": head,
        "asked": asked,
        "errors": errors,
        "path": path,
        "older": f"{path}?{asked.query}{separator}before={entries[ROWS - 1].record.id}" if has_older else "",
        "newest": f"{path}?{asked.query}" if before is not None else "",
        "verbs": _choices(trail_words.DEEDS),
        "kinds": _choices(trail_words.THINGS),
    }


def _choices(words: Mapping[str, Sentence]) -> list[tuple[str, str]]:
    """Return codes and words in the order of the words."""
    return sorted(
        ((code, translated(word)) for code, word in words.items()), key=lambda one: one[1].casefold()
    )


def _row(entry: Entry, page_of: Mapping[str, str]) -> Row:
    record = entry.record
    return Row(
        entry=entry,
        who=entry.actor_name or translated(trail_words.NAMELESS[record.actor_kind]),
        deed=translated(trail_words.DEEDS[cast("audit.Verb", record.verb)]),
        thing=translated(trail_words.THINGS[cast("audit.Kind", record.object_kind)]),
        actor_id=audit_asked.actor_id(record),
        company=_company(record, entry.company),
        session="" if record.session_id is None else str(record.session_id)[:8],
        href=page_of.get(record.object_kind, "").format(record.object_id),
        changes=_changes(record),
    )


def _company(record: Record, name: str | None) -> str:
    if record.acting_for is not None:
        return name or say("another brand")
    return say("the network") if record.actor_kind == "member" else ""


def _changes(record: Record) -> tuple[Change, ...]:
    before, after = record.before or {}, record.after or {}
    names = dict.fromkeys([*before, *after])
    return tuple(
        Change(
            field_words.words(name),
            _words(before[name]) if name in before else None,
            _words(after[name]) if name in after else None,
        )
        for name in names
    )


def _words(value: object) -> str:
    """Say a value shortly: the whole of it is what programs are given."""
    if isinstance(value, list):
        return ", ".join(_words(one) for one in cast("list[object]", value)) or say("none")
    if isinstance(value, bool | None):
        return {True: say("yes"), False: say("no"), None: say("none")}[value]
    return _said(str(value))


def _said(text: str) -> str:
    if text.startswith(_PERSONAL):
        return say("known by its hash {hash}", hash=f"{text.removeprefix(_PERSONAL)[:_SHORT]}…")
    if _HASH.fullmatch(text):
        return f"{text[:_SHORT]}…"
    if _INSTANT.fullmatch(text):
        return formats.instant(datetime.fromisoformat(text))
    if text in wording.ROLES:
        return translated(wording.ROLES[text])
    return translated(coded_words.status(text).word) if _STATUS.fullmatch(text) else text
