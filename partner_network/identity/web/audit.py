"""The audit trail for programs: who did what, for which company, and from what to what."""

from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide

from partner_network.identity import audit_queries
from partner_network.identity.audit_queries import Entry, Sought
from partner_network.identity.rules.audit import Record
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, audit_asked, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.identity.web.audit_asked import Asked
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence

_CURSOR_DIGITS_MAX = 18


class ActorBody(msgspec.Struct):
    """Who acted: a person by name and role, a machine, or one of those whom nobody knows."""

    kind: str
    id: str | None
    name: str | None
    roles: list[str]
    session: str | None
    acting_for: str | None
    """The brand for which they acted; null for the network, and for whoever is no member."""


class AuditRecordBody(msgspec.Struct):
    """One act; personal values stand in it as salted hashes."""

    id: str
    at: str
    recorded_at: str
    actor: ActorBody
    verb: str
    object_kind: str
    object_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    brands: list[str]
    request_id: str | None
    seal: int | None
    """The number of the seal that holds it; null for a second or so, until it is sealed."""


class AuditHeadBody(msgspec.Struct):
    """The last seal: its hash stands for everything that was sealed until then."""

    seal: int
    hash: str
    last_record: str
    sealed_at: str


@get(
    "/api/v1/audit-records",
    guards=[guards.must_read_audit_trail],
    dependencies={"asked": Provide(audit_asked.asked, sync_to_thread=False)},
)
async def list_audit_records(
    member: NamedDependency[Member],
    asked: NamedDependency[Asked],
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> Page[AuditRecordBody]:
    """List what concerns one's own brand, newest first; to the operator, everything."""
    sought, errors = audit_asked.sought_by(asked)
    before = _cursor(after, errors)
    if errors:
        raise InvalidError("What is asked for cannot be read.", fields=errors)
    entries, _ = await audit_queries.trail_of(member, sought, before=before, limit=limit + 1)
    return addresses.page(entries, limit, _shown, lambda body: body.id)


@get("/api/v1/audit-head", guards=[guards.must_read_audit_trail])
async def read_audit_head(member: NamedDependency[Member]) -> AuditHeadBody:
    """Give the last seal, to be kept elsewhere: if a later trail lacks it, somebody has changed the past."""
    _, head = await audit_queries.trail_of(member, Sought(), before=None, limit=1)
    if head is None:
        raise NotFoundError("Nothing is sealed yet; ask again in some seconds.")
    return AuditHeadBody(head.no, head.hash.hex(), str(head.last_id), head.sealed_at.isoformat())


def _cursor(after: str | None, errors: dict[str, str]) -> int | None:
    if after is None:
        return None
    if after.isascii() and after.isdigit() and len(after) <= _CURSOR_DIGITS_MAX:
        return int(after)
    errors["after"] = Sentence("Not the `next` of a page before.")
    return None


def _shown(entry: Entry) -> AuditRecordBody:
    record = entry.record
    brands = [one for one in (record.brand_id, record.other_brand_id) if one is not None]
    return AuditRecordBody(
        id=str(record.id),
        at=record.at.isoformat(),
        recorded_at=record.wall_at.isoformat(),
        actor=_actor(record, entry.actor_name),
        verb=record.verb,
        object_kind=record.object_kind,
        object_id=record.object_id,
        before=None if record.before is None else dict(record.before),
        after=None if record.after is None else dict(record.after),
        brands=[ids.shown("bnd", one) for one in brands],
        request_id=record.request_id,
        seal=entry.seal_no,
    )


def _actor(record: Record, name: str | None) -> ActorBody:
    return ActorBody(
        kind=record.actor_kind,
        id=audit_asked.actor_id(record),
        name=name,
        roles=list(record.actor_roles),
        session=None if record.session_id is None else str(record.session_id),
        acting_for=None if record.acting_for is None else ids.shown("bnd", record.acting_for),
    )
