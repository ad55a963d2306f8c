"""The worker, the redirect, and two brands whose partnership has ended."""

import contextlib

import asyncpg
import pytest

from tests.builders import RADIO, SHOP
from tests.database.entitled import READABLE
from tests.database.walled import Walled

END = (
    "UPDATE partnerships SET status = 'ended', ended_at = now() WHERE advertiser_id = $1 AND partner_id = $2"
)
LATER = """
INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
SELECT gen_random_uuid(), id, 99, 'x', now() + interval '1 second' FROM programs WHERE brand_id = $1
"""


async def end(walls: Walled, advertiser: str, partner: str) -> None:
    """End a partnership; afterwards the advertiser publishes one more version of its policy."""
    await walls.owner.execute(END, walls.brands[advertiser], walls.brands[partner])
    await walls.owner.execute(LATER, walls.brands[advertiser])


async def test_after_the_end_a_partner_keeps_what_concerned_both_and_loses_the_programs_materials(
    walls: Walled,
) -> None:
    partner = walls.brands[RADIO]
    before = await walls.seen_by(partner)
    assert [len(before[table]) for table in ("programs", "program_versions", "creatives")] == [1, 1, 1]

    await end(walls, SHOP, RADIO)

    after = await walls.seen_by(partner)
    assert {relation for relation in after if after[relation] != before[relation]} == {
        "partnerships",  # that it has ended
        "programs",
        "program_pauses",
        "creatives",
    }
    assert after["programs"] == after["program_pauses"] == after["creatives"] == ()
    assert after == await walls.entitled(partner)


async def test_after_the_end_the_advertiser_sees_all_that_it_saw(walls: Walled) -> None:
    shop = walls.brands[SHOP]
    before = await walls.seen_by(shop)

    await end(walls, SHOP, RADIO)

    after = await walls.seen_by(shop)
    assert {relation for relation in after if after[relation] != before[relation]} == {
        "partnerships",
        "program_versions",
    }
    assert len(after["program_versions"]) == len(before["program_versions"]) + 1


async def test_an_invitation_that_was_declined_shows_nothing_of_the_program_but_its_name(
    walls: Walled,
) -> None:
    await walls.owner.execute(
        "UPDATE partnerships SET status = 'declined', ended_at = NULL WHERE partner_id = $1",
        walls.brands[RADIO],
    )

    seen = await walls.seen_by(walls.brands[RADIO])

    assert seen["programs"] == seen["program_versions"] == seen["creatives"] == ()
    assert len(seen["program_names"]) == 1


async def test_the_worker_works_for_every_brand(walls: Walled) -> None:
    worker = await walls.database.connect("worker")
    counts: dict[str, tuple[int, int]] = {}
    for relation in READABLE:
        if await worker.fetchval("SELECT has_any_column_privilege($1, 'SELECT')", relation):
            count = f"SELECT count(*) FROM {relation}"
            counts[relation] = await worker.fetchval(count), await walls.owner.fetchval(count)
    await worker.close()

    assert counts.keys() >= {"conversions", "ledger_transfers", "statements", "letters", "member_names"}
    assert {relation for relation, (seen, there) in counts.items() if seen != there} == set()


async def test_the_redirect_reads_links_and_knows_of_clicks_their_ids_and_of_partnerships_their_ends(
    walls: Walled,
) -> None:
    redirect = await walls.database.connect("redirect")
    readable: set[str] = set()
    for relation in READABLE:
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await redirect.fetchval(f"SELECT count(*) FROM {relation}")
            readable.add(relation)
    assert readable == {"links", "clicks", "partnerships"}
    assert await redirect.fetchval("SELECT count(*) FROM links") == len(await walls.there("links"))
    for refused in (
        "SELECT partner_id FROM clicks",
        "SELECT partner_id FROM partnerships",
        "UPDATE links SET name = 'x'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await redirect.execute(refused)
    await redirect.close()
