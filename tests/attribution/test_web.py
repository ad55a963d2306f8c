"""A decision as each side may see it."""

from collections.abc import AsyncIterator

import pytest
from msgspec import Struct

from partner_network.attribution import actions
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order
from tests.doors import Browser, Network


class Sold(Struct, frozen=True):
    """A sale that Radio won over Blog."""

    network: Network
    shop: Cast
    blog: Partner
    radio: Partner
    path: str

    async def seen_by(self, name: str, partner: Partner | None) -> Browser:
        brand_id = self.shop.brand_id if partner is None else partner.partner_id
        await self.network.person(f"{name}@x.test", brand_id, ["viewer"])
        return await self.network.signed_in(f"{name}@x.test")


@pytest.fixture
async def sold(network: Network) -> AsyncIterator[Sold]:
    async with network.owner.transaction():
        shop = await cast.tune_house(network.owner)
        blog = await cast.partner(network.owner, shop, "blog")
        radio = await cast.partner(network.owner, shop, "radio")
        clicks = [await blog.click(network.owner, on(1)), await radio.click(network.owner, on(2))]
    clock.use_simulated_time(sandbox=True)
    await network.owner.execute(
        "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, now(), false)", on(31)
    )
    await shop.identify(*(("ada", click) for click in clicks))
    answer = await shop.report(order(1, on(3)), order(2, on(3)))
    async with network.as_worker():
        await actions.decide_pending()
    yield Sold(network, shop, blog, radio, f"/api/v1/conversions/{answer.conversions[0].id}/decision")
    clock.use_simulated_time(sandbox=False)


async def test_the_advertiser_sees_every_candidate_with_its_reason(sold: Sold) -> None:
    told = (await (await sold.seen_by("ann", None)).get(sold.path)).json()
    assert told["order_id"] == "00001"
    assert (told["outcome"], told["model"], told["policy_version"]) == ("attributed", "last_click", 1)
    assert [one["weight"] for one in told["credits"]] == ["1"]
    assert [(one["partner"], one["verdict"]) for one in told["candidates"]] == [
        (ids.shown("bnd", sold.blog.partner_id), "not_credited"),
        (ids.shown("bnd", sold.radio.partner_id), "credited"),
    ]
    assert told["candidates"][0]["reason"] == "a later touch decides, 1 d 00 h apart"


async def test_the_credited_partner_sees_of_others_only_that_they_were_there(sold: Sold) -> None:
    told = (await (await sold.seen_by("rob", sold.radio)).get(sold.path)).json()
    assert [one["partner"] for one in told["credits"]] == [ids.shown("bnd", sold.radio.partner_id)]
    other, own = told["candidates"]
    assert other == {
        "partner": "another partner",
        "touch": None,
        "at": None,
        "kind": None,
        "verdict": None,
        "reason": None,
    }
    assert own["verdict"] == "credited"


async def test_anybody_else_finds_nothing(sold: Sold) -> None:
    loser = await sold.seen_by("bea", sold.blog)
    assert (await loser.get(sold.path)).status_code == 404
    assert (await loser.get("/api/v1/conversions/nonsense/decision")).status_code == 404
    nobody = await sold.network.browser()
    assert (await nobody.get(sold.path)).status_code == 401


async def test_the_operator_sees_all(sold: Sold) -> None:
    await sold.network.person("mo2@x.test", None, ["manager"])
    told = (await (await sold.network.signed_in("mo2@x.test")).get(sold.path)).json()
    assert len(told["candidates"]) == 2
    assert all(one["reason"] for one in told["candidates"])
