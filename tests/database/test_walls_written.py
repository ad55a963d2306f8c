"""What the web role may add, change and remove, with whose eyes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.database.connections import Connection, Eyes
from tests.builders import RADIO, SHOP, SMALL, WEEKLY
from tests.database.entitled import ADDED_BY_ANYBODY, ADDED_BY_EVERY_BRAND, FOR_EVERYBODY, ROWS_OF
from tests.database.forgeries import FORGERIES
from tests.database.more_rows import STRANGER
from tests.database.walled import WEB, Walled

WALLED = sorted(ROWS_OF.keys() - FOR_EVERYBODY.keys())
BROUGHT, OFFERED = "00000000-0000-0000-0000-00000000000b", "00000000-0000-0000-0000-00000000000c"


@asynccontextmanager
async def rolled_back(eyes: Eyes | None) -> AsyncGenerator[Connection]:
    """Try something with these eyes, and leave no trace."""
    async with connections.transaction(eyes=eyes) as connection:
        inner = connection.transaction()
        await inner.start()
        try:
            yield connection
        finally:
            await inner.rollback()


async def copied(walls: Walled, table: str) -> str:
    """Take a row of others' into a table that the web role may read, to be sent once more from there."""
    whose = ROWS_OF[table].replace("$1", f"'{walls.brands[STRANGER]}'::uuid")
    await walls.owner.execute(
        f"""CREATE TABLE copied_{table} AS SELECT * FROM {table} t WHERE NOT coalesce({whose}, false) LIMIT 1;
            GRANT SELECT ON copied_{table} TO {WEB}"""
    )
    assert await walls.owner.fetchval(f"SELECT count(*) FROM copied_{table}") == 1
    return f"INSERT INTO {table} SELECT * FROM copied_{table}"


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's"])
async def test_nobody_adds_a_row_in_another_brands_name(walls: Walled, whose: str) -> None:
    eyes = None if whose == "nobody's" else walls.brands[STRANGER]
    open_to = ADDED_BY_ANYBODY.keys() | (ADDED_BY_EVERY_BRAND.keys() if eyes else set())
    added: set[str] = set()
    for table in WALLED:
        if not await walls.owner.fetchval("SELECT has_table_privilege($1, $2, 'INSERT')", WEB, table):
            continue
        again = await copied(walls, table)
        async with rolled_back(eyes) as connection:
            try:
                await connection.execute(again)
            except asyncpg.InsufficientPrivilegeError:
                continue
            except asyncpg.IntegrityConstraintViolationError:
                pass  # no wall stood in its way: the row was there already
            added.add(table)

    assert added == open_to & set(WALLED)


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's"])
async def test_nobody_changes_or_removes_a_row_of_another_brand(walls: Walled, whose: str) -> None:
    eyes = None if whose == "nobody's" else walls.brands[STRANGER]
    touched: dict[str, str] = {}
    for table in WALLED:
        for statement in await _changes_of(walls, table):
            async with rolled_back(eyes) as connection:
                try:
                    done = await connection.execute(f"{statement} WHERE NOT ({_is_the_strangers(table)})")
                except asyncpg.PostgresError as refused:
                    done = repr(refused)  # by a constraint: the row itself was within reach
            if not done.endswith(" 0"):
                touched[statement] = done

    assert touched == {}


async def _changes_of(walls: Walled, table: str) -> list[str]:
    """What the web role has the right to try: to empty a column, and the table."""
    column = await walls.owner.fetchval(
        """SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0
               AND has_column_privilege($2, attrelid, attnum, 'UPDATE') ORDER BY attnum LIMIT 1""",
        table,
        WEB,
    )
    may_remove = await walls.owner.fetchval("SELECT has_table_privilege($1, $2, 'DELETE')", WEB, table)
    changes = [f"UPDATE {table} SET {column} = NULL"] if column else []
    return [*changes, f"DELETE FROM {table}"] if may_remove else changes


def _is_the_strangers(table: str) -> str:
    """A condition on its own rows that the web role can ask."""
    return {
        "api_keys": "name = 'lone'",
        "brands": f"slug = '{STRANGER}'",
        "memberships": "role = 'viewer'",
        "sessions": "csrf_token = 'lone'",
        "test_facts": "key = 'lone'",
    }.get(table, "false")


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_one_side_does_not_write_in_the_others_name(walls: Walled, forgery: str) -> None:
    who, statement = FORGERIES[forgery]
    brands = {"shop": SHOP, "weekly": WEEKLY, "stranger": STRANGER}
    said = statement.format(**{name: walls.brands[slug] for name, slug in brands.items()})
    async with rolled_back(walls.brands[who]) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(said)


async def test_a_partner_touches_neither_program_nor_brand_nor_picture_of_the_other(walls: Walled) -> None:
    for statement in (
        "UPDATE programs SET offer = 'x' WHERE brand_id = '{}'",
        "UPDATE brands SET name = 'x' WHERE id = '{}'",
        "UPDATE creatives SET title = 'x' WHERE title = 'x'",
        "UPDATE links SET name = 'x' WHERE partner_id <> '{}'",
    ):
        async with rolled_back(walls.brands[RADIO]) as connection:
            radio_or_shop = walls.brands[RADIO if "<>" in statement else SHOP]
            assert await connection.execute(statement.format(radio_or_shop)) == "UPDATE 0"


async def test_a_brand_does_not_change_who_its_people_are(walls: Walled) -> None:
    async with rolled_back(walls.brands[SMALL]) as connection:
        assert await connection.fetchval("SELECT count(*) FROM members") == 1
        assert await connection.execute("UPDATE members SET password_hash = 'x'") == "UPDATE 0"
    async with rolled_back("doorkeeper") as connection:
        assert (
            await connection.execute("UPDATE members SET name = name WHERE email LIKE 'lou@%'") == "UPDATE 1"
        )


async def test_who_brings_a_company_in_names_its_first_owner_and_no_second(walls: Walled) -> None:
    shop = walls.brands[SHOP]
    invite = f"""INSERT INTO invitations (id, token_hash, partnership_id, brand_id, role, email, invited_by,
                     created_at, expires_at)
                 SELECT gen_random_uuid(), $1, '{OFFERED}', '{BROUGHT}', 'owner', 'x@x.test', id, now(), now()
                 FROM members LIMIT 1"""
    async with rolled_back(shop) as connection:
        await connection.execute(
            f"""INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
                VALUES ('{BROUGHT}', 'new', 'New', 'New', 'x', 'US', now())"""
        )
        await connection.execute(
            f"""INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
                SELECT '{OFFERED}', id, brand_id, '{BROUGHT}', 'invited', now() FROM programs
                WHERE brand_id = $1""",
            shop,
        )
        await connection.execute(invite, b"first")
        await connections.look(connection, "doorkeeper")
        await connection.execute(
            f"""INSERT INTO memberships (id, member_id, brand_id, role, created_at)
                SELECT gen_random_uuid(), id, '{BROUGHT}', 'owner', now() FROM members LIMIT 1"""
        )
        await connections.look(connection, shop)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(invite, b"second")


async def test_stripes_door_stores_what_it_hears_and_reads_nothing(walls: Walled) -> None:
    event = """INSERT INTO stripe_events (event_id, type, object_id, payload, received_at)
               VALUES ($1, 'x', 'x', 'x', now()) ON CONFLICT DO NOTHING"""
    async with rolled_back("doorkeeper") as connection:
        assert await connection.execute(event, "evt_2") == "INSERT 0 1"
        assert await connection.execute(event, "evt_2") == "INSERT 0 0"
        assert await connection.fetchval("SELECT count(*) FROM stripe_events") == 0
    async with rolled_back(walls.brands[SHOP]) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(event, "evt_2")
