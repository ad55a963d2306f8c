"""What a test key reports is checked and answered like everything else, and touches nothing that counts."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from partner_network.conversions.actions import in_test
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order, refund
from tests.conversions.test_touches import touch
from tests.conversions.test_web import with_key
from tests.doors import Network

SCOPES = ("conversions:write", "conversions:read", "reports:read")


class Bench:
    """The shop's two machines: one that tries things out, and one that means them."""

    def __init__(self, network: Network, shop: Cast, blog: Partner) -> None:
        self.network, self.shop, self.blog = network, shop, blog
        self.test: httpx.AsyncClient
        self.live: httpx.AsyncClient

    async def both(self, noun: str, *items: object) -> tuple[httpx.Response, httpx.Response]:
        """Send the same to each mode."""
        body = {noun: items}
        return (
            await self.test.post(f"/api/v1/{noun}", json=body),
            await self.live.post(f"/api/v1/{noun}", json=body),
        )


@pytest.fixture
async def bench(network: Network) -> AsyncIterator[Bench]:
    async with network.owner.transaction():
        shop = await cast.tune_house(network.owner)
        blog = await cast.partner(network.owner, shop, "blog")
    clock.use_simulated_time(sandbox=True)
    await network.owner.execute(
        "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, now(), false)", on(31)
    )
    bench = Bench(network, shop, blog)
    bench.test = await with_key(network, shop, *SCOPES, is_live=False)
    bench.live = await with_key(network, shop, *SCOPES)
    yield bench
    clock.use_simulated_time(sandbox=False)


async def everything_that_counts(network: Network) -> Mapping[str, str]:
    """Every row of every table, but for what tests may write: their facts, and a key's last use."""
    tables = await network.owner.fetch(
        """SELECT table_name FROM information_schema.tables
           WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
               AND table_name NOT IN ('test_facts', 'api_keys', 'rate_limits')"""
    )
    return {
        name: await network.owner.fetchval(
            f"SELECT coalesce(json_agg(t ORDER BY t::text)::text, '') FROM {name} t"
        )
        for (name,) in tables
    }


def alike(text: str) -> Any:
    """An answer without the ids that were made for it."""
    return json.loads(re.sub(r"(cnv|ref|tch)_\w{26}", r"\1", text))


async def listed(client: httpx.AsyncClient) -> list[Any]:
    """What a key may list, by its orders."""
    items = alike((await client.get("/api/v1/conversions")).text)["items"]
    return sorted(items, key=lambda one: (one["order_id"], one["event"]))


async def test_any_number_of_test_reports_leaves_every_table_that_counts_as_it_was(bench: Bench) -> None:
    click = ids.shown("clk", await bench.blog.click(bench.network.owner, on(1)))
    before = await everything_that_counts(bench.network)

    for batch in range(3):
        orders = [order(100 * batch + n, on(1 + n), click_id=click) for n in range(20)]
        assert (await bench.test.post("/api/v1/conversions", json={"conversions": orders})).status_code == 201
        assert (await bench.test.post("/api/v1/conversions", json={"conversions": orders})).status_code == 200
        refunds = [refund(100 * batch + n, 100 * batch + n, on(25)) for n in range(20)]
        assert (await bench.test.post("/api/v1/refunds", json={"refunds": refunds})).status_code == 201
    seen = {"customer_id": "ada", "click_id": click}
    answer = await bench.test.post("/api/v1/identifications", json={"identifications": [seen]})
    assert answer.status_code == 201

    assert await bench.network.owner.fetchval("SELECT count(*) FROM test_facts") == 121
    assert await everything_that_counts(bench.network) == before
    assert before["conversions"] == before["undecided_conversions"] == before["pgqueuer"] == ""
    assert len(before) > 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"net_minor": -1},
        {"currency": "QQQ"},
        {"occurred_at": on(31, 13).isoformat()},
        {"occurred_at": "1989-12-31T00:00:00Z"},
        {"click_id": "clk_nonsense"},
        {"click_id": "clk_" + "0" * 26},
        {"order_id": "", "sku": 1},
        {"program": "of-nobody"},
        {"lines": [{"id": "a", "net_minor": 1}]},
        {"order_id": "x\x00y"},
    ],
)
async def test_a_mistake_is_told_to_a_test_key_in_the_very_words_that_a_live_key_gets(
    bench: Bench, wrong: dict[str, object]
) -> None:
    test, live = await bench.both("conversions", order(1, on(1)), order(2, on(2)) | wrong)

    assert test.status_code == 422
    assert test.text == live.text
    assert await bench.network.owner.fetchval("SELECT count(*) FROM test_facts") == 0


async def test_touches_are_told_replayed_and_contradicted_as_live_ones(bench: Bench) -> None:
    for items, status in (
        ((touch(1, on(1)), touch(2, on(2), kind="direct")), 201),
        ((touch(2, on(2), kind="direct"), touch(1, on(1))), 200),
        ((touch(3, on(3), kind="view"), touch(1, on(1))), 201),
        ((touch(4, on(4)), touch(1, on(2))), 409),
        ((touch(5, on(4)), touch(5, on(5))), 409),
        ((touch(6, on(4)), touch(7, on(5), partner="radio")), 422),
        ((touch(6, on(4)), touch(7, on(5), kind="code", code="NOBODYS")), 422),
    ):
        test, live = await bench.both("touches", *items)
        assert (test.status_code, live.status_code) == (status, status)
        assert alike(test.text) == alike(live.text)
    for table in ("touches", "test_facts"):
        assert await bench.network.owner.fetchval(f"SELECT count(*) FROM {table}") == 3


async def test_an_order_says_what_code_it_named_in_either_mode(bench: Bench) -> None:
    await bench.both("conversions", order(1, on(1), code="NO-SUCH-CODE"))

    for client in (bench.test, bench.live):
        (one,) = await listed(client)
        assert one["code"] == "NO-SUCH-CODE"


async def test_orders_are_created_replayed_and_contradicted_as_live_ones(bench: Bench) -> None:
    for items, status in (
        ((order(1, on(1)), order(2, on(2))), 201),
        ((order(2, on(2)), order(1, on(1))), 200),
        ((order(1, on(1)), order(3, on(3)), order(3, on(3))), 201),
        ((order(1, on(1), event="lead"),), 201),
        ((order(4, on(1)), order(1, on(1), net_minor=1)), 409),
        ((order(5, on(1)), order(5, on(1), net_minor=1)), 409),
    ):
        test, live = await bench.both("conversions", *items)
        assert (test.status_code, live.status_code) == (status, status)
        assert alike(test.text) == alike(live.text)
    test, live = [await listed(one) for one in (bench.test, bench.live)]
    assert test == live
    assert len(test) == 4


async def test_refunds_are_borne_replayed_and_contradicted_as_live_ones(bench: Bench) -> None:
    lines = [{"id": "a", "net_minor": 4_000}, {"id": "b", "net_minor": 1_000}]
    await bench.both("conversions", order(1, on(5)), order(2, on(5), lines=lines))
    for items, status in (
        ((refund(1, 1, on(6)),), 201),
        ((refund(1, 1, on(6)),), 200),
        ((refund(1, 1, on(6), net_minor=2),), 409),
        ((refund(2, 1, on(6), net_minor=4_001),), 409),
        ((refund(3, 1, on(6), net_minor=4_000), refund(4, 1, on(7), net_minor=1)), 409),
        ((refund(5, 9, on(6)),), 422),
        ((refund(6, 1, on(4)),), 422),
        ((refund(7, 2, on(6), line="c"),), 422),
        ((refund(8, 2, on(6), line="b"), refund(9, 2, on(6), line="b", net_minor=1)), 409),
        ((refund(8, 2, on(6), line="b"), refund(9, 2, on(6), line="a", net_minor=1)), 201),
    ):
        test, live = await bench.both("refunds", *items)
        assert (test.status_code, live.status_code) == (status, status), (items, test.text, live.text)
        assert alike(test.text) == alike(live.text)
    test, live = [await listed(one) for one in (bench.test, bench.live)]
    assert test == live
    assert [one["refunded_minor"] for one in test] == [1_000, 1_001]


async def test_identifications_are_answered_as_live_ones(bench: Bench) -> None:
    click = ids.shown("clk", await bench.blog.click(bench.network.owner, on(1)))
    known = {"customer_id": "ada", "click_id": click}
    for item in (known, known, known | {"click_id": "clk_" + "0" * 26}, known | {"customer_id": ""}):
        test, live = await bench.both("identifications", item)
        assert (test.status_code, test.text) == (live.status_code, live.text)
    assert await bench.network.owner.fetchval("SELECT count(*) FROM test_facts") == 1


async def test_each_mode_sees_its_own_conversions_alone(bench: Bench) -> None:
    of_test = (await bench.test.post("/api/v1/conversions", json={"conversions": [order(1, on(1))]})).json()
    of_live = (await bench.live.post("/api/v1/conversions", json={"conversions": [order(2, on(2))]})).json()
    tried, meant = (told["conversions"][0]["id"] for told in (of_test, of_live))

    for client, own, other in ((bench.test, tried, meant), (bench.live, meant, tried)):
        (only,) = (await client.get("/api/v1/conversions")).json()["items"]
        assert only["id"] == own
        assert (await client.get(f"/api/v1/conversions/{own}")).json() == only
        assert (await client.get(f"/api/v1/conversions/{other}")).status_code == 404
    for wanted in (tried, meant):
        answer = await bench.test.get(f"/api/v1/conversions/{wanted}/receipt")
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith("Nothing is decided about what a test key reports")


async def test_another_brands_test_facts_are_not_there_and_do_not_stand_in_the_way(bench: Bench) -> None:
    async with bench.network.owner.transaction():
        rival = await cast.tune_house(bench.network.owner, "rival")
    stranger = await with_key(bench.network, rival, *SCOPES, is_live=False)
    tried = (await bench.test.post("/api/v1/conversions", json={"conversions": [order(1, on(1))]})).json()

    assert (await stranger.get("/api/v1/conversions")).json()["items"] == []
    address = f"/api/v1/conversions/{tried['conversions'][0]['id']}"
    assert (await stranger.get(address)).status_code == 404
    own = await stranger.post("/api/v1/conversions", json={"conversions": [order(1, on(1), net_minor=7)]})
    assert own.status_code == 201
    unknown = await stranger.post("/api/v1/refunds", json={"refunds": [refund(1, 1, on(2), net_minor=5_000)]})
    assert unknown.status_code == 409, "its own order of seven cents, not the other brand's"


async def test_test_facts_go_after_thirty_days_and_refunds_with_their_order(bench: Bench) -> None:
    await bench.test.post("/api/v1/conversions", json={"conversions": [order(1, on(1))]})
    await bench.test.post("/api/v1/refunds", json={"refunds": [refund(1, 1, on(2))]})
    async with bench.network.as_worker():
        for later, left in ((timedelta(days=30), 2), (timedelta(days=30, seconds=1), 0)):
            async with connections.transaction() as connection:
                await in_test.purge_test_facts(connection, on(31) + later)
            assert await bench.network.owner.fetchval("SELECT count(*) FROM test_facts") == left


async def test_no_more_is_kept_than_tests_need(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_test, "FACTS_MAX", 2)
    orders = [order(n, on(1)) for n in range(3)]

    assert (await bench.test.post("/api/v1/conversions", json={"conversions": orders[:2]})).status_code == 201
    refused = await bench.test.post("/api/v1/conversions", json={"conversions": orders})

    assert refused.status_code == 409
    assert refused.json()["detail"].endswith("wait for that, or report with a live key.")
    assert (await bench.test.post("/api/v1/conversions", json={"conversions": orders[:2]})).status_code == 200
