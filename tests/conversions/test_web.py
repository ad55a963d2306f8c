"""The API through which advertisers' machines report, behind its real doors."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from partner_network.conversions.rules.reports import ReportedConversion
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import credentials
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order, refund
from tests.doors import Network


class Machine:
    """The shop's machine, with a key of its own."""

    def __init__(self, client: httpx.AsyncClient, shop: Cast, blog: Partner) -> None:
        self.client, self.shop, self.blog = client, shop, blog

    async def send(self, noun: str, *items: object) -> httpx.Response:
        return await self.client.post(f"/api/v1/{noun}", json={noun: items})


async def with_key(network: Network, shop: Cast, *scopes: str, is_live: bool = True) -> httpx.AsyncClient:
    key = credentials.new_api_key(is_live=is_live)
    await network.owner.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
           VALUES ($1, $2, 'till', $3, $4, $5, now())""",
        ids.new_id(clock.wall_now()),
        shop.brand_id,
        key[: credentials.KEY_PREFIX_CHARACTERS],
        credentials.hash_of(key),
        list(scopes),
    )
    browser = await network.browser()
    browser.client.headers["authorization"] = f"Bearer {key}"
    return browser.client


@pytest.fixture
async def machine(network: Network) -> AsyncIterator[Machine]:
    async with network.owner.transaction():
        shop = await cast.tune_house(network.owner)
        blog = await cast.partner(network.owner, shop, "blog")
    clock.use_simulated_time(sandbox=True)
    await network.owner.execute(
        "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, now(), false)", on(31)
    )
    yield Machine(await with_key(network, shop, "conversions:write", "reports:read"), shop, blog)
    clock.use_simulated_time(sandbox=False)


def fields(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    return body["fields"]


async def stored(table: str = "conversions") -> int:
    async with connections.transaction(eyes="operator") as connection:
        return await connection.fetchval(f"SELECT count(*) FROM {table}")


async def test_a_batch_is_answered_201_and_the_same_batch_200_with_the_same_answer(machine: Machine) -> None:
    first = await machine.send("conversions", order(1, on(1)), order(2, on(2)))
    again = await machine.send("conversions", order(1, on(1)), order(2, on(2)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    told = first.json()["conversions"][0]
    assert told == {"id": told["id"], "order_id": "00001", "event": "sale", "status": "received"}
    assert told["id"].startswith("cnv_")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"net_minor": -1}, "net_minor"),
        ({"currency": "QQQ"}, "currency"),
        ({"occurred_at": on(31, 13).isoformat()}, "occurred_at"),
        ({"click_id": "clk_nonsense"}, "click_id"),
        ({"order_id": ""}, "order_id"),
    ],
)
async def test_bad_input_is_a_problem_that_names_its_field_and_nothing_is_stored(
    machine: Machine, wrong: dict[str, object], field: str
) -> None:
    answer = await machine.send("conversions", order(1, on(1)), order(2, on(2)) | wrong)
    assert answer.status_code == 422
    assert list(fields(answer)) == [f"conversions[1].{field}"]
    assert await stored() == 0


async def test_a_used_order_id_with_other_content_is_409_and_names_the_order_and_the_first(
    machine: Machine,
) -> None:
    first = (await machine.send("conversions", order(1, on(1)))).json()["conversions"][0]
    answer = await machine.send("conversions", order(2, on(2)), order(1, on(1), net_minor=1))
    assert answer.status_code == 409
    assert first["id"] in fields(answer)["conversions[1].order_id"]
    assert "'00001'" in answer.json()["detail"]
    assert await stored() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"conversions": 1}', b'{"conversions": []}', b"\xff"])
async def test_a_body_that_is_no_batch_is_422(machine: Machine, body: bytes) -> None:
    answer = await machine.client.post("/api/v1/conversions", content=body)
    assert answer.status_code == 422
    assert fields(answer)


async def test_a_key_reports_for_its_own_brand_and_within_its_scopes_only(
    machine: Machine, network: Network
) -> None:
    reader = await with_key(network, machine.shop, "reports:read")
    for noun, item in (
        ("conversions", order(1, on(1))),
        ("refunds", refund(1, 1, on(2))),
        ("identifications", {"customer_id": "ada", "click_id": "clk_" + "0" * 26}),
    ):
        assert (await reader.post(f"/api/v1/{noun}", json={noun: [item]})).status_code == 403
    nobody = await network.browser()
    assert (await nobody.post("/api/v1/conversions", {"conversions": []})).status_code == 401
    assert await stored() == 0


async def test_clicks_are_identified_once_and_unknown_ones_refused(
    machine: Machine, network: Network
) -> None:
    click = ids.shown("clk", await machine.blog.click(network.owner, on(1)))
    known = {"customer_id": "ada", "click_id": click}
    first = await machine.send("identifications", known)
    again = await machine.send("identifications", known)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json() == {"identifications": [known]}
    assert await stored("identifications") == 1
    answer = await machine.send("identifications", known, known | {"click_id": "clk_" + "0" * 26})
    assert answer.status_code == 422
    assert list(fields(answer)) == ["identifications[1].click_id"]


async def test_a_refund_is_stored_once_and_never_for_more_than_the_order(machine: Machine) -> None:
    await machine.send("conversions", order(1, on(1)))
    first = await machine.send("refunds", refund(1, 1, on(2)))
    again = await machine.send("refunds", refund(1, 1, on(2)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    answer = await machine.send("refunds", refund(2, 1, on(2), net_minor=4_001))
    assert answer.status_code == 409
    assert "at most 4000 is left" in fields(answer)["refunds[0].net_minor"]


async def test_the_apis_description_shows_every_field_of_a_batch(machine: Machine) -> None:
    described = (await machine.client.get("/api/v1/schema/openapi.json")).json()
    body = described["paths"]["/api/v1/conversions"]["post"]["requestBody"]
    batch = body["content"]["application/json"]["schema"]["properties"]["conversions"]
    assert batch["maxItems"] == 1_000
    fields_of = batch["items"]["properties"]
    assert set(fields_of) == set(ReportedConversion.__struct_fields__)
    assert fields_of["net_minor"]["minimum"] == 0
    assert "sku" in fields_of["lines"]["items"]["properties"]


async def test_conversions_are_listed_by_pages_with_what_was_refunded_and_only_to_their_brand(
    machine: Machine, network: Network
) -> None:
    # At once: the clock of this test stands still, and only ids of one batch are sure to ascend then.
    await machine.send("conversions", *(order(number, on(1)) for number in range(3)))
    await machine.send("refunds", refund(1, 2, on(2)))
    async with network.owner.transaction():
        rival = await cast.tune_house(network.owner, "rival")
    first = (await machine.client.get("/api/v1/conversions?limit=2")).json()
    rest = (await machine.client.get(f"/api/v1/conversions?limit=2&after={first['next']}")).json()
    assert [one["order_id"] for one in first["items"] + rest["items"]] == ["00000", "00001", "00002"]
    assert rest["next"] is None
    assert rest["items"][0]["refunded_minor"] == 1_000
    assert rest["items"][0]["status"] == "received"
    assert rest["items"][0]["program"] == "tune-house-records"
    stranger = await with_key(network, rival, "reports:read")
    assert (await stranger.get("/api/v1/conversions")).json() == {"items": [], "next": None}
