"""What Stripe could never pay is refused before anybody signs, and before Stripe is asked."""

import pytest

from partner_network.brands import queries as brands
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.payouts.actions import onboard
from tests.agreements.cast import Cast
from tests.doors import TERMS

JAPANESE = {
    "slug": "taiko-town",
    "name": "Taiko Town",
    "legal_name": "Taiko Town KK",
    "address": "1 Drum Street\nOsaka",
    "country": "JP",
}


async def refusal(cast: Cast, terms: str = TERMS) -> str:
    """Return why a draft is refused."""
    return (await cast.draft(terms, 422))["detail"]


async def move(cast: Cast, country: str) -> None:
    await cast.network.owner.execute("UPDATE brands SET country = $1 WHERE slug = 'drum-school'", country)


async def test_a_new_partner_where_stripe_pays_nobody_is_not_invited_and_not_made(cast: Cast) -> None:
    answer = await cast.shop.post(
        "/api/v1/partnerships",
        {"program": cast.program, "email": "tomo@taiko.example", "new_brand": JAPANESE},
    )
    assert answer.status_code == 422
    assert "Stripe cannot pay companies in JP from a network in US" in answer.json()["detail"]
    assert await cast.network.owner.fetchval("SELECT count(*) FROM brands WHERE slug = 'taiko-town'") == 0


async def test_a_brand_that_is_here_already_is_not_invited_where_stripe_pays_nobody(cast: Cast) -> None:
    other = await cast.network.brand("taiko-town")
    await cast.network.owner.execute("UPDATE brands SET country = 'JP' WHERE id = $1", other)
    wish = {"program": cast.program, "partner": ids.shown("bnd", other)}

    refused = await cast.shop.post("/api/v1/partnerships", wish)
    kept = await cast.network.owner.fetchval("SELECT count(*) FROM partnerships WHERE partner_id = $1", other)
    await cast.network.owner.execute("UPDATE brands SET country = 'DE' WHERE id = $1", other)

    assert (refused.status_code, kept) == (422, 0)
    assert "Stripe cannot pay companies in JP from a network in US" in refused.json()["detail"]
    assert (await cast.shop.post("/api/v1/partnerships", wish)).status_code == 201


async def test_nothing_is_drafted_for_a_partner_that_stripe_cannot_pay(cast: Cast) -> None:
    await move(cast, "JP")
    assert "Take in a company of its group" in await refusal(cast)
    await move(cast, "DE")
    assert (await cast.draft())["is_signed"] is False


async def test_nothing_is_drafted_in_a_currency_that_stripe_does_not_take(cast: Cast) -> None:
    said = await refusal(cast, TERMS.replace('currency = "USD"', 'currency = "IRR"'))
    assert "Stripe takes no money in IRR" in said


async def test_stripe_is_not_asked_for_an_account_in_a_country_it_cannot_pay(cast: Cast) -> None:
    await move(cast, "JP")
    brand_id = await cast.network.owner.fetchval("SELECT id FROM brands WHERE slug = 'drum-school'")
    assert (await brands.brand_of(brand_id, eyes="operator")).country == "JP"
    nobody = StripeConnect(
        secret_key="sk_test_x", api_base="http://127.0.0.1:1", webhook_secret="whsec_x", sandbox=True
    )
    now = await clock.now()
    owner = Member(ids.new_id(now), "Dan", "dan@drums.example", brand_id, frozenset({"owner"}))
    try:
        with pytest.raises(InvalidError, match="cannot pay companies in JP"):
            await onboard.open_recipient(
                nobody, brand_id, by=owner, return_url="/back", refresh_url="/again", now=now
            )
    finally:
        await nobody.close()


async def test_the_page_of_the_payout_account_says_so_and_offers_no_way_to_stripe(cast: Cast) -> None:
    said = (await cast.partner.get("/payout-account")).text
    assert "Stripe pays out in USD in your country." in said
    await move(cast, "JP")
    said = (await cast.partner.get("/payout-account")).text
    assert "Stripe cannot pay companies in JP from a network in US." in said
    assert 'action="/payout-account"' not in said
