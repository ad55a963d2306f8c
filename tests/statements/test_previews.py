"""A preview says what the close states; both sides read one netting; a killed close is taken up again."""

import signal
import subprocess
import sys

import pytest

from partner_network.database import connections
from partner_network.statements import apart_queries, previews, queries
from partner_network.statements.actions import close
from tests.conftest import Databases
from tests.statements import network
from tests.statements.network import HOUSE, RADIO, WEEKLY, day, fetch

KILLED = """
import asyncio, os, signal, sys
from datetime import datetime
from partner_network.database import connections
from partner_network.statements.actions import close

real = close._close_pair

async def once(*given, **named):
    done = await real(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
    return done

async def main():
    await connections.open_pool(sys.argv[1], max_size=4)
    close._close_pair, close.HANDS = once, 1
    await close.close_due(datetime.fromisoformat(sys.argv[2]))

asyncio.run(main())
"""


async def charge_no_tax_any_more() -> None:
    """Night Radio, whose company charges 19 %, is a small business by its profile."""
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO tax_profiles (id, brand_id, valid_from, legal_name, address, country, status,
                   tax_number, tax_rate_ppm, recorded_at, recorded_by)
               SELECT gen_random_uuid(), b.id, '2020-01-02', b.name, 'x', 'DE', 'small_business', '1', 0,
                   '2020-01-01Z', m.id
               FROM brands b, (SELECT id FROM members LIMIT 1) m WHERE b.slug = $1""",
            RADIO,
        )


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("is_taxed", [True, False])
async def test_a_preview_says_to_the_cent_what_the_close_then_states(
    streams: list[network.Stream], seed: int, *, is_taxed: bool
) -> None:
    compared, netted, taxed = 0, 0, 0
    if not is_taxed:
        await charge_no_tax_any_more()
    async for now in network.live(streams, seed):
        async with connections.transaction() as connection:
            accounts = await previews.accounts_of(connection, None)
            seen = {
                one.account.account_id: (await previews.preview(connection, one.account.account_id, now))[0]
                for one in accounts
                if one.unstated_at is not None
            }
        await close.close_due(now)
        async with connections.transaction() as connection:
            for statement in await queries.statements(connection):
                if statement.closed_at == now:
                    one = seen[statement.account_id]
                    said = {kind: minor for kind, minor in one.by_kind.items() if minor}
                    assert said == {kind: minor for kind, minor in statement.totals.items() if minor}
                    assert (one.period.label, one.opening_minor, one.closing_minor, one.is_carried) == (
                        statement.period,
                        statement.opening_minor,
                        statement.closing_minor,
                        statement.carried_reason is not None,
                    )
                    compared += 1
                    netted += "netted" in said
                    taxed += "tax" in said
    assert compared > 6
    assert netted > 0
    assert (taxed > 0) == is_taxed


async def test_both_sides_read_one_netting(streams: list[network.Stream]) -> None:
    there = next(one for one in streams if one.id == streams[0].id)
    back = streams[1]
    await network.earn(there, 8_000, day(1, 5), day(1, 5))
    await network.earn(back, 5_000, day(1, 6), day(1, 6))
    await network.mature.mature_due(day(2, 20))
    await close.close_due(day(3, 1, 1))

    async with connections.transaction() as connection:
        found = {
            (one.payer_slug, one.payee_slug): await apart_queries.netting_of(connection, one)
            for one in await queries.statements(connection)
        }
    mine, theirs = found[HOUSE, WEEKLY], found[WEEKLY, HOUSE]
    assert mine is not None
    assert theirs is not None
    assert (mine.gross_minor, mine.other_gross_minor, mine.amount_minor) == (8_000, 5_000, 5_000)
    assert (mine.remaining_minor, mine.other_remaining_minor) == (3_000, 0)
    assert (theirs.gross_minor, theirs.remaining_minor, theirs.other_remaining_minor) == (5_000, 0, 3_000)
    assert mine.other_number == f"{WEEKLY}-{HOUSE}-2026-02-EUR".upper()


async def test_what_has_not_matured_stands_beside_the_statement_with_its_due_date(
    streams: list[network.Stream],
) -> None:
    await network.earn(streams[0], 8_000, day(1, 5), day(1, 5))
    await network.earn(streams[0], 700, day(2, 10), day(2, 10))  # locked on the fourth of March
    await network.mature.mature_due(day(2, 20))
    await close.close_due(day(3, 1, 1))

    async with connections.transaction() as connection:
        (statement,) = await queries.statements(connection)
        apart = await apart_queries.apart_of(connection, apart_queries.at_cut_off(statement))
    (pending,) = apart_queries.of_kind(apart, "pay_pending")
    assert (statement.closing_minor, pending.minor, pending.all_minor, pending.count) == (8_000, 700, 700, 1)
    assert pending.due_at == day(3, 4, 0)
    assert apart_queries.of_kind(apart, "pay_held") == []


async def test_a_close_that_is_killed_between_two_pairs_is_taken_up_by_the_next(
    streams: list[network.Stream], databases: Databases
) -> None:
    months = [now async for now in network.live(streams, 3, months=(1, 2))]
    (row,) = await fetch("SELECT current_database() AS name")

    killed = subprocess.run(  # noqa: ASYNC221, S603 - our own program, and nothing else runs meanwhile
        [sys.executable, "-c", KILLED, databases.url(row["name"]), months[-1].isoformat()], check=False
    )
    half = await fetch("SELECT DISTINCT account_id FROM statements")
    await close.close_due(months[-1])
    whole = await fetch("SELECT account_id, period, count(*) FROM statements GROUP BY 1, 2")
    again = await close.close_due(months[-1])

    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(half) < len({one["account_id"] for one in whole})
    assert {one["count"] for one in whole} == {1}
    assert again.statements == []
