"""What a brand asks about its customers, behind the real doors."""

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from partner_network.gateways import clock
from partner_network.identity.rules import credentials
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order, refund
from tests.doors import Network

EXPORTS, ERASURES = "/api/v1/customer-exports", "/api/v1/customer-erasures"
ADA = {"customer_id": "ada"}


class Shop:
    """Tune House behind its doors: its machine, its partner, and what it reported of Ada."""

    def __init__(self, network: Network, machine: httpx.AsyncClient, of: Cast, blog: Partner) -> None:
        self.network, self.machine, self.of, self.blog = network, machine, of, blog
        self.click_id: UUID

    async def send(self, noun: str, *items: object) -> httpx.Response:
        return await self.machine.post(f"/api/v1/{noun}", json={noun: items})

    async def identify(self, customer: str) -> httpx.Response:
        click = ids.shown("clk", self.click_id)
        return await self.send("identifications", {"customer_id": customer, "click_id": click})

    async def erase(self, customer: str = "ada") -> httpx.Response:
        return await self.machine.post(ERASURES, json={"customer_id": customer})


async def key_of(network: Network, brand_id: UUID, *scopes: str, is_live: bool = True) -> httpx.AsyncClient:
    key = credentials.new_api_key(is_live=is_live)
    await network.owner.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
           VALUES ($1, $2, 'till', $3, $4, $5, now())""",
        ids.new_id(clock.wall_now()),
        brand_id,
        key[: credentials.KEY_PREFIX_CHARACTERS],
        credentials.hash_of(key),
        list(scopes),
    )
    browser = await network.browser()
    browser.client.headers["authorization"] = f"Bearer {key}"
    return browser.client


@pytest.fixture
async def shop(network: Network) -> AsyncIterator[Shop]:
    """A shop that reported a click, a touch, two orders and a refund of Ada's, and an order of Bob's."""
    async with network.owner.transaction():
        of = await cast.tune_house(network.owner)
        blog = await cast.partner(network.owner, of, "blog")
    clock.use_simulated_time(sandbox=True)
    await network.owner.execute(
        "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, now(), false)", on(31)
    )
    machine = await key_of(network, of.brand_id, "conversions:write", "conversions:read", "customers:write")
    made = Shop(network, machine, of, blog)
    made.click_id = await blog.click(network.owner, on(1))
    await made.identify("ada")
    await made.send("conversions", order(1, on(2)), order(2, on(3)), order(3, on(4), customer_id="bob"))
    await made.send("refunds", refund(1, 2, on(5)))
    named = {"touch_id": "T1", "kind": "self_report", "customer_id": "ada", "partner": "blog"}
    await made.send("touches", {**named, "at": on(2).isoformat()})
    yield made
    clock.use_simulated_time(sandbox=False)


async def test_a_brand_gets_all_that_is_held_about_its_customer(shop: Shop) -> None:
    answer = await shop.machine.post(EXPORTS, json=ADA)

    held = answer.json()
    assert answer.status_code == 200
    assert (held["customer_id"], held["first_seen_at"]) == ("ada", "2026-03-31T12:00:00Z")
    assert [one["click_id"] for one in held["clicks"]] == [ids.shown("clk", shop.click_id)]
    assert [(one["touch_id"], one["kind"], one["partner"]) for one in held["touches"]] == [
        ("T1", "self_report", "blog")
    ]
    assert {one["order_id"]: (one["net_minor"], len(one["refunds"])) for one in held["orders"]} == {
        "00001": (5_000, 0), "00002": (5_000, 1)
    }  # fmt: skip


async def test_that_a_copy_was_handed_out_is_in_the_trail(shop: Shop) -> None:
    await shop.machine.post(EXPORTS, json=ADA)

    record = await shop.network.owner.fetchrow("SELECT * FROM audit_records WHERE verb = 'export'")

    assert record is not None
    assert (record["object_kind"], record["actor_kind"]) == ("customer", "api key")
    assert record["brand_id"] == shop.of.brand_id


async def test_after_an_erasure_nothing_says_who_the_customer_was(shop: Shop) -> None:
    key = await shop.network.owner.fetchval(
        """SELECT pseudonym_key FROM customer_keys k JOIN customers c ON c.id = k.customer_id
           WHERE external_id = 'ada'"""
    )

    answer = await shop.erase()

    assert answer.status_code == 201
    assert answer.json()["counts"] == {
        "identifications": 1,
        "touches": 1,
        "conversions": 2,
        "refunds": 1,
    }
    for table in (
        "customers",
        "conversions",
        "touches",
        "decisions",
        "erasures",
        "audit_records",
        "pgqueuer",
    ):
        rows = await shop.network.owner.fetch(f"SELECT t::text AS said FROM {table} t")
        # As a word: three letters out of "abcdef" also stand in many a hash.
        assert not [row for row in rows if re.search(r"\bada\b", row["said"])], table
    assert not await shop.network.owner.fetchval(
        "SELECT EXISTS (SELECT FROM customer_keys WHERE pseudonym_key = $1)", key
    )
    assert (await shop.machine.post(EXPORTS, json=ADA)).status_code == 404


async def test_erasing_again_finds_nothing_and_changes_nothing(shop: Shop) -> None:
    first, again, unknown = await shop.erase(), await shop.erase(), await shop.erase("nobody")

    assert (first.status_code, again.status_code, unknown.status_code) == (201, 404, 404)
    assert again.json()["detail"] == unknown.json()["detail"]
    assert len((await shop.machine.get(ERASURES)).json()["items"]) == 1


async def test_of_two_erasures_at_once_one_does_it(shop: Shop) -> None:
    answers = await asyncio.gather(shop.erase(), shop.erase())

    assert sorted(answer.status_code for answer in answers) == [201, 404]


async def test_what_is_reported_again_after_an_erasure_is_still_the_same(shop: Shop) -> None:
    first = (await shop.send("conversions", order(1, on(2)), order(2, on(3)))).json()
    await shop.erase()

    again = await shop.send("conversions", order(1, on(2)), order(2, on(3)))
    returned = await shop.send("refunds", refund(1, 2, on(5)))

    assert (again.status_code, again.json()) == (200, first)
    assert returned.status_code == 200
    assert await shop.network.owner.fetchval("SELECT count(*) FROM customers") == 2


async def test_other_content_under_the_same_order_id_is_refused_before_and_after_an_erasure(
    shop: Shop,
) -> None:
    changed = order(1, on(2), net_minor=5_001)
    renamed = order(1, on(2), customer_id="eve")

    assert (await shop.send("conversions", changed)).status_code == 409
    assert (await shop.send("conversions", renamed)).status_code == 409
    await shop.erase()
    assert (await shop.send("conversions", changed)).status_code == 409


async def test_an_identification_told_again_does_not_bring_the_erased_customer_back(shop: Shop) -> None:
    await shop.erase()

    again = await shop.identify("ada")

    assert again.status_code == 201
    assert again.json()["identifications"] == [
        {"customer_id": "ada", "click_id": ids.shown("clk", shop.click_id)}
    ]
    assert await shop.network.owner.fetchval("SELECT count(*) FROM identifications") == 1
    assert not await shop.network.owner.fetchval(
        "SELECT EXISTS (SELECT FROM customers WHERE external_id = 'ada')"
    )


async def test_who_orders_again_under_the_same_id_is_a_new_customer(shop: Shop) -> None:
    await shop.erase()

    assert (await shop.send("conversions", order(4, on(20)))).status_code == 201

    held = (await shop.machine.post(EXPORTS, json=ADA)).json()
    assert [one["order_id"] for one in held["orders"]] == ["00004"]
    assert held["clicks"] == []
    listed = (await shop.machine.get("/api/v1/conversions")).json()["items"]
    assert {one["order_id"]: one["customer_id"] for one in listed} == {
        "00001": None, "00002": None, "00003": "bob", "00004": "ada"
    }  # fmt: skip


async def test_two_customers_of_one_id_at_two_brands_share_no_pseudonym(shop: Shop) -> None:
    async with shop.network.owner.transaction():
        rival = await cast.tune_house(shop.network.owner, "rival")
    machine = await key_of(shop.network, rival.brand_id, "conversions:write", "customers:write")
    await machine.post("/api/v1/conversions", json={"conversions": [order(1, on(2))]})

    pseudonyms = await shop.network.owner.fetch("SELECT pseudonym FROM customers WHERE external_id = 'ada'")

    assert len({row["pseudonym"] for row in pseudonyms}) == 2
    assert (await machine.post(ERASURES, json=ADA)).status_code == 201
    assert (await shop.machine.post(EXPORTS, json=ADA)).status_code == 200, "another brand's Ada stays"


@pytest.mark.parametrize(
    ("scopes", "is_live"), [(("conversions:write",), True), (("customers:write",), False)], ids=str
)
async def test_a_key_that_is_not_for_it_neither_reads_nor_erases(
    shop: Shop, scopes: tuple[str, ...], *, is_live: bool
) -> None:
    machine = await key_of(shop.network, shop.of.brand_id, *scopes, is_live=is_live)

    answers = [await machine.post(EXPORTS, json=ADA), await machine.post(ERASURES, json=ADA)]

    assert {answer.status_code for answer in answers} == {403}
    assert await shop.network.owner.fetchval("SELECT count(*) FROM customers WHERE external_id = 'ada'") == 1


async def test_an_owner_of_the_brand_does_it_without_a_machine_and_a_marketer_does_not(shop: Shop) -> None:
    await shop.network.person("zelda@shop.test", shop.of.brand_id, ["owner"])
    await shop.network.person("mark@shop.test", shop.of.brand_id, ["marketer"])
    zelda, mark = [await shop.network.signed_in(f"{one}@shop.test") for one in ("zelda", "mark")]

    assert (await mark.post(ERASURES, json=ADA)).status_code == 403
    assert (await zelda.post(EXPORTS, json=ADA)).status_code == 200
    assert (await zelda.post(ERASURES, json=ADA)).status_code == 201


@pytest.mark.parametrize("body", [{}, {"customer_id": ""}, {"customer_id": "a\x00b"}, {**ADA, "brand": "x"}])
async def test_a_body_that_cannot_be_right_is_refused(shop: Shop, body: dict[str, str]) -> None:
    assert (await shop.machine.post(ERASURES, json=body)).status_code in {400, 422}


async def test_the_database_lets_a_customer_change_in_no_other_way(shop: Shop) -> None:
    web = await shop.network.database.connect("web")
    await web.execute("SELECT set_config('app.brand_id', $1, false)", str(shop.of.brand_id))
    try:
        for change in (
            "UPDATE customers SET external_id = 'eve' WHERE external_id = 'ada'",
            "UPDATE customers SET erased_at = now() WHERE external_id = 'ada'",
            "UPDATE customers SET pseudonym = sha256('x') WHERE external_id = 'ada'",
            "DELETE FROM customers WHERE external_id = 'ada'",
            "DELETE FROM customer_keys",
            "UPDATE customer_keys SET pseudonym_key = sha256('x')",
        ):
            with pytest.raises(
                Exception, match=r"permission denied|never changes|check constraint|append-only"
            ):
                await web.execute(change)
    finally:
        await web.close()
    assert await shop.network.owner.fetchval("SELECT count(*) FROM customer_keys") == 2
