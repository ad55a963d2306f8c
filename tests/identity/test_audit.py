import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import audit, seal
from partner_network.identity.rules.audit import Personal
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from tests.conftest import FreshDatabase


async def brand(slug: str) -> UUID:
    brand_id = ids.new_id(clock.wall_now())
    await connections.pool().execute(
        """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
           VALUES ($1, $2, $2, $2, '1 Main Street', 'US', now())""",
        brand_id,
        slug,
    )
    return brand_id


def member(brand_id: UUID | None, *roles: str) -> Member:
    now = clock.wall_now()
    return Member(ids.new_id(now), "Olga", "olga@x.test", brand_id, frozenset(roles), ids.new_id(now))


async def sign(by: Member, brands: Sequence[UUID | None]) -> UUID:
    agreement_id = ids.new_id(clock.wall_now())
    async with connections.transaction() as connection:
        await audit.record(connection, by, "sign", "agreement", agreement_id, brands=brands, after={"n": 1})
    return agreement_id


async def seen_by(database: FreshDatabase, brand_id: UUID | None) -> int:
    web = await database.connect("web")
    try:
        async with web.transaction():
            name, value = ("app.eyes", "operator") if brand_id is None else ("app.brand_id", str(brand_id))
            await web.execute("SELECT set_config($1, $2, true)", name, value)
            return await web.fetchval("SELECT count(*) FROM audit_records")
    finally:
        await web.close()


async def test_both_brands_of_a_partnership_read_a_signing_and_a_third_does_not(
    database: FreshDatabase,
) -> None:
    shop, radio, stranger = [await brand(slug) for slug in ("shop", "radio", "stranger")]
    await sign(member(shop, "owner"), (shop, radio))

    assert [await seen_by(database, one) for one in (shop, radio, None, stranger)] == [1, 1, 1, 0]


async def test_without_eyes_nothing_is_read_and_yet_a_record_can_be_added(database: FreshDatabase) -> None:
    shop = await brand("shop")
    await connections.close_pool()
    await connections.open_pool(database.url("web"), role="partner_network_web")
    await sign(member(shop, "owner"), (shop,))

    assert await connections.pool().fetchval("SELECT count(*) FROM audit_records") == 0
    assert await seen_by(database, shop) == 1


async def test_what_is_rolled_back_leaves_no_record_and_nothing_to_seal(database: FreshDatabase) -> None:
    assert database.name

    async def fail() -> None:
        async with connections.transaction() as connection:
            await audit.record(connection, "worker", "retry", "job", 7)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await connections.pool().fetchval("SELECT count(*) FROM audit_records") == 0
    assert await seal.seal_now() == 0


@pytest.mark.parametrize("role", ["owner", "web", "worker"])
@pytest.mark.parametrize("table", ["audit_records", "audit_seals", "audit_seal_members"])
async def test_no_role_changes_or_removes_what_was_recorded_or_sealed(
    database: FreshDatabase, role: str, table: str
) -> None:
    await sign(member(None, "admin"), ())
    await seal.seal_now()
    connection = await database.connect(role)
    try:
        await connection.execute("SELECT set_config('app.eyes', 'operator', false)")
        column = {"audit_records": "verb", "audit_seals": "root", "audit_seal_members": "position"}[table]
        for sql in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)):
                await connection.execute(sql)
    finally:
        await connection.close()


async def test_a_person_s_values_enter_as_hashes_and_only_of_what_changed(database: FreshDatabase) -> None:
    assert database.name
    person = member(None, "admin")
    async with connections.transaction() as connection:
        await audit.record(
            connection,
            person,
            "change",
            "member",
            person.id,
            before={"email": Personal(person.id, "old@x.test"), "role": "owner"},
            after={"email": Personal(person.id, "new@x.test"), "role": "owner"},
        )

    row = await connections.pool().fetchrow("SELECT before::text, after::text FROM audit_records")
    assert row is not None
    assert "x.test" not in row["before"] + row["after"]
    assert "role" not in row["before"] + row["after"]
    assert row["before"] != row["after"]


@pytest.mark.parametrize("values", [{"email": "olga@x.test"}, {"token": "x"}, {"address": "1 Main Street"}])
async def test_a_personal_value_or_a_secret_as_it_is_is_refused(
    database: FreshDatabase, values: dict[str, object]
) -> None:
    assert database.name
    with pytest.raises(ValueError, match="must not stand in the audit trail"):
        async with connections.transaction() as connection:
            await audit.record(connection, "worker", "invite", "invitation", 7, after=values)


async def test_the_web_app_reads_no_salt(database: FreshDatabase) -> None:
    web = await database.connect("web")
    try:
        await web.fetchval("SELECT hash_for_audit($1, 'x')", ids.new_id(clock.wall_now()))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.fetch("SELECT * FROM audit_salts")
    finally:
        await web.close()


async def test_many_sealers_at_once_make_one_chain_and_lose_nothing(database: FreshDatabase) -> None:
    assert database.name
    for _ in range(6):
        await sign(member(None, "admin"), ())
    await asyncio.gather(*(seal.seal_some() for _ in range(5)))
    await seal.seal_now()

    row = await connections.pool().fetchrow(
        """SELECT (SELECT array_agg(no ORDER BY no) FROM audit_seals) AS nos,
                  (SELECT sum(record_count) FROM audit_seals) AS sealed,
                  (SELECT count(*) FROM audit_seal_members) AS members"""
    )
    assert row is not None
    assert row["nos"] == list(range(1, len(row["nos"]) + 1))
    assert (row["sealed"], row["members"]) == (6, 6)


async def test_a_sealer_leaves_the_work_to_the_one_that_is_at_it(database: FreshDatabase) -> None:
    await sign(member(None, "admin"), ())
    other = await database.connect("worker")
    try:
        await other.execute("SELECT pg_advisory_lock($1)", seal.LOCK)
        assert await seal.seal_some() == 0
        await other.execute("SELECT pg_advisory_unlock($1)", seal.LOCK)
        assert await seal.seal_some() == 1
    finally:
        await other.close()


async def test_a_backlog_is_sealed_in_several_seals(
    database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.name
    monkeypatch.setattr(seal, "RECORDS_MAX", 2)
    for _ in range(5):
        await sign(member(None, "admin"), ())

    assert await seal.seal_now() == 5

    rows = await connections.pool().fetch(
        "SELECT first_id, last_id, record_count FROM audit_seals ORDER BY no"
    )
    assert [tuple(row) for row in rows] == [(1, 2, 2), (3, 4, 2), (5, 5, 1)]
