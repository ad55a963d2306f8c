from partner_network.database import addresses, connections, jobs
from partner_network.operations.checks import work
from partner_network.settings import Settings
from tests.conftest import FreshDatabase
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
