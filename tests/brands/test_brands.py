from partner_network.kernel import ids
from tests.doors import Network

BRAND = {
    "slug": "drum-school",
    "name": "Drum School",
    "legal_name": "Drum School LLC",
    "address": "2 Snare Lane\nAustin, TX",
    "country": "US",
}


async def test_the_operator_takes_a_brand_in_and_sees_all_of_them_page_by_page(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.signed_in("mia@network.example")

    made = [await mia.accepted("/api/v1/brands", BRAND | {"slug": f"school-{n}"}) for n in range(3)]

    first = (await mia.get("/api/v1/brands?limit=2")).json()
    rest = (await mia.get(f"/api/v1/brands?limit=2&after={first['next']}")).json()
    assert first["items"] + rest["items"] == made
    assert rest["next"] is None
    assert (await mia.get(f"/api/v1/brands/{made[0]['id']}")).json() == made[0]


async def test_every_field_at_fault_is_named_at_once(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.signed_in("mia@network.example")
    wrong = {"slug": "No Slug", "name": " ", "legal_name": "x", "address": "", "country": "usa"}

    refused = await mia.accepted("/api/v1/brands", wrong, status=422)
    shapeless = await mia.accepted(
        "/api/v1/brands", {"slug": 3, "nmae": "x", "tax_rate_ppm": "many"}, status=422
    )

    assert sorted(refused["fields"]) == ["address", "country", "name", "slug"]
    assert sorted(shapeless["fields"]) == [
        "address", "country", "legal_name", "name", "nmae", "slug", "tax_rate_ppm",
    ]  # fmt: skip
    assert await network.owner.fetchval("SELECT count(*) FROM brands") == 0


async def test_a_short_name_is_taken_once(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.signed_in("mia@network.example")
    await mia.accepted("/api/v1/brands", BRAND)

    refused = await mia.accepted("/api/v1/brands", BRAND, status=409)

    assert refused["fields"] == {"slug": "taken"}


async def test_a_brands_people_make_no_brands_and_see_their_own_alone(network: Network) -> None:
    own, other = await network.brand("groove-street"), await network.brand("drum-school")
    await network.person("olivia@groove.example", own, ["owner"])
    olivia = await network.signed_in("olivia@groove.example")

    await olivia.accepted("/api/v1/brands", BRAND | {"slug": "third"}, status=403)

    seen = (await olivia.get("/api/v1/brands")).json()["items"]
    assert [brand["slug"] for brand in seen] == ["groove-street"]
    assert (await olivia.get(f"/api/v1/brands/{ids.shown('bnd', other)}")).status_code == 404
    assert (await olivia.get("/api/v1/brands/nonsense")).status_code == 404


async def test_a_brand_that_stripe_cannot_pay_is_told_apart_the_moment_it_comes_in(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.signed_in("mia@network.example")

    here = await mia.accepted("/api/v1/brands", BRAND)
    there = await mia.accepted("/api/v1/brands", BRAND | {"slug": "tambor", "country": "CU"})

    assert (here["can_be_paid"], there["can_be_paid"]) == (True, False)
    assert (await mia.get(f"/api/v1/brands/{there['id']}")).json()["can_be_paid"] is False
