from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from partner_network import app as web_app
from partner_network.database import connections, jobs
from tests.conftest import FreshDatabase
from tests.doors import BASE_URL, Network, network, settings

__all__ = ["network"]


def figures(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("kind") or sample.labels.get("fate", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_monitoring_reads_how_much_work_waits(network: Network) -> None:
    async with connections.transaction(eyes="operator") as connection:
        await jobs.enqueue(connection, "statements.close")
    browser = await network.browser()

    answer = await browser.get("/metrics")

    told = figures(answer.text)
    assert answer.status_code == 200
    assert told["partner_network_jobs", "queued"] == 1
    assert told["partner_network_waiting_facts", "undecided"] == 0
    assert told["partner_network_payouts_held", "held"] == 0
    assert ("partner_network_clicks_total", "lost") in told


async def test_a_stranger_behind_a_proxy_reads_no_metrics(network: Network) -> None:
    browser = await network.browser()

    answer = await browser.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})

    assert answer.status_code == 404
    assert "partner_network" not in answer.text


async def test_where_a_token_is_set_only_who_shows_it_reads_the_metrics(
    database: FreshDatabase, tmp_path: Path
) -> None:
    given = msgspec.structs.replace(settings(database, tmp_path), metrics_token="m" * 32)
    await connections.close_pool()
    app = web_app.create_app(given)
    transport = httpx.ASGITransport(app=cast("Any", app))
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        statuses = [
            (await client.get("/metrics", headers=headers)).status_code
            for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Bearer {'m' * 32}"})
        ]

    assert statuses == [404, 404, 200]
