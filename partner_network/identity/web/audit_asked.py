"""What somebody asks the audit trail for, as it stands in an address."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from partner_network.identity.audit_queries import Sought
from partner_network.identity.rules.audit import Record
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

_Text: TypeAlias = Annotated[str, QueryParameter(max_length=80)]
_ObjectId: TypeAlias = Annotated[str, QueryParameter(name="object", max_length=80)]


class Asked(msgspec.Struct, frozen=True):
    """Which records, by the words of the address; an empty one asks for all."""

    object: str
    kind: str
    verb: str
    by: str
    since: str
    until: str

    @property
    def query(self) -> str:
        """What an address says that asks the same."""
        return urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})


def asked(
    *,
    object_id: _ObjectId = "",
    kind: _Text = "",
    verb: _Text = "",
    by: _Text = "",
    since: _Text = "",
    until: _Text = "",
) -> Asked:
    """Read what an address asks for: an object, its kind, a verb, who acted, from which day to which."""
    return Asked(object_id.strip(), kind.strip(), verb.strip(), by.strip(), since.strip(), until.strip())


def sought_by(asked: Asked) -> tuple[Sought, dict[str, str]]:
    """Return what is sought, and what of it cannot be read and is not used."""
    errors: dict[str, str] = {}
    since, until = _day(asked.since, "since", errors), _day(asked.until, "until", errors)
    sought = Sought(
        object_id=asked.object or None,
        verb=asked.verb or None,
        object_kind=asked.kind or None,
        actor_id=_actor(asked.by, errors),
        since=since,
        until=None if until is None else until + timedelta(days=1),
    )
    return sought, errors


def actor_id(record: Record) -> str | None:
    """Return the id of whoever acted, as an address names it."""
    if record.actor_id is None:
        return None
    return ids.shown("mbr" if record.actor_kind == "member" else "key", record.actor_id)


def _day(text: str, field: str, errors: dict[str, str]) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    # A year nobody can mean would leave the calendar with the day that is added to it.
    if not date(1990, 1, 1) <= day <= date(9000, 1, 1):
        errors[field] = Sentence("Not a day; write it as 2026-03-31.")
        return None
    return datetime.combine(day, time(), UTC)


def _actor(text: str, errors: dict[str, str]) -> UUID | None:
    if not text:
        return None
    try:
        return ids.parse("key" if text.startswith("key_") else "mbr", text)
    except InvalidError:
        errors["by"] = Sentence("Not the id of a person or of a key; choose one in the list.")
        return None
