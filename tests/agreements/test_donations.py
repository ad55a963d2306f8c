"""Agreements give to charities that the operator lists, under a contract that has a clause for it."""

import re
from typing import Any

from tests.agreements import cast as casting
from tests.agreements.cast import Cast
from tests.commissions.givers import GIFT
from tests.doors import TERMS


def wanted(cast: Cast, version: str = "2027-01") -> dict[str, object]:
    contract = {**casting.CONTRACT, "contract_version": version}
    return {"partnership": cast.partnership, "terms": f"{TERMS}{GIFT}", **contract}


async def page(cast: Cast) -> str:
    return (await cast.manager.get("/admin/charities", headers={"accept": "text/html"})).text


async def send(cast: Cast, path: str, **fields: str) -> Any:
    return await cast.manager.client.post(path, data=fields, headers={"accept": "text/html"})


async def test_terms_name_a_charity_while_it_is_listed_and_what_is_signed_goes_on(cast: Cast) -> None:
    await cast.network.brand("trees")
    refused = await cast.shop.accepted("/api/v1/agreements", wanted(cast), 422)
    assert refused["fields"] == {"donations[0].charity": "no charity 'trees' is listed"}

    choices = re.findall(r'<option value="(bnd_[^"]+)"', await page(cast))
    assert len(choices) == 1, "the shop and its partner have a partnership, so trees alone can be chosen"
    assert (await send(cast, "/admin/charities", brand="")).status_code == 422
    assert (await send(cast, "/admin/charities", brand=choices[0])).status_code == 303
    agreement = await cast.shop.accepted("/api/v1/agreements", wanted(cast), 201)
    text = (await cast.partner.get(f"/api/v1/agreements/{agreement['id']}/text")).text
    assert "1.2345 % (one point two three four five per cent) of the Net Amount for each sale" in text
    assert "to the charity “trees”" in text
    await cast.sign(cast.shop, agreement)
    await cast.sign(cast.partner, agreement)

    charity = re.findall(r'action="(/admin/charities/[^"]+/delisting)"', await page(cast))[0]
    assert (await send(cast, charity)).status_code == 303
    assert "no longer listed" in await page(cast)
    await cast.shop.accepted("/api/v1/agreements", wanted(cast), 422)
    assert (await send(cast, charity)).status_code == 404


async def test_a_contract_without_the_clause_takes_no_donation(cast: Cast) -> None:
    await cast.network.brand("trees")
    refused = await cast.shop.accepted("/api/v1/agreements", wanted(cast, "2026-12"), 422)
    assert "has no clause for donations" in refused["detail"]
