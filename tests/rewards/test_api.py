"""Machines of an advertiser read and redeem credit behind the real doors, as the role of the web."""

from collections.abc import AsyncIterator

import httpx
import pytest

from partner_network.gateways import clock
from tests.conversions import cast
from tests.conversions.cast import on, order
from tests.conversions.test_web import with_key
from tests.doors import Network
from tests.rewards.conftest import TERMS

GRANTED = """
WITH granted AS (
    INSERT INTO reward_credits (id, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id,
        reward, kind, customer_id, currency, granted_at, worth, clause, recorded_at)
    SELECT gen_random_uuid(), v.id, p.id, p.advertiser_id, p.partner_id, a.id, 'welcome', 'customer_credit',
        v.customer_id, 'USD', v.occurred_at, '[]', 'rewards[0]', v.recorded_at
    FROM conversions v JOIN partnerships p ON p.program_id = v.program_id
    JOIN agreements a ON a.partnership_id = p.id RETURNING id, granted_at)
INSERT INTO reward_moves (credit_id, rev, previous_left_minor, kind, change_minor, left_minor, face_minor,
    worth_ppm, at, recorded_at)
SELECT id, 1, 0, 'granted', 1000, 1000, 1000, 1000000, granted_at, granted_at FROM granted
"""


@pytest.fixture
async def till(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    """Ada holds 10.00 with Tune House, whose till has a key."""
    async with network.owner.transaction():
        shop = await cast.tune_house(network.owner)
        await cast.partner(network.owner, shop, "blog", more_terms=TERMS, contract_version="2026-12")
    clock.use_simulated_time(sandbox=True)
    await network.owner.execute(
        "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, now(), false)", on(31)
    )
    client = await with_key(network, shop, "conversions:write", "credits:read", "credits:redeem")
    reported = await client.post("/api/v1/conversions", json={"conversions": [order(1, on(10))]})
    assert reported.status_code == 201
    await network.owner.execute(GRANTED)
    yield client
    clock.use_simulated_time(sandbox=False)


def wish(minor: int, key: str = "a") -> dict[str, object]:
    return {"key": key, "currency": "USD", "amount_minor": minor, "customer": "ada"}


async def test_credit_is_read_redeemed_once_and_cancelled(till: httpx.AsyncClient) -> None:
    read = (await till.get("/api/v1/credits?customer=ada")).json()
    assert read["available"] == {"USD": 1_000}
    assert [(one["customer"], one["clause"], one["left_minor"]) for one in read["items"]] == [
        ("ada", "6.5", 1_000)
    ]
    first = await till.post("/api/v1/credits/redemptions", json=wish(400))
    again = await till.post("/api/v1/credits/redemptions", json=wish(400))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    too_much = await till.post("/api/v1/credits/redemptions", json=wish(601, "b"))
    assert (too_much.status_code, too_much.json()["detail"]) == (
        409,
        "There is $6.00 left to redeem; ask for that or less.",
    )
    cancelled = await till.post("/api/v1/credits/cancellations", json={"key": "a"})
    assert (cancelled.status_code, cancelled.json()["returned_minor"]) == (200, 400)
    assert (await till.get("/api/v1/credits?customer=ada")).json()["available"] == {"USD": 1_000}
    listed = (await till.get("/api/v1/credits/redemptions?key=a")).json()["items"]
    assert listed == [cancelled.json()]


async def test_a_test_key_never_has_the_scopes_of_credit(network: Network, till: httpx.AsyncClient) -> None:
    shop = await network.owner.fetchval("SELECT id FROM brands WHERE slug = 'tune-house'")
    await network.person("olivia@tune-house.test", shop, ["owner"])
    olivia = await network.signed_in("olivia@tune-house.test")
    wanted = {"name": "till", "scopes": ["credits:redeem"], "mode": "test"}
    refused = await olivia.client.post("/api/v1/api-keys", json=wanted)
    assert refused.status_code == 422
    assert "A test key never has credits:redeem" in refused.json()["detail"]
    assert (await till.get("/api/v1/credits/redemptions")).json()["items"] == []
