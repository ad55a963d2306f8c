from partner_network.database import addresses, connections, jobs
from partner_network.operations.checks import work
from partner_network.settings import Settings
from tests.commissions import abroad
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.operations.checks.looking import execute, look


async def test_held_jobs_are_counted(settings: Settings, database: FreshDatabase) -> None:
    assert (await look(work.held_jobs, settings)).level == "ok"
    async with connections.transaction() as connection:
        await jobs.enqueue(connection, "commissions.accrue")
    await execute(database, "UPDATE pgqueuer SET status = 'failed'")
    found = await look(work.held_jobs, settings)
    assert (found.level, found.sentence) == ("warning", "1 job is held because it failed.")


async def test_a_worker_is_connected_and_keeps_up(settings: Settings, database: FreshDatabase) -> None:
    assert (await look(work.worker, settings)).sentence == "None is connected."
    address = addresses.address_for(settings, "worker")
    await connections.close_pool()
    await connections.open_pool(address.url, role=address.role)
    assert (await look(work.worker, settings)).level == "ok"
    async with connections.transaction() as connection:
        await jobs.enqueue(connection, "commissions.accrue")
    await execute(database, "UPDATE pgqueuer SET execute_after = now() - interval '11 minutes'")
    assert (await look(work.worker, settings)).sentence == "A job has waited for 11 minutes."


async def test_the_last_replay_of_each_program_is_looked_at(
    settings: Settings, database: FreshDatabase
) -> None:
    assert (await look(work.replays, settings)).sentence == "None yet; the worker begins at night."
    async with connections.transaction() as connection:
        await cast.tune_house(connection)
        await connection.execute(
            """INSERT INTO replays (program_id, night, starts_at, ends_at, began_at)
               SELECT id, '2026-04-02', '2026-03-01', '2026-04-01', now() FROM programs"""
        )
    assert (await look(work.replays, settings)).level == "warning"
    await execute(
        database,
        """UPDATE replays SET ended_at = now(), orders = 4, decisions = 5, waiting = 0, without_receipt = 0,
               differing = 0, digest = sha256('x')""",
    )
    assert (await look(work.replays, settings)).sentence == (
        "Of 1 program, all alike; the last one on 2026-04-02."
    )
    await execute(database, "UPDATE replays SET differing = 1, differences = '{Decision 1 differs.}'")
    found = await look(work.replays, settings)
    assert found.level == "FAILED"
    assert found.sentence.startswith("1 decisions of tune-house-records differ from their receipts: Dec")


async def test_the_last_look_at_the_ledger_is_told(settings: Settings, database: FreshDatabase) -> None:
    assert (await look(work.ledger, settings)).sentence == "Not examined yet; the worker begins at night."
    await execute(
        database,
        """INSERT INTO ledger_checks (night, began_at, recorded_until) VALUES ('2026-04-02', now(), now())""",
    )
    assert (await look(work.ledger, settings)).level == "warning"
    await execute(
        database,
        """UPDATE ledger_checks SET ended_at = now(), digest = sha256('x'), entries = 1200, differing = 0""",
    )
    assert (await look(work.ledger, settings)).sentence == (
        "1,200 entries hold together; examined on 2026-04-02."
    )
    await execute(database, "UPDATE ledger_checks SET differing = 2, differences = '{Leg 1 differs.}'")
    found = await look(work.ledger, settings)
    assert (found.level, found.sentence) == ("FAILED", "2 things differ: Leg 1 differs.")


async def test_rates_are_looked_at_when_orders_in_other_currencies_come(
    settings: Settings, database: FreshDatabase
) -> None:
    assert (await look(work.rates, settings)).sentence == "None, and no order has needed one."
    async with abroad.opened() as shop:
        await shop.sell(1, 4, "EUR", 80_00)
        await shop.accrue()
        found = await look(work.rates, settings)
        assert (found.level, found.sentence[:45]) == (
            "FAILED",
            "Order '00001' of 2026-03-04 needs a rate EUR/",
        )
        await abroad.load(abroad.rate(4, "USD", "1.25"))
        await shop.accrue()
    assert (await look(work.rates, settings)).sentence == "The newest one is of 2026-03-04."
    await execute(
        database,
        """ALTER TABLE order_rates DISABLE TRIGGER USER; UPDATE order_rates SET recorded_at = now()""",
    )
    found = await look(work.rates, settings)
    assert (found.level, found.sentence) == (
        "warning",
        "The newest one is of 2026-03-04, and orders in other currencies come.",
    )


async def test_a_partnership_that_cannot_be_computed_is_told_with_its_agreement_and_clause(
    settings: Settings, database: FreshDatabase
) -> None:
    assert database.name
    assert (await look(work.streams, settings)).sentence == "No partnership is stopped."
    async with abroad.opened() as shop:
        await shop.sell(1, 4, "EUR", 80_00)
        await shop.accrue()
        found = await look(work.streams, settings)
        assert found.level == "FAILED"
        assert found.sentence.startswith(
            "Agreement A-blog, settlement.currency, stopped since 2026-03-31: Order '00001' of 2026-03-04 "
        )
        await abroad.load(abroad.rate(4, "USD", "1.25"))
        await shop.accrue()
    assert (await look(work.streams, settings)).level == "ok"
