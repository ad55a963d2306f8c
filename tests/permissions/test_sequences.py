"""Whatever members of one brand do, in whatever order, nothing of another brand changes or shows."""

import asyncio
from collections.abc import Mapping
from typing import get_args

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partner_network.identity.rules.permissions import BrandRole
from tests.builders import SHOP
from tests.permissions.conftest import Principal, World
from tests.permissions.rows import ROWS
from tests.permissions.test_routes import ask

CANARY = "quincunx"
MARKED = {
    "members": ("name", "email LIKE '%tune-house%'"),
    "brands": ("name", "slug = 'tune-house'"),
    "programs": ("name", "slug LIKE 'tune-house%'"),
    "links": ("name", "true"),
    "creatives": ("title", "true"),
}
"""Where a word stands that nobody but Tune House and its partners may ever read."""
OWN_TRACES = {
    "sessions", "audit_records", "audit_salts", "audit_seals", "rate_limits", "failed_sign_ins", "letters",
    "pgqueuer", "pgqueuer_log", "api_keys", "invitations", "members", "memberships", "second_factors",
    "pending_sign_ins", "recovery_codes", "password_resets", "kept_forms", "passkey_challenges", "erasures",
    "notifications", "notification_choices", "notification_hours", "test_facts", "programs",
    "program_versions", "brands",
}  # fmt: skip
"""What deeds of one's own may add to; of these, only what Tune House sees is compared."""
NOBODYS = {"rate_limits", "unsealed_audit_records"}
"""Counts and work lists that every request adds to and that no brand reads."""
DEED = st.tuples(
    st.sampled_from([*get_args(BrandRole), "machine"]),
    st.sampled_from(sorted(route for route, row in ROWS.items() if not row.ends_session)),
)


async def tables_of(owner: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    rows = await owner.fetch(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT relispartition ORDER BY relname"""
    )
    return [row["relname"] for row in rows]


async def state_of(world: World) -> Mapping[str, str]:
    """Sum up every table: as a whole, or, where one's own deeds leave traces, as Tune House sees it."""
    seen: dict[str, str] = {}
    shop = await world.brand_id(SHOP)
    web = await world.network.database.connect("web")
    try:
        for table in await tables_of(world.network.owner):
            summed = f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} t"
            if table in NOBODYS:
                continue
            if table not in OWN_TRACES:
                seen[table] = await world.network.owner.fetchval(summed)
            elif await web.fetchval("SELECT has_table_privilege($1, 'SELECT')", table):
                async with web.transaction():
                    await web.execute("SELECT set_config('app.brand_id', $1, true)", str(shop))
                    seen[table] = await web.fetchval(summed)
    finally:
        await web.close()
    return seen


async def mark(world: World) -> None:
    word = f"{CANARY} of the house"
    for table, (column, condition) in MARKED.items():
        await world.network.owner.execute(f"UPDATE {table} SET {column} = $1 WHERE {condition}", word)


async def test_no_sequence_of_deeds_by_one_brand_changes_or_shows_anything_of_another(world: World) -> None:
    await mark(world)
    clients = {
        role: await world.client(Principal("other", role)) for role in (*get_args(BrandRole), "machine")
    }
    loop = asyncio.get_running_loop()
    before = await state_of(world)

    async def live(deeds: list[tuple[str, str]]) -> None:
        for role, route in deeds:
            answer = await ask(clients[role], route, ROWS[route], world.ids_of)
            assert CANARY not in answer.text.lower(), f"{role}: {route} shows {answer.text[:200]}"
        assert await state_of(world) == before

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(deeds=st.lists(DEED, min_size=5, max_size=25))
    def in_any_order(deeds: list[tuple[str, str]]) -> None:
        asyncio.run_coroutine_threadsafe(live(deeds), loop).result()

    await asyncio.to_thread(in_any_order)


async def test_what_one_may_do_is_seen_to_change_and_to_show(world: World) -> None:
    await mark(world)
    before = await state_of(world)
    client = await world.client(Principal("partner", "owner"))

    shown = await ask(client, "GET /api/v1/links", ROWS["GET /api/v1/links"], world.ids_of)
    await ask(client, "DELETE /api/v1/links/{link}", ROWS["DELETE /api/v1/links/{link}"], world.ids_of)

    assert CANARY in shown.text
    after = await state_of(world)
    assert {"links"} <= {table for table in after if after[table] != before[table]}
