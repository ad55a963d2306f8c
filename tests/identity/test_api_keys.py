"""The keys of a brand's machines: made, shown once, used, rotated with an overlap, ended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from partner_network.gateways import clock
from partner_network.identity.actions import api_keys
from partner_network.identity.rules import api_keys as rules
from partner_network.identity.rules.api_keys import Lifetime
from partner_network.identity.rules.permissions import ApiKey
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError
from tests.doors import Browser, Network

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL_READS = ["programs:read", "partnerships:read", "creatives:read", "agreements:read", "conversions:read"]


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in."""
    await network.person("olivia@groove.example", await network.brand("groove-street"), ["owner"])
    return await network.signed_in("olivia@groove.example")


async def made(person: Browser, **fields: object) -> dict[str, Any]:
    new = {"name": "Till", "scopes": ["programs:read"], "mode": "live"} | fields
    return await person.accepted("/api/v1/api-keys", new)


async def listed(person: Browser) -> list[dict[str, Any]]:
    return (await person.get("/api/v1/api-keys")).json()["items"]


async def with_key(network: Network, key: str) -> httpx.AsyncClient:
    machine = await network.browser()
    machine.client.headers["authorization"] = f"Bearer {key}"
    return machine.client


async def set_wall(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr(clock, "wall_now", lambda: at)


@pytest.mark.parametrize(("mode", "beginning"), [("live", "pnk_live_"), ("test", "pnk_test_")])
async def test_a_key_begins_with_its_mode_and_only_its_hash_is_kept(
    network: Network, olivia: Browser, mode: str, beginning: str
) -> None:
    fresh = await made(olivia, mode=mode)

    assert fresh["key"].startswith(beginning)
    assert len(fresh["key"]) > 50
    (row,) = await network.owner.fetch("SELECT * FROM api_keys")
    assert fresh["key"] not in str(dict(row))
    assert fresh["key"][9:] not in (await olivia.get("/api/v1/api-keys")).text


async def test_a_key_that_was_never_used_says_so_and_then_when_and_from_which_network(
    network: Network, olivia: Browser
) -> None:
    fresh = await made(olivia)
    (before,) = await listed(olivia)

    await (await with_key(network, fresh["key"])).get("/api/v1/programs")

    (after,) = await listed(olivia)
    assert (before["last_used_at"], before["last_used_from"]) == (None, None)
    assert after["last_used_from"] == "127.0.0.0/24"
    assert abs(datetime.fromisoformat(after["last_used_at"]) - clock.wall_now()) < HOUR
    assert after["created_by"] == "Olivia"


async def test_the_last_use_is_written_at_most_once_a_minute(
    network: Network, olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = await with_key(network, (await made(olivia))["key"])
    start = clock.wall_now()
    seen: list[datetime] = []
    for later_s in (0, 30, 59, 60, 100):
        await set_wall(monkeypatch, start + timedelta(seconds=later_s))
        await asyncio.gather(*(machine.get("/api/v1/programs") for _ in range(3)))
        seen.append(await network.owner.fetchval("SELECT last_used_at FROM api_keys"))

    assert [round((at - start).total_seconds()) for at in seen] == [0, 0, 0, 60, 60]


async def test_of_requests_at_once_that_all_saw_an_old_use_only_one_writes(
    network: Network, olivia: Browser
) -> None:
    await made(olivia)
    row = await network.owner.fetchrow("SELECT id, brand_id FROM api_keys")
    assert row is not None
    key = ApiKey(row["id"], row["brand_id"], frozenset(), is_live=True)

    for later_s, place in ((0, "192.0.2.0/24"), (1, "198.51.100.0/24")):
        await api_keys.note_use(key, NOON + timedelta(seconds=later_s), place)

    assert await network.owner.fetchval("SELECT last_used_from FROM api_keys") == "192.0.2.0/24"


async def test_a_rotated_key_goes_on_beside_the_one_that_follows_until_the_overlap_ends(
    network: Network, olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.wall_now()
    await set_wall(monkeypatch, start)
    old = await made(olivia, scopes=["programs:read", "links:read"])
    told = await olivia.accepted(f"/api/v1/api-keys/{old['id']}/rotation", {"overlap_hours": 1})
    both = [await with_key(network, key) for key in (old["key"], told["key"]["key"])]

    assert {name: told["key"][name] for name in ("name", "scopes", "mode")} == {
        "name": "Till",
        "scopes": ["links:read", "programs:read"],
        "mode": "live",
    }
    assert told["former"] == old["id"]
    assert datetime.fromisoformat(told["former_ends_at"]) == start + HOUR
    await set_wall(monkeypatch, start + HOUR - timedelta(seconds=1))
    assert [(await one.get("/api/v1/programs")).status_code for one in both] == [200, 200]
    assert [one["state"] for one in await listed(olivia)] == ["in force", "ending"]
    await set_wall(monkeypatch, start + HOUR)
    assert [(await one.get("/api/v1/programs")).status_code for one in both] == [401, 200]
    newer, older = await listed(olivia)
    assert [one["state"] for one in (newer, older)] == ["in force", "ended"]
    assert older["replaced_by"] == newer["id"] == told["key"]["id"]


async def test_without_an_overlap_the_old_key_ends_at_once(network: Network, olivia: Browser) -> None:
    old = await made(olivia)

    await olivia.accepted(f"/api/v1/api-keys/{old['id']}/rotation", {"overlap_hours": 0})

    refused = await (await with_key(network, old["key"])).get("/api/v1/programs")
    assert refused.status_code == 401
    assert "has ended" in refused.json()["detail"]


@pytest.mark.parametrize("hours", [-1, 169, 10**30])
async def test_an_overlap_is_no_longer_than_a_week(olivia: Browser, hours: int) -> None:
    old = await made(olivia)

    answer = await olivia.post(f"/api/v1/api-keys/{old['id']}/rotation", {"overlap_hours": hours})

    assert answer.status_code == 422
    assert [one["state"] for one in await listed(olivia)] == ["in force"]


async def test_a_key_is_followed_once_and_a_revoked_one_never(olivia: Browser) -> None:
    first, second = await made(olivia), await made(olivia)
    await olivia.accepted(f"/api/v1/api-keys/{first['id']}/rotation", {})
    await olivia.client.delete(f"/api/v1/api-keys/{second['id']}")

    for one, why in ((first, "Another key follows this one"), (second, "This key has ended")):
        answer = await olivia.post(f"/api/v1/api-keys/{one['id']}/rotation", {})
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith(why)
    assert len(await listed(olivia)) == 3


async def test_of_two_rotations_at_once_one_makes_the_key_that_follows(olivia: Browser) -> None:
    old = await made(olivia)

    answers = await asyncio.gather(
        *(olivia.post(f"/api/v1/api-keys/{old['id']}/rotation", {}) for _ in range(2))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await listed(olivia)) == 2


async def test_revoking_ends_at_once_even_within_an_overlap(network: Network, olivia: Browser) -> None:
    old = await made(olivia)
    await olivia.accepted(f"/api/v1/api-keys/{old['id']}/rotation", {"overlap_hours": 168})
    machine = await with_key(network, old["key"])
    assert (await machine.get("/api/v1/programs")).status_code == 200

    assert (await olivia.client.delete(f"/api/v1/api-keys/{old['id']}")).status_code == 204

    assert (await machine.get("/api/v1/programs")).status_code == 401
    assert [one["state"] for one in await listed(olivia)] == ["in force", "revoked"]


async def test_a_key_with_an_end_is_taken_until_then(
    network: Network, olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_at = clock.wall_now() + HOUR
    machine = await with_key(network, (await made(olivia, expires_at=ends_at.isoformat()))["key"])

    await set_wall(monkeypatch, ends_at - timedelta(seconds=1))
    assert (await machine.get("/api/v1/programs")).status_code == 200
    await set_wall(monkeypatch, ends_at)
    assert (await machine.get("/api/v1/programs")).status_code == 401


@pytest.mark.parametrize(
    "expires_at",
    ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2027-01-01T00:00:00", "0001-01-01T00:00:00Z"],
)
async def test_an_end_that_cannot_be_is_refused_and_names_its_field(olivia: Browser, expires_at: str) -> None:
    answer = await olivia.post(
        "/api/v1/api-keys", {"name": "Till", "scopes": ["programs:read"], "expires_at": expires_at}
    )

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["expires_at"]


@pytest.mark.parametrize("role", ["marketer", "finance", "viewer"])
async def test_only_owners_and_developers_rotate(network: Network, olivia: Browser, role: str) -> None:
    old = await made(olivia)
    brand_id = await network.owner.fetchval("SELECT id FROM brands")
    await network.person("vera@groove.example", brand_id, [role])
    await network.person("dev@groove.example", brand_id, ["developer"])
    vera = await network.signed_in("vera@groove.example")
    dev = await network.signed_in("dev@groove.example")

    assert (await vera.post(f"/api/v1/api-keys/{old['id']}/rotation", {})).status_code == 403
    assert (await dev.post(f"/api/v1/api-keys/{old['id']}/rotation", {})).status_code == 201


async def test_another_brands_key_is_not_there(network: Network, olivia: Browser) -> None:
    old = await made(olivia)
    await network.person("dan@drums.example", await network.brand("drum-school"), ["owner"])
    dan = await network.signed_in("dan@drums.example")

    assert (await dan.post(f"/api/v1/api-keys/{old['id']}/rotation", {})).status_code == 404
    assert await listed(dan) == []
    assert (await dan.get("/api/v1/api-keys?after=" + ids.shown("key", UUID(int=2**128 - 1)))).json()[
        "items"
    ] == []


async def test_no_machine_makes_rotates_or_lists_keys(network: Network, olivia: Browser) -> None:
    fresh = await made(olivia, scopes=[*ALL_READS, "links:write", "conversions:write"])
    machine = await with_key(network, fresh["key"])

    for answer in (
        await machine.get("/api/v1/api-keys"),
        await machine.post("/api/v1/api-keys", json={"name": "x", "scopes": ["programs:read"]}),
        await machine.post(f"/api/v1/api-keys/{fresh['id']}/rotation", json={}),
        await machine.delete(f"/api/v1/api-keys/{fresh['id']}"),
        await machine.get("/account/api-keys"),
    ):
        assert answer.status_code == 403
        assert answer.json()["detail"] == "No API key may manage API keys; a person signs in for that."


async def test_a_brand_has_no_more_keys_than_it_can_watch(
    olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "KEYS_MAX", 2)
    first, _ = await made(olivia), await made(olivia)

    refused = await olivia.post("/api/v1/api-keys", {"name": "Till", "scopes": ["programs:read"]})

    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "Your brand has 2 API keys in force; revoke one that nobody uses first."
    )
    await olivia.accepted(f"/api/v1/api-keys/{first['id']}/rotation", {})


async def test_keys_are_listed_by_pages_the_newest_first(olivia: Browser) -> None:
    fresh = [(await made(olivia, name=f"Till {n}"))["id"] for n in range(3)]
    first = (await olivia.get("/api/v1/api-keys?limit=2")).json()
    rest = (await olivia.get(f"/api/v1/api-keys?limit=2&after={first['next']}")).json()

    assert [one["id"] for one in first["items"] + rest["items"]] == fresh[::-1]
    assert rest["next"] is None


async def test_what_happens_to_a_key_is_in_the_audit_trail_and_the_key_is_not(
    network: Network, olivia: Browser
) -> None:
    old = await made(olivia)
    told = await olivia.accepted(f"/api/v1/api-keys/{old['id']}/rotation", {})
    await olivia.client.delete(f"/api/v1/api-keys/{old['id']}")
    await olivia.client.delete(f"/api/v1/api-keys/{old['id']}")

    rows = await network.owner.fetch(
        "SELECT verb, object_id, before, after FROM audit_records WHERE object_kind = 'API key' ORDER BY id"
    )

    assert [(row["verb"], row["object_id"]) for row in rows] == [
        ("create", old["id"]),
        ("rotate", old["id"]),
        ("revoke", old["id"]),
    ]
    assert told["key"]["id"] in rows[1]["after"]
    for secret in (old["key"], told["key"]["key"]):
        assert secret not in str([dict(row) for row in rows])


@pytest.mark.parametrize(
    ("lifetime", "state"),
    [
        (Lifetime(NOON), "in force"),
        (Lifetime(NOON, NOON + HOUR), "ending"),
        (Lifetime(NOON, NOON), "ended"),
        (Lifetime(NOON, NOON + HOUR, NOON), "revoked"),
    ],
)
def test_a_key_is_in_one_of_four_states(lifetime: Lifetime, state: str) -> None:
    assert lifetime.state(NOON) == state


def test_a_rotation_never_lets_the_old_key_live_longer_and_gives_the_new_one_as_long_as_it_had() -> None:
    former = Lifetime(NOON - 89 * 24 * HOUR, NOON + 24 * HOUR)

    assert rules.end_of_former(former, NOON, HOUR) == NOON + HOUR
    assert rules.end_of_former(former, NOON, 48 * HOUR) == NOON + 24 * HOUR
    assert rules.end_of_former(Lifetime(NOON), NOON, HOUR) == NOON + HOUR
    assert rules.end_of_next(former, NOON) == NOON + 90 * 24 * HOUR
    assert rules.end_of_next(Lifetime(NOON), NOON) is None


def test_what_has_ended_or_is_followed_is_not_rotated() -> None:
    rules.must_be_rotatable(Lifetime(NOON), is_replaced=False, now=NOON)
    with pytest.raises(ConflictError, match="follows"):
        rules.must_be_rotatable(Lifetime(NOON), is_replaced=True, now=NOON)
    with pytest.raises(ConflictError, match="has ended"):
        rules.must_be_rotatable(Lifetime(NOON, NOON), is_replaced=False, now=NOON)
    with pytest.raises(InvalidError):
        rules.must_be_overlap(rules.OVERLAP_HOURS_MAX + 1)
