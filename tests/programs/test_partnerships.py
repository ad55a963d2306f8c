from typing import Any

from partner_network.kernel import ids
from tests.agreements.cast import Cast
from tests.doors import TERMS, Browser, Network

BRAND = {
    "slug": "horn-house",
    "name": "Horn House",
    "legal_name": "Horn House LLC",
    "address": "3 Brass Road",
    "country": "US",
}
PROGRAM = {
    "slug": "sheet-music",
    "name": "Sheet music",
    "offer": "Notes by post",
    "default_url": "https://drums.example/",
    "destination_hosts": ["drums.example"],
}


async def brand_of(browser: Browser) -> str:
    return (await browser.get("/api/v1/sessions/current")).json()["member"]["brand"]


async def invite(cast: Cast, partner: str, **more: Any) -> Any:
    wanted = {"program": cast.program, "partner": partner, **more}
    return await cast.shop.accepted("/api/v1/partnerships", wanted)


async def newcomer(network: Network) -> tuple[Browser, str]:
    """Return an owner of a brand that is in the network and promotes nothing yet."""
    brand = await network.brand("horn-house")
    await network.person("hana@horns.example", brand, ["owner"])
    return await network.signed_in("hana@horns.example"), ids.shown("bnd", brand)


async def test_an_invitation_makes_the_brand_the_partnership_and_in_the_end_the_owner(cast: Cast) -> None:
    partnership = (await cast.partner.get(f"/api/v1/partnerships/{cast.partnership}")).json()

    assert partnership["status"] == "in_review"
    assert partnership["partner"] == await brand_of(cast.partner)
    assert (partnership["advertiser_name"], partnership["partner_name"]) == ("Groove-Street", "Drum School")
    assert (await cast.partner.get("/api/v1/sessions/current")).json()["member"]["roles"] == ["owner"]


async def test_a_brand_of_the_network_answers_for_itself(cast: Cast) -> None:
    hana, brand = await newcomer(cast.network)
    offered = await invite(cast, brand)
    path = f"/api/v1/partnerships/{offered['id']}/answer"

    assert (offered["status"], "invitation" in offered) == ("invited", False)
    await cast.shop.accepted(path, {"answer": "accept"}, status=404)
    answered = await hana.accepted(path, {"answer": "accept"}, status=200)
    assert answered["status"] == "in_review"
    await hana.accepted(path, {"answer": "accept"}, status=409)


async def test_a_brand_may_decline_and_then_nothing_can_be_signed(cast: Cast) -> None:
    hana, brand = await newcomer(cast.network)
    offered = await invite(cast, brand)

    declined = await hana.accepted(
        f"/api/v1/partnerships/{offered['id']}/answer", {"answer": "decline"}, status=200
    )

    assert declined["status"] == "declined"
    wanted = {
        "partnership": offered["id"],
        "contract": "cross-promotion",
        "contract_version": "2026-11",
        "terms": TERMS,
    }
    await cast.shop.accepted("/api/v1/agreements", wanted, status=409)


async def test_nobody_names_the_owner_of_a_brand_that_is_not_theirs(cast: Cast) -> None:
    _, brand = await newcomer(cast.network)
    wanted = {"program": cast.program, "partner": brand, "email": "thief@evil.example"}

    refused = await cast.shop.accepted("/api/v1/partnerships", wanted, status=422)

    assert list(refused["fields"]) == ["email"]
    assert await cast.network.owner.fetchval("SELECT count(*) FROM invitations") == 1  # the cast's own


async def test_a_brand_promotes_a_program_once_and_never_its_own(cast: Cast) -> None:
    again = {"program": cast.program, "partner": await brand_of(cast.partner)}
    own = {"program": cast.program, "partner": await brand_of(cast.shop)}

    await cast.shop.accepted("/api/v1/partnerships", again, status=409)
    await cast.shop.accepted("/api/v1/partnerships", own, status=422)


async def test_a_refused_invitation_leaves_no_half_made_brand(cast: Cast) -> None:
    wanted = {"program": cast.program, "new_brand": BRAND, "email": "not an address"}

    await cast.shop.accepted("/api/v1/partnerships", wanted, status=422)

    assert await cast.network.owner.fetchval("SELECT count(*) FROM brands WHERE slug = 'horn-house'") == 0


async def test_a_partner_sees_the_program_and_a_stranger_neither_it_nor_the_partnership(cast: Cast) -> None:
    hana, _ = await newcomer(cast.network)
    addresses = (f"/api/v1/programs/{cast.program}", f"/api/v1/partnerships/{cast.partnership}")

    for address in addresses:
        assert (await cast.partner.get(address)).status_code == 200
        assert (await cast.manager.get(address)).status_code == 200
        assert (await hana.get(address)).status_code == 404
    assert (await hana.get("/api/v1/programs")).json() == {"items": [], "next": None}
    assert (await hana.get("/api/v1/partnerships")).json() == {"items": [], "next": None}


async def test_a_partner_changes_nothing_of_the_program_it_promotes(cast: Cast) -> None:
    await cast.partner.accepted(
        "/api/v1/partnerships",
        {"program": cast.program, "new_brand": BRAND, "email": "h@horns.example"},
        status=404,
    )
    await cast.partner.accepted(
        "/api/v1/programs", PROGRAM | {"brand": await brand_of(cast.shop)}, status=404
    )


async def test_two_brands_that_promote_each_other_are_paired(cast: Cast) -> None:
    program = await cast.partner.accepted("/api/v1/programs", PROGRAM)
    back = await cast.partner.accepted(
        "/api/v1/partnerships", {"program": program["id"], "partner": await brand_of(cast.shop)}
    )
    path = f"/api/v1/partnerships/{cast.partnership}/mirror"

    paired = await cast.manager.accepted(path, {"mirror": back["id"]}, status=200)

    other = (await cast.shop.get(f"/api/v1/partnerships/{back['id']}")).json()
    assert (paired["mirror"], other["mirror"]) == (back["id"], cast.partnership)
    await cast.manager.accepted(path, {"mirror": back["id"]}, status=200)  # again changes nothing
    hana, brand = await newcomer(cast.network)
    third = await invite(cast, brand)
    await cast.manager.accepted(path, {"mirror": third["id"]}, status=422)
    await hana.accepted(path, {"mirror": third["id"]}, status=404)


async def test_a_pair_that_nets_is_not_drafted_in_two_currencies(cast: Cast) -> None:
    program = await cast.partner.accepted("/api/v1/programs", PROGRAM)
    back = await cast.partner.accepted(
        "/api/v1/partnerships", {"program": program["id"], "partner": await brand_of(cast.shop)}
    )
    await cast.partner.accepted(f"/api/v1/programs/{program['id']}/versions", {"policy": ""})
    await cast.shop.accepted(f"/api/v1/partnerships/{back['id']}/answer", {"answer": "accept"}, status=200)
    await cast.manager.accepted(
        f"/api/v1/partnerships/{cast.partnership}/mirror", {"mirror": back["id"]}, status=200
    )
    await cast.signed()
    wanted = {"partnership": back["id"], "contract": "cross-promotion", "contract_version": "2026-11"}

    refused = await cast.partner.accepted(
        "/api/v1/agreements", wanted | {"terms": TERMS.replace("USD", "EUR")}, status=422
    )

    assert list(refused["fields"]) == ["settlement.currency"]
    await cast.partner.accepted("/api/v1/agreements", wanted | {"terms": TERMS})
