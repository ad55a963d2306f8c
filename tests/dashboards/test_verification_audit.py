"""The proof finds every record of the trail that was changed, removed, slipped in, or never sealed."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.dashboards.verification import audit as verification
from partner_network.dashboards.verification.kinds import Kind
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import audit, seal
from partner_network.identity.rules import audit as rules
from partner_network.identity.rules.audit import Personal
from partner_network.kernel import ids, merkle
from tests.conftest import FreshDatabase

TABLES = ("audit_records", "audit_seals", "audit_seal_members", "unsealed_audit_records")


async def record(n: int = 1) -> None:
    async with connections.transaction() as connection:
        await audit.record(connection, "worker", "retry", "job", n, after={"tries": n})


async def verified() -> Kind:
    async with connections.transaction(isolation="repeatable_read") as connection:
        return verification.check(await verification.read(connection))


@pytest.fixture
async def forger(database: FreshDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Somebody with the rights of the owner, who has taken all guards away; three seals of two records."""
    for n in range(6):
        await record(n)
        if n % 2:
            await seal.seal_now()
    owner = await database.connect("owner")
    for table in TABLES:
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for constraint in await owner.fetch(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('f', 'u', 'c', 'p') "
        "AND conrelid = ANY($1::text[]::regclass[])",
        list(TABLES),
    ):
        # CASCADE: other keys lean on a seal's hash being unique.
        drop = "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {} CASCADE"
        await owner.execute(drop.format(constraint["conrelid"], constraint["conname"]))
    yield owner
    await owner.close()


FORGERIES = [
    ("UPDATE audit_records SET verb = 'delete' WHERE id = 3", "record 3 of seal 2 no longer says"),
    ("UPDATE audit_records SET after = '{\"tries\": 9}' WHERE id = 3", "record 3 of seal 2 no longer says"),
    ("UPDATE audit_records SET at = at + interval '1 us' WHERE id = 3", "record 3 of seal 2 no longer says"),
    ("DELETE FROM audit_records WHERE id = 3", "record 3 of seal 2 is gone"),
    ("DELETE FROM audit_seal_members WHERE record_id = 3", "Seal 2 was made over 2 records; 1 are in it"),
    (
        """DELETE FROM audit_seal_members WHERE record_id = 6;
           DELETE FROM audit_records WHERE id = 6;
           UPDATE audit_seals SET record_count = 1, last_id = 5 WHERE no = 3""",
        "Seal 3 holds other records than it was made over",
    ),
    ("UPDATE audit_seals SET root = sha256('x') WHERE no = 2", "Seal 2 holds other records"),
    ("UPDATE audit_seals SET sealed_at = sealed_at + interval '1 s' WHERE no = 2", "Seal 2 is no longer"),
    ("UPDATE audit_seals SET hash = sha256('x') WHERE no = 3", "Seal 3 is no longer what was sealed"),
    (
        """UPDATE audit_seals SET no = 5 - no WHERE no > 1;
           UPDATE audit_seal_members SET seal_no = 5 - seal_no WHERE seal_no > 1""",
        "Seal 2 does not follow the seal before it",
    ),
    (
        "UPDATE audit_seal_members SET position = 3 - position WHERE seal_no = 2",
        "Seal 2 holds its records in another order",
    ),
    ("DELETE FROM audit_seals WHERE no = 2", "Seal 2 is gone: seal 3 comes after seal 1"),
    ("DELETE FROM audit_seals WHERE no = 3", "Seal 3 is gone; its records are still there"),
    (
        """INSERT INTO audit_records (id, at, wall_at, actor_kind, actor_roles, verb, object_kind, object_id,
               leaf_hash)
           SELECT 100, at, wall_at, actor_kind, actor_roles, verb, object_kind, object_id, leaf_hash
           FROM audit_records WHERE id = 3;
           INSERT INTO audit_seal_members VALUES (100, 2, 3)""",
        "record 100 of seal 2 no longer says",
    ),
]


@pytest.mark.parametrize(("forgery", "names"), FORGERIES, ids=[forgery[:60] for forgery, _ in FORGERIES])
async def test_a_forgery_breaks_the_chain_and_is_named(
    forger: "asyncpg.Connection[asyncpg.Record]", forgery: str, names: str
) -> None:
    assert (await verified()).difference is None
    await forger.execute(forgery)
    found = (await verified()).difference
    assert found is not None
    assert re.search(names, found), found


async def test_a_record_with_its_right_hash_slipped_into_a_seal_breaks_its_root(
    forger: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await record(7)
    await forger.execute(
        """DELETE FROM unsealed_audit_records; INSERT INTO audit_seal_members VALUES (7, 3, 3);
           UPDATE audit_seals SET record_count = 3, last_id = 7 WHERE no = 3"""
    )
    found = (await verified()).difference
    assert found is not None
    assert "Seal 3 holds other records than it was made over" in found


async def test_a_record_kept_from_its_seal_is_found(forger: "asyncpg.Connection[asyncpg.Record]") -> None:
    await forger.execute("ALTER TABLE audit_records ENABLE TRIGGER USER")
    await record(7)
    assert (await verified()).found.endswith("; 1 record waits to be sealed")
    await forger.execute("DELETE FROM unsealed_audit_records")
    assert (await verified()).difference == "Audit record 7 is in no seal, and does not wait for one."


async def test_an_old_record_that_later_seals_passed_over_is_found(database: FreshDatabase) -> None:
    assert database.name
    await record(1)
    owner = await database.connect("owner")
    await owner.execute("DELETE FROM unsealed_audit_records")
    await record(2)
    await seal.seal_now()
    await owner.execute("INSERT INTO unsealed_audit_records VALUES (1)")
    assert (await verified()).difference is None, "its transaction may just have ended"
    later = clock.wall_now() + timedelta(minutes=5)
    await owner.execute("ALTER TABLE audit_seals DISABLE TRIGGER USER")
    row = await owner.fetchrow("SELECT * FROM audit_seals")
    assert row is not None
    forged = msgspec.convert({**dict(row), "sealed_at": later}, rules.Seal)
    await owner.execute("UPDATE audit_seals SET sealed_at = $1, hash = $2", later, rules.seal_hash(forged))
    await owner.close()
    found = (await verified()).difference
    assert found is not None
    assert found.endswith("was passed over by seal 1.")


async def test_a_record_that_commits_after_a_later_one_was_sealed_is_sealed_next(
    database: FreshDatabase,
) -> None:
    assert database.name
    is_recorded, may_commit = asyncio.Event(), asyncio.Event()

    async def commit_late() -> None:
        async with connections.transaction() as connection:
            await audit.record(connection, "worker", "retry", "job", 1)
            is_recorded.set()
            await may_commit.wait()

    late = asyncio.create_task(commit_late())
    await is_recorded.wait()
    await record(2)
    first = await seal.seal_now()
    may_commit.set()
    await late
    second = await seal.seal_now()

    rows = await connections.pool().fetch(
        "SELECT record_id, seal_no FROM audit_seal_members ORDER BY seal_no"
    )
    assert (first, second, [tuple(row) for row in rows]) == (1, 1, [(2, 1), (1, 2)])
    assert (await verified()).difference is None


async def test_records_of_many_writers_beside_a_sealer_are_each_sealed_once(database: FreshDatabase) -> None:
    assert database.name
    writing = [asyncio.create_task(record(n)) for n in range(30)]
    while not all(task.done() for task in writing):
        await seal.seal_some()
    await asyncio.gather(*writing)
    await seal.seal_now()

    kind = await verified()
    assert (kind.count, kind.difference) == (30, None)
    assert "wait" not in kind.found


async def test_a_forgotten_person_s_hashes_cannot_be_computed_again_and_the_seals_still_hold(
    database: FreshDatabase,
) -> None:
    person, invitation = await invited_person()
    async with connections.transaction() as connection:
        subjects: list[tuple[rules.Kind, UUID]] = [("member", person), ("invitation", invitation)]
        for kind, subject in subjects:
            value = Personal(subject, "olga@x.test")
            await audit.record(connection, "worker", "change", kind, subject, after={"email": value})
    await seal.seal_now()
    stored = await connections.pool().fetch("SELECT after->>'email' FROM audit_records ORDER BY id")
    again = """SELECT 'sha256:' || encode(hash_for_audit(subject, 'olga@x.test'), 'hex')
               FROM unnest($1::uuid[]) subject"""
    assert await connections.pool().fetch(again, [person, invitation]) == stored

    # With nobody's eyes, and as the web's own role, to whom the walls show neither the person nor the letter.
    await connections.close_pool()
    await connections.open_pool(database.url("web"), role="partner_network_web")
    async with connections.transaction() as connection:
        await audit.forget_subject(connection, person)
    await connections.close_pool()
    await connections.open_pool(database.url())

    now = await connections.pool().fetch(again, [person, invitation])
    assert [one == other for one, other in zip(now, stored, strict=True)] == [False, False]
    assert (await verified()).difference is None


async def invited_person() -> tuple[UUID, UUID]:
    """Make a person who came by an invitation."""
    person, invitation = [ids.new_id(clock.wall_now()) for _ in range(2)]
    await connections.pool().execute(
        """WITH made AS (INSERT INTO members (id, email, name, password_hash, created_at)
                         VALUES ($1, 'olga@x.test', 'Olga', '-', now()) RETURNING id)
           INSERT INTO invitations (id, token_hash, role, email, invited_by, created_at, expires_at)
           SELECT $2, sha256('x'), 'admin', 'olga@x.test', id, now(), now() + interval '1 day' FROM made""",
        person,
        invitation,
    )
    return person, invitation


@given(sizes=st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=6))
def test_however_records_fall_into_seals_each_root_stands_over_all_of_them(sizes: list[int]) -> None:
    last, next_id, hashes = None, 1, set[bytes]()
    for size in sizes:
        leaves = [(n, merkle.root_of([n.to_bytes(32, "big")])) for n in range(next_id, next_id + size)]
        made = rules.next_seal(leaves, last, clock.wall_now())
        assert made.previous_hash == (None if last is None else last[1])
        for n in range(size):
            forged = list(leaves)
            forged[n] = (forged[n][0], b"\xff" * 32)
            assert rules.next_seal(forged, last, made.sealed_at).root != made.root
        last, next_id = (made.no, rules.seal_hash(made)), next_id + size
        hashes.add(last[1])
    assert len(hashes) == len(sizes)
