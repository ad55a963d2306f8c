from uuid import UUID

import pytest

from partner_network.database import connections
from tests.builders import RADIO, SHOP, SMALL, WEEKLY
from tests.database.entitled import (
    FOR_EVERYBODY,
    READABLE,
    ROWS_OF,
    RUN_WITH_THE_OWNERS_RIGHTS,
    VIEWS,
    WITHOUT_WALL,
)
from tests.database.more_rows import STRANGER
from tests.database.walled import WEB, Walled

THE_DOORKEEPERS_OWN = {
    "kept_forms",
    "notification_choices",
    "notification_hours",
    "notifications",
    "passkey_challenges",
    "password_resets",
    "pending_sign_ins",
    "recovery_codes",
    "second_factors",
}
WHO_IS_WHO = {"api_keys", "brands", "invitations", "members", "memberships", "sessions"}


async def test_every_table_has_a_wall_or_a_reason_for_none(walls: Walled) -> None:
    rows = await walls.owner.fetch(
        """SELECT relname, relrowsecurity AND relforcerowsecurity AS has_wall FROM pg_class
           WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"""
    )

    assert {row["relname"]: row["has_wall"] for row in rows} == (
        dict.fromkeys(ROWS_OF, True) | dict.fromkeys(WITHOUT_WALL, False)
    )


async def test_no_table_behind_a_wall_is_empty_and_no_view_either(walls: Walled) -> None:
    empty = [
        relation
        for relation in READABLE
        if not await walls.owner.fetchval(f"SELECT count(*) FROM {relation}")
    ]

    assert empty == []


@pytest.mark.parametrize("slug", [SHOP, WEEKLY, RADIO, SMALL, STRANGER])
async def test_a_brand_sees_exactly_what_it_is_entitled_to(walls: Walled, slug: str) -> None:
    brand_id = walls.brands[slug]

    assert await walls.seen_by(brand_id) == await walls.entitled(brand_id)


async def test_a_stranger_sees_itself_and_nothing_of_the_others(walls: Walled) -> None:
    seen = await walls.seen_by(walls.brands[STRANGER])

    of_facts = {relation for relation, rows in seen.items() if rows} - set(FOR_EVERYBODY)
    assert of_facts == WHO_IS_WHO - {"invitations"} | {
        "ended_memberships", "erasures", "former_stripe_accounts", "bank_payouts", "member_names",
        "tax_profiles", "test_facts",
    }  # fmt: skip
    assert {len(seen[relation]) for relation in of_facts} == {1}


async def test_without_eyes_the_web_sees_nothing(walls: Walled) -> None:
    seen = await walls.seen_by(None)

    assert {relation for relation, rows in seen.items() if rows} == set(FOR_EVERYBODY)


async def test_eyes_are_those_of_one_transaction(walls: Walled) -> None:
    async with connections.transaction(eyes=walls.brands[SHOP]) as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        assert await walls.seen(connection, "clicks")
    for eyes in (None, walls.brands[STRANGER]):
        async with connections.transaction(eyes=eyes) as connection:
            assert await connection.fetchval("SELECT pg_backend_pid()") == backend
            assert await walls.seen(connection, "clicks") == ()


async def test_the_doorkeeper_sees_who_is_who_and_nothing_of_their_affairs(walls: Walled) -> None:
    seen = await walls.seen_by("doorkeeper")

    assert {relation for relation, rows in seen.items() if rows} == (
        WHO_IS_WHO | THE_DOORKEEPERS_OWN | set(FOR_EVERYBODY)
    )


async def test_the_doorkeeper_that_looks_on_as_a_brand_is_the_doorkeeper_no_more(walls: Walled) -> None:
    async with connections.transaction(eyes="doorkeeper") as connection:
        await connections.look(connection, walls.brands[SMALL])
        (found,) = await walls.seen(connection, "memberships")

    assert str(walls.brands[SMALL]) in found


async def test_the_operator_sees_all_that_its_pages_may_read(walls: Walled) -> None:
    seen = await walls.seen_by("operator")

    expected = {
        relation: () if relation in THE_DOORKEEPERS_OWN else await walls.there(relation)
        for relation in READABLE
    }
    assert seen == expected


async def test_a_wall_with_a_hole_is_noticed_at_every_table(walls: Walled) -> None:
    stranger = walls.brands[STRANGER]
    unnoticed: list[str] = []
    for table in ROWS_OF.keys() - FOR_EVERYBODY.keys():
        before = await _seen(walls, stranger, table)
        await walls.owner.execute(f"CREATE POLICY hole ON {table} TO {WEB} USING (true)")
        if await walls.columns(table) is not None and await _seen(walls, stranger, table) == before:
            unnoticed.append(table)
        await walls.owner.execute(f"DROP POLICY hole ON {table}")

    assert unnoticed == []


async def test_a_wall_that_is_gone_shows_nothing_to_anybody(walls: Walled) -> None:
    shop, still_seen = walls.brands[SHOP], list[str]()
    for table in ROWS_OF:
        for policy in await walls.owner.fetch(
            "SELECT polname FROM pg_policy WHERE polrelid = $1::text::regclass", table
        ):
            await walls.owner.execute(f"DROP POLICY {policy['polname']} ON {table}")
        still_seen += [table] * bool(await _seen(walls, shop, table) or await walls.there(table))

    assert still_seen == []  # not even by the owner: the wall is forced upon it


async def test_views_look_with_the_eyes_of_who_asks_or_have_a_wall_of_their_own(walls: Walled) -> None:
    rows = await walls.owner.fetch(
        """SELECT relname, reloptions FROM pg_class
           WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"""
    )
    own = {"charity_names", "contracts_of_gifts", "member_names", "program_names"}

    assert {row["relname"]: row["reloptions"] for row in rows} == {
        view: ["security_barrier=true"] if view in own else ["security_invoker=true"] for view in VIEWS
    }


async def test_what_runs_with_the_owners_rights_and_may_be_called_is_known(walls: Walled) -> None:
    rows = await walls.owner.fetch(
        """SELECT proname FROM pg_proc WHERE prosecdef AND prorettype <> 'trigger'::regtype
               AND has_function_privilege($1, oid, 'EXECUTE')""",
        WEB,
    )

    assert {row["proname"] for row in rows} == set(RUN_WITH_THE_OWNERS_RIGHTS)


async def test_no_partition_can_be_read_around_the_wall(walls: Walled) -> None:
    await walls.owner.execute("SELECT ensure_click_partition('2031-05-01')")
    rows = await walls.owner.fetch(
        """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS has_wall, array(
               SELECT role FROM unnest(ARRAY['web', 'redirect', 'worker']) AS role
               WHERE has_any_column_privilege('partner_network_' || role, c.oid, 'SELECT, INSERT, UPDATE'))
               AS readers
           FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'"""
    )

    assert {row["relname"] for row in rows} == {"clicks_default", "clicks_2031_05"}
    assert all(row["has_wall"] and row["readers"] == [] for row in rows)


async def test_the_web_role_can_be_nobody_for_whom_walls_do_not_hold(walls: Walled) -> None:
    rows = await walls.owner.fetch(
        """SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND rolname = ANY($1)""",
        [f"partner_network_{role}" for role in ("web", "redirect", "worker", "owner")],
    )
    owned = await walls.owner.fetchval(
        """SELECT count(*) FROM pg_class
           WHERE pg_has_role($1, relowner, 'MEMBER') AND relnamespace = 'public'::regnamespace""",
        WEB,
    )

    assert ([row["rolname"] for row in rows], owned) == ([], 0)


async def _seen(walls: Walled, brand_id: UUID, table: str) -> tuple[str, ...]:
    async with connections.transaction(eyes=brand_id) as connection:
        return await walls.seen(connection, table)
