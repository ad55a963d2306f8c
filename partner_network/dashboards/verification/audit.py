"""The audit trail: records as they were recorded, seals over their records, each seal after the other."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

import asyncpg
import msgspec
from asyncpg.cursor import CursorFactory

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.kinds import Kind
from partner_network.database.connections import Connection
from partner_network.identity import audit_queries
from partner_network.identity.rules import audit
from partner_network.identity.rules.audit import Record, Seal
from partner_network.kernel import merkle

SEALED_WITHIN = timedelta(minutes=1)
"""How long before a seal a record may have been written that the seal has not: its transaction was open."""
_FIELDS = ", ".join(
    f"r.{name}::text" if name in {"before", "after"} else f"r.{name}" for name in Record.__struct_fields__
)
_SEALED = f"""SELECT m.record_id, m.seal_no, m.position, r.leaf_hash, {_FIELDS}
    FROM audit_seal_members m LEFT JOIN audit_records r ON r.id = m.record_id
    ORDER BY m.seal_no, m.position"""
_UNSEALED = f"""SELECT r.leaf_hash, u.record_id IS NOT NULL AS is_waiting, {_FIELDS}
    FROM audit_records r LEFT JOIN unsealed_audit_records u ON u.record_id = r.id
    WHERE NOT EXISTS (SELECT FROM audit_seal_members m WHERE m.record_id = r.id) ORDER BY r.id"""
_ROWS_AT_ONCE = 1000


class Trail(msgspec.Struct, frozen=True):
    """What was read of the trail, row by row, and the first thing wrong with it."""

    records: int
    seals: int
    waiting: int
    head: bytes | None
    difference: str | None = None


class _Link(msgspec.Struct):
    """The end of the chain as far as it was read."""

    seal: Seal | None = None
    hash: bytes | None = None
    records: int = 0

    @property
    def seals(self) -> int:
        """How many seals were read."""
        return 0 if self.seal is None else self.seal.no


def check(trail: Trail) -> Kind:
    """Say what reading the trail found."""
    head = "" if trail.head is None else f"; the last is {trail.head.hex()[:16]}"
    found = f"records in {trail.seals:,} seals, recomputed and chained{head}"
    found += kinds.more(trail.waiting, "record", "to be sealed")
    return kinds.compared("audit", trail.records, found, [trail.difference] if trail.difference else [])


async def read(connection: Connection) -> Trail:
    """Read the trail within the caller's transaction, recomputing as it goes: memory could not hold it."""
    link = _Link()
    difference = await _sealed(connection, link)
    if difference is not None:
        return Trail(link.records, link.seals, 0, link.hash, difference)
    waiting, difference = await _unsealed(connection, link)
    return Trail(link.records + waiting, link.seals, waiting, link.hash, difference)


async def _sealed(connection: Connection, link: _Link) -> str | None:
    """Return the first thing wrong with what is sealed."""
    members = _groups(connection)
    group = await anext(members, None)
    async for row in _cursor(connection, "SELECT * FROM audit_seals ORDER BY no"):
        seal = msgspec.convert(dict(row), Seal)
        inside: Sequence[asyncpg.Record] = ()
        if group is not None and group[0]["seal_no"] == seal.no:
            inside, group = group, await anext(members, None)
        wrong = next(_of_seal(seal, row["hash"], inside, link), None)
        if wrong is not None:
            return wrong
        link.seal, link.hash, link.records = seal, row["hash"], link.records + len(inside)
    return None if group is None else f"Seal {group[0]['seal_no']} is gone; its records are still there."


async def _groups(connection: Connection) -> AsyncIterator[list[asyncpg.Record]]:
    """Yield the sealed records of one seal after the other."""
    group: list[asyncpg.Record] = []
    async for row in _cursor(connection, _SEALED):
        if group and group[0]["seal_no"] != row["seal_no"]:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _of_seal(seal: Seal, stored: bytes, inside: Sequence[asyncpg.Record], link: _Link) -> Iterator[str]:
    if seal.no != link.seals + 1:
        yield f"Seal {link.seals + 1} is gone: seal {seal.no} comes after seal {link.seals}."
    if seal.previous_hash != link.hash:
        yield f"Seal {seal.no} does not follow the seal before it: it names another."
    for row in inside:
        yield from _of_record(row, row["record_id"], f"seal {seal.no}")
    record_ids = [row["record_id"] for row in inside]
    if [row["position"] for row in inside] != list(range(1, seal.record_count + 1)):
        yield f"Seal {seal.no} was made over {seal.record_count:,} records; {len(inside):,} are in it."
    if record_ids != sorted(record_ids) or (record_ids[0], record_ids[-1]) != (seal.first_id, seal.last_id):
        yield f"Seal {seal.no} holds its records in another order than it was made over."
    if merkle.root_of([row["leaf_hash"] for row in inside]) != seal.root:
        yield f"Seal {seal.no} holds other records than it was made over: its root differs."
    if audit.seal_hash(seal) != stored:
        yield f"Seal {seal.no} is no longer what was sealed: its hash differs."
    if link.seal is not None and seal.sealed_at < link.seal.sealed_at - SEALED_WITHIN:
        yield f"Seal {seal.no} is of {seal.sealed_at}, before the one that it follows."


def _of_record(row: asyncpg.Record, record_id: int, where: str) -> Iterator[str]:
    if row["id"] is None:
        yield f"Audit record {record_id} of {where} is gone."
    elif audit.leaf_hash(audit_queries.record_of(row)) != row["leaf_hash"]:
        yield f"Audit record {record_id} of {where} no longer says what was recorded: its hash differs."


async def _unsealed(connection: Connection, link: _Link) -> tuple[int, str | None]:
    """Return how many records wait for their seal, and the first thing wrong with those in no seal."""
    waiting = 0
    async for row in _cursor(connection, _UNSEALED):
        wrong = next(_of_record(row, row["id"], "no seal yet"), None)
        if wrong is None and not row["is_waiting"]:
            wrong = f"Audit record {row['id']} is in no seal, and does not wait for one."
        last = link.seal
        if (
            wrong is None
            and last is not None
            and row["id"] < last.last_id
            and row["wall_at"] < last.sealed_at - SEALED_WITHIN
        ):
            wrong = f"Audit record {row['id']} of {row['wall_at']} was passed over by seal {last.no}."
        if wrong is not None:
            return waiting, wrong
        waiting += 1
    return waiting, None


def _cursor(connection: Connection, query: str) -> "CursorFactory[asyncpg.Record]":
    return connection.cursor(query, prefetch=_ROWS_AT_ONCE)
