"""The last statement of a partnership is paid below the minimum; the minimum of these terms is 20.00."""

from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from partner_network.commissions.actions import mature
from partner_network.database import connections
from partner_network.statements import approval_queries, carrying, previews, queries
from partner_network.statements.actions import close
from tests.statements import network
from tests.statements.network import day, fetch, statements
from tests.statements.test_credit_notes import hold_all, unproved

RUN_OFF = timedelta(days=30)
BELOW = "below the minimum payout of 2000 minor units"


async def end(stream: network.Stream, at: datetime) -> None:
    await fetch(
        "UPDATE partnerships SET status = 'ended', ended_at = $2 WHERE id = $1 RETURNING id", stream.id, at
    )


async def said() -> list[tuple[str, int, int, str | None, bool]]:
    """Return period, opening, closing, why it is carried, and whether it is paid all the same."""
    return [
        (
            one["period"],
            one["opening_minor"],
            one["closing_minor"],
            one["carried_reason"],
            one["ignores_minimum"],
        )
        for one in await statements()
    ]


@pytest.fixture
async def radio(streams: list[network.Stream]) -> network.Stream:
    """10.00 earned in January, payable since the third of February, with 1.90 of tax."""
    await network.earn(streams[2], 1_000, day(1, 10), day(1, 10))
    await mature.mature_due(day(3, 1, 1))
    return streams[2]


async def foreseen(stream: network.Stream, now: datetime) -> tuple[int, bool, bool]:
    """Return what a preview closes with, whether it would be carried, and whether it is the last one."""
    async with connections.transaction() as connection:
        (account,) = await previews.accounts_of(connection, stream.partner_id)
        (seen,) = await previews.preview(connection, account.account.account_id, now)
    return seen.closing_minor, seen.is_carried, seen.is_last


async def test_what_was_carried_before_the_run_off_was_over_is_paid_by_the_next_close_with_no_new_line(
    radio: network.Stream,
) -> None:
    await end(radio, day(2, 10, 0))  # no order can earn from the twelfth of March on
    assert await foreseen(radio, day(3, 1, 1)) == (1_190, True, False)
    await close.close_due(day(3, 1, 1))
    assert await foreseen(radio, day(3, 2, 1)) == (1_190, False, True)
    await close.close_due(day(4, 1, 1))
    assert await said() == [
        ("2026-02", 0, 1_190, BELOW, False),
        ("2026-03", 1_190, 1_190, None, True),
    ]
    assert await unproved() == []


@pytest.mark.parametrize(("late", "is_last"), [(timedelta(), True), (timedelta(microseconds=1), False)])
async def test_the_last_day_of_run_off_may_be_that_of_the_period_and_not_an_instant_later(
    radio: network.Stream, late: timedelta, is_last: bool
) -> None:
    await end(radio, day(3, 1, 0) - RUN_OFF + late)
    await close.close_due(day(3, 1, 1))
    assert await said() == [("2026-02", 0, 1_190, None if is_last else BELOW, is_last)]
    assert await unproved() == []


async def test_while_something_is_set_apart_from_which_more_may_come_it_is_carried(
    radio: network.Stream,
) -> None:
    held = await network.earn(radio, 300, day(1, 11), day(1, 11))
    await mature.mature_due(day(3, 1, 1))
    await hold_all(radio, held, 300)
    await end(radio, day(1, 20, 0))
    await close.close_due(day(3, 1, 1))
    # what was held again by the tenth of March still stands in February
    assert await said() == [("2026-02", 0, 1_547, BELOW, False)]
    assert await unproved() == []


async def test_while_another_statement_is_to_come_it_is_carried_and_that_one_is_paid(
    radio: network.Stream,
) -> None:
    await network.earn(radio, 100, day(1, 12), day(2, 20))  # told late, so payable at once: in February
    await network.earn(radio, 50, day(1, 13), day(3, 3))
    await end(radio, day(1, 20, 0))
    await mature.mature_due(day(3, 5, 1))
    await close.close_due(day(3, 5, 1))
    await close.close_due(day(4, 1, 1))
    # 11.00 with 2.09 of tax; then 0.50 more with 0.10 of tax
    assert await said() == [
        ("2026-02", 0, 1_309, BELOW, False),
        ("2026-03", 1_309, 1_369, None, True),
    ]
    assert await unproved() == []


COPY = """
    WITH p AS (INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts,
            created_at)
        SELECT $2, brand_id, 'another', name, offer, default_url, destination_hosts, created_at
        FROM programs WHERE id = $1 RETURNING id),
    v AS (INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
        SELECT $3, id, 1, 'x', now() FROM p RETURNING id)
    SELECT FROM v"""


async def another(of: network.Stream, currency: str) -> None:
    """Let the same two brands have one more partnership that goes on."""
    program, version, partnership, agreement = uuid4(), uuid4(), uuid4(), uuid4()
    terms = network.TERMS.replace('"EUR"', f'"{currency}"')
    async with connections.transaction() as connection:
        await connection.execute(COPY, of.program_id, program, version)
        await connection.execute(
            """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at,
                   active_from)
               SELECT $2, $3, advertiser_id, partner_id, 'active', created_at, active_from
               FROM partnerships WHERE id = $1""",
            of.id,
            partnership,
            program,
        )
        await connection.execute(
            """INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name,
                   contract_version, terms_toml, content_hash, drafted_by, drafted_at)
               SELECT $2, 'another', $3, $4, contract_name, contract_version, $5, content_hash, drafted_by,
                   drafted_at FROM agreements WHERE id = $1""",
            of.agreement_id,
            agreement,
            partnership,
            version,
            terms,
        )
        await connection.execute(
            "INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded) "
            "VALUES ($1, $2, $3, tstzrange(NULL, NULL), tstzrange($4, NULL))",
            uuid4(),
            partnership,
            agreement,
            day(1, 1, 0),
        )


@pytest.mark.parametrize(("currency", "is_last"), [("EUR", False), ("USD", True)])
async def test_a_partnership_that_goes_on_counts_in_its_own_currency_alone(
    radio: network.Stream, currency: str, is_last: bool
) -> None:
    await another(radio, currency)
    await end(radio, day(1, 20, 0))
    await close.close_due(day(3, 1, 1))
    assert [one[-1] for one in await said()] == [is_last]
    assert await unproved() == []


async def test_what_reaches_the_minimum_ignores_nothing(radio: network.Stream) -> None:
    await network.earn(radio, 681, day(1, 12), day(1, 12))  # 16.81 with 3.19 of tax: 20.00
    await mature.mature_due(day(3, 1, 1))
    await end(radio, day(1, 20, 0))
    await close.close_due(day(3, 1, 1))
    assert await said() == [("2026-02", 0, 2_000, None, False)]


async def test_why_it_is_paid_is_said_with_the_clause(radio: network.Stream) -> None:
    await end(radio, day(1, 20, 0))
    (made,) = (await close.close_due(day(3, 1, 1))).statements
    async with connections.transaction() as connection:
        statement = await queries.statement_of(connection, made)
        said = await approval_queries.why_last(connection, statement)
    assert said == "Paid though below the minimum of €20.00: it is the last statement (clause 8.8)."
    assert carrying.why_paid(minimum_minor=2_000, currency="EUR", clause=None) == (
        "Paid though below the minimum of €20.00: it is the last statement."
    )


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (
            f"UPDATE statements SET ignores_minimum = false, carried_reason = '{BELOW}'",
            "since it is the last one",
        ),
        ("UPDATE statements SET ignores_minimum = false", "fingerprint of other content"),
        ("UPDATE partnerships SET ended_at = NULL, status = 'active'", "it should be carried"),
        ("UPDATE partnerships SET ended_at = '2026-02-20'", "it should be carried"),
    ],
)
async def test_what_is_paid_or_carried_otherwise_is_found(
    radio: network.Stream, change: str, names: str
) -> None:
    await end(radio, day(1, 20, 0))
    await close.close_due(day(3, 1, 1))
    async with connections.transaction() as connection:
        for table in ("partnerships", "statements"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await connection.execute("ALTER TABLE statements DROP CONSTRAINT statements_made_in_check")
        await connection.execute(change)
    assert names in "; ".join(await unproved())


async def test_the_database_lets_no_other_statement_ignore_the_minimum_nor_go_below_it(
    radio: network.Stream,
) -> None:
    await close.close_due(day(3, 1, 1))
    again = """
        INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, previous_seq,
            period, starts_at, ends_at, opening_minor, closing_minor, minimum_minor, ignores_minimum, totals,
            content_hash, closed_at)
        SELECT gen_random_uuid(), number || 'x', payee_id, payer_id, currency, account_id, 2, 1, '2026-03',
            ends_at, ends_at + interval '31 days', closing_minor, closing_minor, minimum_minor, {}, '{{}}',
            content_hash, closed_at FROM statements RETURNING id"""
    with pytest.raises(asyncpg.RestrictViolationError, match="is not the last one"):
        await fetch(again.format("true"))
    with pytest.raises(asyncpg.RestrictViolationError, match="is below the minimum"):
        await fetch(again.format("false"))
    await end(radio, day(2, 10, 0))
    assert len(await fetch(again.format("true"))) == 1
