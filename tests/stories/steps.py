"""What people and machines do in the story, each a sentence of it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import pytest

from partner_network.sandbox import people
from partner_network.sandbox.people import Person, RefusedError
from tests.stories import town as doors
from tests.stories.books import Books
from tests.stories.town import POST, SHOP, WAVE, Town

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CRAWLER = "Googlebot/2.1 (+http://www.google.com/bot.html)"


async def the_manager_onboards_a_shop_and_two_partners(
    town: Town, mara: Person, tax_ppm: Mapping[str, int]
) -> None:
    for slug, rate_ppm in tax_ppm.items():
        await town.onboard(mara, slug, tax_rate_ppm=rate_ppm)
    for advertiser in (SHOP, POST):
        await town.hire_finance(advertiser)
        await town.open_program(advertiser)


async def terms_are_drafted_read_and_signed_by_both(
    town: Town, mara: Person, tiers: Mapping[tuple[str, str], Mapping[int, int]]
) -> None:
    for (advertiser, partner), rates in tiers.items():
        await town.draft(mara, advertiser, partner, rates)
    mirror = {"mirror": town.deals[POST, SHOP].partnership}
    await mara.post(f"/api/v1/partnerships/{town.deals[SHOP, POST].partnership}/mirror", mirror)
    for (advertiser, partner), deal in town.deals.items():
        for signer in (partner, advertiser):
            owner = town.brands[signer].owner
            text = await owner.download(f"/api/v1/agreements/{deal.agreement}/text")
            assert hashlib.sha256(text).hexdigest() == deal.content_hash
            read = {"content_hash": deal.content_hash}
            signed = await owner.post(f"/api/v1/agreements/{deal.agreement}/signatures", read)
            assert signed["is_signed"] == (signer == advertiser)  # the second signature makes it hold


async def the_signed_pdf_is_stored_by_its_hash(town: Town) -> None:
    owner, agreement = town.brands[WAVE].owner, town.deals[SHOP, WAVE].agreement
    pdf = await owner.download(f"/api/v1/agreements/{agreement}/document")
    assert pdf.startswith(b"%PDF-")
    shown = await owner.get(f"/api/v1/agreements/{agreement}")
    assert shown["pdf_sha256"] == hashlib.sha256(pdf).hexdigest()


async def a_picture_goes_up_and_comes_down_by_a_signed_address(town: Town) -> None:
    shop, picture = town.brands[SHOP], doors.picture()
    library = f"/api/v1/programs/{shop.program}/creatives"
    kept = await shop.owner.upload(library, {"title": "Banner"}, "banner.png", picture, "image/png")
    address = await town.brands[WAVE].owner.address_behind(f"/api/v1/creatives/{kept['id']}/file")
    async with people.browser() as stranger:
        downloaded = await stranger.get(address)
        forged = await stranger.get(address.replace("expires=", "expires=9"))
    assert hashlib.sha256(downloaded.content).hexdigest() == kept["sha256"]
    assert forged.status_code == 403


async def partners_make_links_and_meet_stripe(town: Town) -> None:
    for advertiser, partner in town.deals:
        await town.make_link(advertiser, partner)
        await town.introduce_to_stripe(partner)


async def click(
    town: Town,
    books: Books,
    advertiser: str,
    partner: str,
    when: datetime,
    *,
    consent: str = "granted",
    user_agent: str = FIREFOX,
) -> str:
    """Follow a tracked link and return the click id with which the visitor lands."""
    await books.set_clock(when)
    async with people.browser() as browser:
        answer = await browser.get(
            town.links[advertiser, partner],
            params={"consent": consent},
            headers={"user-agent": user_agent},
        )
    assert answer.status_code == 302
    landed = httpx.URL(answer.headers["location"])
    assert landed.host == f"shop.{advertiser}.example"
    return landed.params["clk"]


async def report(town: Town, slug: str, *orders: dict[str, Any]) -> None:
    await town.brands[slug].machine.post("/api/v1/conversions", {"conversions": list(orders)})


async def refund(town: Town, order_id: str, net_minor: int, when: datetime) -> None:
    given = {"refund_id": f"R-{order_id}", "order_id": order_id, "at": when.isoformat()}
    given |= {"net_minor": net_minor, "reason": "sent back"}
    await town.brands[SHOP].machine.post("/api/v1/refunds", {"refunds": [given]})


async def close(books: Books, preparer: Person, when: datetime) -> None:
    await books.set_clock(when)
    await preparer.post("/api/v1/closings")
    await books.worker_is_done()


async def statements_of(reader: Person, period: str) -> dict[tuple[str, str], Any]:
    """Return a period's statements by payee and payer."""
    slug_of = {slug.replace("-", " ").title(): slug for slug in (SHOP, POST, WAVE)}
    found = await reader.all("/api/v1/statements")
    return {(slug_of[s["payee"]], slug_of[s["payer"]]): s for s in found if s["period"] == period}


def summed(statement: Any) -> tuple[int, dict[str, int], int, str]:
    """Return what a statement opens with, what it adds by kind, what it closes with, and its status."""
    return (
        statement["opening_minor"],
        statement["totals"],
        statement["closing_minor"],
        statement["status"],
    )


async def one_prepares_and_another_approves(preparer: Person, approver: Person, statement: Any) -> None:
    address = f"/api/v1/statements/{statement['id']}"
    read = {"content_hash": statement["content_hash"]}
    signed = {**read, "reason": "Lines checked."}
    await preparer.post(f"{address}/preparation", read)
    with pytest.raises(RefusedError, match=r"403 .*another person must approve it"):
        await preparer.post(f"{address}/approval", signed)
    approved = await approver.post(f"{address}/approval", signed)
    assert approved["status"] == "approved"


async def fund(town: Town, slug: str, minor: int) -> None:
    """Pay in what is missing, which is exactly ``minor``."""
    finance = town.brands[slug].finance
    need = await finance.get("/api/v1/funding-need", currency="USD")
    assert need["missing_minor"] == minor
    await finance.post("/api/v1/fundings", {"amount_minor": minor, "currency": "USD"})


async def transfers_of(books: Books) -> dict[str, int]:
    return {one["description"]: one["amount"] for one in await books.at_stripe("transfers")}


async def the_statement_is_there_as_pdf_and_csv(town: Town, statement_id: str) -> None:
    owner = town.brands[WAVE].owner
    pdf = await owner.download(f"/api/v1/statements/{statement_id}/documents/pdf")
    csv = await owner.download(f"/api/v1/statements/{statement_id}/documents/csv")
    assert pdf.startswith(b"%PDF-")
    assert b"recovered" in csv
