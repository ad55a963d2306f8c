"""Record who did what, in the transaction of what they did."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import audit
from partner_network.identity.rules.audit import By, Kind, Personal, Record, Values, Verb


async def record(
    connection: Connection,
    by: By,
    verb: Verb,
    kind: Kind,
    object_id: UUID | int | str,
    *,
    brands: Sequence[UUID | None] = (),
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Record an act within the transaction that does it, so that neither is there without the other.

    ``brands`` are those whom it concerns and who may read it, a record for each two; none leaves it to the
    operator. Of ``before`` and ``after`` only what differs is kept. A person's name, address or e-mail goes
    in as ``audit.Personal``: the trail holds its salted hash alone.
    """
    before, after = audit.changed(kind, before, after)
    before, after = await _hashed(connection, before), await _hashed(connection, after)
    actor, at, wall_at = audit.actor_of(by), await clock.now(connection), clock.wall_now()
    for first, second in audit.in_pairs(brands):
        row = Record(
            id=await connection.fetchval("SELECT nextval('audit_records_id_seq')"),
            at=at,
            wall_at=wall_at,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_roles=actor.roles,
            session_id=actor.session_id,
            acting_for=actor.acting_for,
            verb=verb,
            object_kind=kind,
            object_id=audit.object_id(kind, object_id),
            before=before,
            after=after,
            brand_id=first,
            other_brand_id=second,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
        )
        await _insert(connection, row)


async def _insert(connection: Connection, row: Record) -> None:
    await connection.execute(
        """INSERT INTO audit_records (id, at, wall_at, actor_kind, actor_id, actor_roles, session_id,
               acting_for, verb, object_kind, object_id, before, after, brand_id, other_brand_id, request_id,
               leaf_hash)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)""",
        row.id,
        row.at,
        row.wall_at,
        row.actor_kind,
        row.actor_id,
        list(row.actor_roles),
        row.session_id,
        row.acting_for,
        row.verb,
        row.object_kind,
        row.object_id,
        _json(row.before),
        _json(row.after),
        row.brand_id,
        row.other_brand_id,
        row.request_id,
        audit.leaf_hash(row),
    )


async def forget_subject(connection: Connection, member_id: UUID) -> None:
    """Destroy the salts of a person: hashes of what they were called can never be tied to them again.

    Call it before the person's e-mail address is taken from the accounts and invitations that hold it.
    """
    await connection.execute("SELECT forget_for_audit($1)", member_id)


async def _hashed(connection: Connection, values: Values | None) -> Values | None:
    if values is None:
        return None
    return {name: await _hash(connection, value) for name, value in values.items()}


async def _hash(connection: Connection, value: object) -> object:
    if not isinstance(value, Personal):
        return value
    salted: bytes = await connection.fetchval("SELECT hash_for_audit($1, $2)", value.subject_id, value.text)
    return f"sha256:{salted.hex()}"


def _json(values: Values | None) -> str | None:
    return None if values is None else msgspec.json.encode(values).decode()
