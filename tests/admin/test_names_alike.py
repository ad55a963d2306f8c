"""Two brands of one name are told apart by their short names wherever money is said to go between them."""

import re

import httpx

from tests.admin.conftest import Office
from tests.admin.test_statements import address, send
from tests.builders import SHOP, SMALL
from tests.doors import Browser

HTML = {"accept": "text/html"}


async def brand_person(office: Office, slug: str) -> Browser:
    email = f"fay@{slug}.test"
    await office.network.person(email, office.sale.brands[slug], ["finance"])
    return await office.network.signed_in(email)


async def call_both(office: Office, name: str) -> None:
    """Let both brands of the statement bear one name."""
    slugs = [SHOP, SMALL]
    await office.network.owner.execute("UPDATE brands SET name = $1 WHERE slug = ANY($2)", name, slugs)


def seen(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.split("<main")[1]).split())


async def test_the_office_reads_which_is_which_from_statement_to_payout(office: Office) -> None:
    await call_both(office, "Acme")
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")

    listed = seen(await pia.get("/admin/statements", headers=HTML))
    await send(pia, path, "preparation")
    ready = seen(await art.get("/admin/approvals", headers=HTML))
    aside = seen(await pia.get("/admin/approvals", headers=HTML))
    await send(art, path, "approval", reason="As agreed")
    await office.pay()
    paid = seen(await pia.get("/admin/payouts", headers=HTML))

    for page in (listed, ready, aside, paid):
        assert f"Acme {SMALL} Acme {SHOP}" in page
    assert f"{SHOP} → {SMALL}" in seen(await pia.get(path, headers=HTML))


async def test_lists_are_narrowed_to_one_of_two_that_bear_one_name(office: Office) -> None:
    await call_both(office, "Acme")
    pia, fay = await office.person("pia"), await brand_person(office, SHOP)

    for browser, of, other in (
        (pia, f"/admin/statements?payer={SHOP}", "/admin/statements?payee=nobody&status=paid"),
        (pia, f"/admin/statements?payee={SMALL}", "/admin/statements?status=paid"),
        (fay, f"/statements?partner={SMALL}", "/statements?side=in"),
    ):
        number = f"{SHOP}-{SMALL}-2026-02-USD".upper()
        assert number in seen(await browser.get(of, headers=HTML))
        assert number not in seen(await browser.get(other, headers=HTML))
        assert f"Acme ({SMALL})" in seen(await browser.get(of, headers=HTML))


async def test_the_api_names_both_and_lists_those_of_one_payer_or_payee(office: Office) -> None:
    await call_both(office, "Acme")
    fay = await brand_person(office, SHOP)

    async def found(query: str) -> list[tuple[str, str, str, str]]:
        answer = await fay.get(f"/api/v1/statements{query}")
        assert answer.status_code == 200, answer.text
        return [
            (one["payer"], one["payer_slug"], one["payee"], one["payee_slug"])
            for one in answer.json()["items"]
        ]

    mine = [("Acme", SHOP, "Acme", SMALL)]
    assert await found("") == await found(f"?payer={SHOP}") == await found(f"?payee={SMALL}") == mine
    assert await found(f"?payer={SMALL}") == await found(f"?payee={SHOP}") == []
    assert (await fay.get("/api/v1/statements?payer=No+slug")).status_code == 422


async def test_both_sides_read_one_preview_over_the_api_and_nobody_else_does(office: Office) -> None:
    fay, olga = await brand_person(office, SHOP), await brand_person(office, SMALL)
    stranger = await office.network.brand("stranger")
    await office.network.person("sam@stranger.test", stranger, ["owner"])
    sam, pia = await office.network.signed_in("sam@stranger.test"), await office.person("pia")

    (one,) = (await olga.get("/api/v1/previews")).json()["items"]
    assert (one["payer_slug"], one["payee_slug"], one["payable_minor"]) == (SHOP, SMALL, 1_500)
    address = f"/api/v1/previews/{one['account']}"
    read = [(await browser.get(address)).json() for browser in (fay, olga, pia)]

    assert read[0] == read[1] == read[2]
    (preview,) = read[0]["items"]
    # February closed with 15.00, and nothing has matured in March yet: it would be carried on as it is.
    assert (preview["period"], preview["opening_minor"], preview["closing_minor"]) == (
        "2026-03",
        1_500,
        1_500,
    )
    assert (preview["totals"], preview["is_carried"]) == ({}, False)
    assert (await sam.get("/api/v1/previews")).json() == {"items": [], "next": None}
    assert (await sam.get(address)).status_code == 404
    for nobodys in ("0", "99999999999999999999"):
        assert (await fay.get(f"/api/v1/previews/{nobodys}")).status_code == 404
        assert (await fay.get(f"/statements/preview?account={nobodys}", headers=HTML)).status_code in {
            200,
            404,
        }
