"""What is wrong at a door is said there, by field, and nothing of it is kept."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from partner_network.gateways import clock
from tests.doors import PASSWORD, POLICY, Browser, Network, network

__all__ = ["network"]

OLIVIA = "olivia@tune-house.example"
PAGE = {"accept": "text/html"}


@pytest.fixture
async def shop(network: Network) -> Browser:
    """The machine of a brand that has one program."""
    await network.person(OLIVIA, await network.brand("tune-house"), ["owner"])
    olivia = await network.signed_in(OLIVIA)
    program = await olivia.accepted(
        "/api/v1/programs",
        {
            "slug": "tunes",
            "name": "Tunes",
            "offer": "Ten per cent",
            "default_url": "https://tunes.example/",
            "destination_hosts": ["tunes.example"],
        },
    )
    await olivia.accepted(f"/api/v1/programs/{program['id']}/versions", {"policy": POLICY})
    issued = await olivia.accepted(
        "/api/v1/api-keys", {"name": "shop", "scopes": ["conversions:write"], "mode": "live"}
    )
    machine = await network.browser()
    machine.client.headers["authorization"] = f"Bearer {issued['key']}"
    return machine


def order(**changed: object) -> dict[str, Any]:
    yesterday = (clock.wall_now() - timedelta(days=1)).replace(microsecond=0)
    return {
        "order_id": "1001",
        "event": "sale",
        "customer_id": "ada",
        "occurred_at": yesterday.isoformat(),
        "currency": "USD",
        "net_minor": 5_000,
    } | changed


async def report(shop: Browser, *orders: dict[str, Any]) -> httpx.Response:
    return await shop.post("/api/v1/conversions", {"conversions": list(orders)})


async def stored(network: Network) -> list[tuple[str, int]]:
    rows = await network.owner.fetch("SELECT order_id, net_minor FROM conversions ORDER BY order_id")
    return [(row["order_id"], row["net_minor"]) for row in rows]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("net_minor", -1, "never negative"),
        ("net_minor", 12.5, "whole number"),
        ("currency", "ZZZ", "is unknown"),
        ("occurred_at", "2999-01-01T00:00:00Z", "lies in the future"),
        ("order_id", "", "1 to 200 characters"),
        ("color", "red", "no such field"),
    ],
)
async def test_an_order_that_cannot_be_right_is_refused_by_its_field_and_nothing_of_its_batch_is_stored(
    network: Network, shop: Browser, field: str, value: object, why: str
) -> None:
    answer = await report(shop, order(order_id="1000"), order(**{field: value}))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(answer.json()["fields"]) == [f"conversions[1].{field}"]
    assert why in answer.json()["fields"][f"conversions[1].{field}"]
    assert await stored(network) == []
    assert await network.owner.fetchval("SELECT count(*) FROM customers") == 0


async def test_a_used_order_id_with_other_content_is_refused_and_the_first_stands(
    network: Network, shop: Browser
) -> None:
    first = order()
    assert (await report(shop, first)).status_code == 201

    answer = await report(shop, order(order_id="1000"), {**first, "net_minor": 4_999})

    assert answer.status_code == 409
    assert list(answer.json()["fields"]) == ["conversions[1].order_id"]
    assert await stored(network) == [("1001", 5_000)]


async def test_the_same_content_again_gets_the_first_answer(network: Network, shop: Browser) -> None:
    same = order()
    first = await report(shop, same)
    again = await report(shop, same)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert await stored(network) == [("1001", 5_000)]


@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer pnk_live_nonsense", "Basic cG5rOg=="])
async def test_orders_without_a_good_key_are_nobodys(network: Network, shop: Browser, key: str) -> None:
    shop.client.headers["authorization"] = key

    answer = await report(shop, order())

    assert answer.status_code == 401
    assert await stored(network) == []


async def test_an_unknown_link_says_what_happened_on_a_page_of_its_own(network: Network) -> None:
    answer = await (await network.browser()).get("/l/no-such-link", headers=PAGE)

    assert answer.status_code == 404
    assert "<h1>" in answer.text
    assert "no-such-link" not in answer.text
    assert await network.owner.fetchval("SELECT count(*) FROM clicks") == 0


async def test_who_comes_with_an_expired_session_signs_in_and_is_back_where_they_were_going(
    network: Network,
) -> None:
    await network.person(OLIVIA, await network.brand("tune-house"), ["owner"])
    olivia = await network.signed_in(OLIVIA)
    await network.owner.execute("UPDATE sessions SET expires_at = created_at + interval '1 microsecond'")

    refused = await olivia.get("/brand-choice?next=/x", headers=PAGE)
    assert (refused.status_code, refused.headers["location"]) == (
        303,
        "/sign-in?next=%2Fbrand-choice%3Fnext%3D%2Fx",
    )
    form = await olivia.get(refused.headers["location"], headers=PAGE)
    assert form.status_code == 200
    sent = {"email": OLIVIA, "password": PASSWORD, "next": "/brand-choice?next=/x"}
    welcomed = await olivia.client.post("/sign-in", data=sent)

    assert (welcomed.status_code, welcomed.headers["location"]) == (303, "/brand-choice?next=/x")
    assert (await olivia.get("/api/v1/sessions/current")).status_code == 200
