"""What the worker does by itself, without being asked."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from partner_network import schedule
from partner_network.database import connections
from partner_network.identity.actions import audit, seal
from partner_network.schedule import Gateways
from tests import doors
from tests.conftest import FreshDatabase

NOBODYS = cast("Any", None)
"""Doors to the outside that nothing here goes through."""


async def test_the_worker_seals_what_is_recorded_goes_on_after_a_failure_and_ends_when_told(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connections.transaction() as connection:
        await audit.record(connection, "worker", "retry", "job", 1)
    await connections.close_pool()  # the worker opens its own
    failures = iter([ConnectionError("the server is away")])
    seals, is_sealed = seal.seal_now, asyncio.Event()

    async def fails_once() -> int:
        for failure in failures:
            raise failure
        sealed = await seals()
        is_sealed.set()
        return sealed

    monkeypatch.setattr(seal, "seal_now", fails_once)
    stop = asyncio.Event()
    doors_of_nobody = Gateways(NOBODYS, NOBODYS, NOBODYS, NOBODYS, NOBODYS)
    working = asyncio.create_task(schedule.run(doors.settings(database, tmp_path), doors_of_nobody, stop))
    try:
        async with asyncio.timeout(60):
            await is_sealed.wait()
    finally:
        stop.set()
        await working
    owner = await database.connect("owner")
    assert await owner.fetchval("SELECT record_count FROM audit_seals") == 1
    await owner.close()
