"""One sale after another, from the click to the bank transfer, to the cent.

Everything is real and goes through the doors that everybody has: PostgreSQL, the web app, the worker and
Stripe's stand-in run as processes. All figures were worked out by hand; they stand beside what they prove.
"""

import asyncio
import hashlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity import actions as identity
from partner_network.sandbox import installation
from partner_network.sandbox.installation import Installation
from partner_network.sandbox.people import Person, RefusedError
from tests.stories import town as doors
from tests.stories.books import Books
from tests.stories.town import POST, SHOP, WAVE, Town, at, sale

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CRAWLER = "Googlebot/2.1 (+http://www.google.com/bot.html)"

WAVE_TIERS = {0: 50_000, 10_000: 80_000, 20_000: 100_000}
"""5 % up to 100.00 a month, 8 % from there, 10 % from 200.00 on."""
TEN_PERCENT = {0: 100_000}
TAX_PPM = 200_000


@pytest.fixture(scope="module")
def installed() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="pn-story-"))
    folder.chmod(0o711)
    try:
        with installation.running(folder, say=lambda _: None) as installed:
            yield installed
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def books(installed: Installation) -> AsyncIterator[Books]:
    clock.use_simulated_time(sandbox=True)
    await connections.open_pool(installed.owner_database_url, max_size=2)
    try:
        async with connections.pool().acquire() as connection:
            yield Books(installed, connection)
    finally:
        await connections.close_pool()
        clock.use_simulated_time(sandbox=False)


@pytest.fixture
async def town(installed: Installation, books: Books) -> AsyncIterator[Town]:
    """The operator's people, on 1 December, and nobody else yet."""
    await books.set_clock(at(12, 1))
    password = installation.password_of(installed.folder)
    await identity.create_operator_member("Mara", "mara@network.example", password, ("manager",))
    await identity.create_operator_member("Paul", "paul@network.example", password, ("finance",))
    await identity.create_operator_member("Greta", "greta@network.example", password, ("finance",))
    town = Town(installed.base_url, password)
    yield town
    await town.close()


async def test_from_the_click_to_the_bank_transfer(town: Town, books: Books) -> None:  # noqa: PLR0915 -- one story
    # 1 December 2025: everybody gets to know everybody.
    mara = await town.sign_in("mara@network.example")
    await the_manager_onboards_a_shop_and_two_partners(town, mara)
    await terms_are_drafted_read_and_signed_by_both(town, mara)
    await books.worker_is_done()
    await the_signed_pdf_is_stored_by_its_hash(town)
    await a_picture_goes_up_and_comes_down_by_a_signed_address(town)
    await partners_make_links_and_meet_stripe(town)

    # December and January: people click, a machine clicks, and on 15 January the shops report what was sold.
    #
    #   order | customer | net     | whose, and why              | commission, cumulated by rate
    #   A1    | Ann      |   80.00 | Night Wave, click 5 Jan     | 80.00 x 5 %                           4.00
    #   B1    | Bob      |   70.00 | Night Wave, click 5 Jan     | 20.00 x 5 % + 50.00 x 8 %             5.00
    #   A2    | Ann      |   60.00 | Night Wave, bound by A1     | 50.00 x 8 % + 10.00 x 10 %            5.00
    #   V1    | Vera     |   45.55 | Vinyl Post, click 6 Jan     | 45.55 x 10 % = 4.555, half away       4.56
    #   U1    | Una      |   33.00 | nobody: no click
    #   O1    | Otto     |   50.00 | nobody: the click of 10 December is 33 days old
    #   R1    | Rob      |   20.00 | nobody: a crawler clicked
    #   C1    | Cora     |   25.00 | nobody: no consent
    #   S1    | Sam      |  300.00 | Tune Harbor, for Vinyl Post | 300.00 x 10 %                        30.00
    otto = await click(town, books, SHOP, WAVE, at(12, 10))
    ann, bob, cora, rob = [
        await click(town, books, SHOP, WAVE, at(1, 5)),
        await click(town, books, SHOP, WAVE, at(1, 5)),
        await click(town, books, SHOP, WAVE, at(1, 5), consent="denied"),
        await click(town, books, SHOP, WAVE, at(1, 5), user_agent=CRAWLER),
    ]
    vera = await click(town, books, SHOP, POST, at(1, 6))
    sam = await click(town, books, POST, SHOP, at(1, 6))
    await books.set_clock(at(1, 15))
    batch = [
        sale("A1", "ann", at(1, 6), 8_000, ann),
        sale("B1", "bob", at(1, 7), 7_000, bob),
        sale("V1", "vera", at(1, 8), 4_555, vera),
        sale("A2", "ann", at(1, 9), 6_000, None),
        sale("U1", "una", at(1, 10), 3_300, None),
        sale("R1", "rob", at(1, 10), 2_000, rob),
        sale("C1", "cora", at(1, 10), 2_500, cora),
        sale("O1", "otto", at(1, 12), 5_000, otto),
    ]
    await report(town, SHOP, *batch)
    await report(town, POST, sale("S1", "sam", at(1, 11), 30_000, sam))
    await books.worker_is_done()
    assert {
        order: await books.outcome_of(order) for order in ("A1", "B1", "V1", "A2", "S1")
    } == dict.fromkeys(("A1", "B1", "V1", "A2", "S1"), "attributed")
    assert {order: await books.outcome_of(order) for order in ("U1", "R1", "C1", "O1")} == dict.fromkeys(
        ("U1", "R1", "C1", "O1"), "unattributed"
    )
    assert await books.balances("pay_pending", "pay", "recv") == {
        ("pay_pending", WAVE, SHOP): 1_400,
        ("pay_pending", POST, SHOP): 456,
        ("pay_pending", SHOP, POST): 3_000,
        ("recv", SHOP, WAVE): 1_400,
        ("recv", SHOP, POST): 456,
        ("recv", POST, SHOP): 3_000,
    }

    # 20 January: Bob sends a record back before anything matured: B1 is 45.00 now.
    #   B1: 20.00 x 5 % + 25.00 x 8 % = 3.00; A2, from 125.00 to 185.00: 60.00 x 8 % = 4.80; A1 still 4.00
    await books.set_clock(at(1, 20))
    await refund(town, "B1", 2_500, at(1, 20, 9))
    await books.worker_is_done()
    assert await books.balances("pay_pending", "clawback_due") == {
        ("pay_pending", WAVE, SHOP): 1_180,
        ("pay_pending", POST, SHOP): 456,
        ("pay_pending", SHOP, POST): 3_000,
    }

    # February: January is locked, so on the 1st all of it matures. New orders, both bound by January's:
    #   A3 Ann 150.00 for Night Wave: 100.00 x 5 % + 50.00 x 8 % = 9.00; V2 Vera 20.00 for Vinyl Post: 2.00
    #   S2 Sam 5.00 of Vinyl Post for Tune Harbor: 0.50
    paul, greta = await town.sign_in("paul@network.example"), await town.sign_in("greta@network.example")
    await close(books, paul, at(2, 1, 0, 30))
    assert await paul.all("/api/v1/statements") == []  # what matured on 1 February is February's
    assert await books.balances("pay_pending", "pay") == {
        ("pay", WAVE, SHOP): 1_180,
        ("pay", POST, SHOP): 456,
        ("pay", SHOP, POST): 3_000,
    }
    await books.set_clock(at(2, 15))
    await report(
        town,
        SHOP,
        sale("A3", "ann", at(2, 10), 15_000, None),
        sale("V2", "vera", at(2, 11), 2_000, None),
    )
    await report(town, POST, sale("S2", "sam", at(2, 12), 500, None))
    await books.worker_is_done()
    assert await books.balances("pay_pending") == {
        ("pay_pending", WAVE, SHOP): 900,
        ("pay_pending", POST, SHOP): 200,
        ("pay_pending", SHOP, POST): 50,
    }

    # 1 March: February closes.
    #   Night Wave: earned 11.80, tax 20 % = 2.36, closing 14.16
    #   Vinyl Post earned 4.56 and owes Tune Harbor 30.00: 4.56 is set off on both sides; 0 and 25.44 remain
    await close(books, paul, at(3, 1, 0, 30))
    february = await statements_of(paul, "2026-02")
    assert {pair: summed(one) for pair, one in february.items()} == {
        (WAVE, SHOP): (0, {"earned": 1_180, "tax": 236}, 1_416, "draft"),
        (POST, SHOP): (0, {"earned": 456, "netted": -456}, 0, "carried"),
        (SHOP, POST): (0, {"earned": 3_000, "netted": -456}, 2_544, "draft"),
    }
    await one_prepares_and_another_approves(paul, greta, february[WAVE, SHOP])
    await one_prepares_and_another_approves(paul, greta, february[SHOP, POST])
    await books.worker_is_done()
    assert await books.balances("prepaid", "pay", "pay_funded", "cash") == {
        # A3, V2 and S2 matured on 1 March: 9.00, 2.00 and 0.50 on top of what February's statements say.
        ("pay", WAVE, SHOP): 1_416 + 900,
        ("pay", POST, SHOP): 200,
        ("pay", SHOP, POST): 2_544 + 50,
    }
    await fund(town, SHOP, 1_416)
    await fund(town, POST, 2_544)
    await books.payouts_are_settled(2)
    assert await books.balances("prepaid", "pay", "pay_funded", "payout_clearing", "cash") == {
        ("pay", WAVE, SHOP): 900,
        ("pay", POST, SHOP): 200,
        ("pay", SHOP, POST): 50,
    }
    assert await transfers_of(books) == {
        "TUNE-HARBOR-NIGHT-WAVE-2026-02-USD": 1_416,
        "VINYL-POST-TUNE-HARBOR-2026-02-USD": 2_544,
    }

    # 5 March: Ann returns A1, which is paid out long since; January is worked out anew over 45.00 and 60.00.
    #   A1 0; B1 45.00 x 5 % = 2.25; A2 55.00 x 5 % + 5.00 x 8 % = 3.15: 5.40 instead of 11.80, 6.40 too much
    await books.set_clock(at(3, 5))
    await refund(town, "A1", 8_000, at(3, 4))
    await books.worker_is_done()
    assert await books.balances("clawback_due", "clawback_owed", "pay") == {
        ("clawback_due", WAVE, SHOP): 640,
        ("clawback_owed", SHOP, WAVE): 640,
        ("pay", WAVE, SHOP): 900,
        ("pay", POST, SHOP): 200,
        ("pay", SHOP, POST): 50,
    }

    # 1 April: March closes.
    #   Night Wave: opening 14.16, paid 14.16, earned 9.00; at most half of that is taken back: 4.50 of 6.40;
    #   tax 20 % of 9.00 - 4.50 = 0.90; closing 5.40, above the minimum of 5.00
    #   Vinyl Post: earned 2.00, set off 0.50, closing 1.50, below the minimum: carried
    #   Tune Harbor: opening 25.44, paid 25.44, earned 0.50, set off 0.50
    await close(books, paul, at(4, 1, 0, 30))
    march = await statements_of(paul, "2026-03")
    assert {pair: summed(one) for pair, one in march.items()} == {
        (WAVE, SHOP): (1_416, {"earned": 900, "recovered": -450, "tax": 90, "paid": -1_416}, 540, "draft"),
        (POST, SHOP): (0, {"earned": 200, "netted": -50}, 150, "carried"),
        (SHOP, POST): (2_544, {"earned": 50, "netted": -50, "paid": -2_544}, 0, "carried"),
    }
    assert await books.balances("clawback_due") == {("clawback_due", WAVE, SHOP): 190}
    await one_prepares_and_another_approves(paul, greta, march[WAVE, SHOP])
    await fund(town, SHOP, 540)
    await books.payouts_are_settled(3)
    assert await transfers_of(books) == {
        "TUNE-HARBOR-NIGHT-WAVE-2026-02-USD": 1_416,
        "VINYL-POST-TUNE-HARBOR-2026-02-USD": 2_544,
        "TUNE-HARBOR-NIGHT-WAVE-2026-03-USD": 540,
    }
    assert [intent["amount"] for intent in await books.at_stripe("payment_intents")] == [1_416, 2_544, 540]
    await the_statement_is_there_as_pdf_and_csv(town, march[WAVE, SHOP]["id"])

    # The end: Vinyl Post is still owed 1.50, and Night Wave still owes 1.90.
    assert await books.balances("pay_pending", "pay", "clawback_due", "prepaid", "cash", "pay_funded") == {
        ("pay", POST, SHOP): 150,
        ("clawback_due", WAVE, SHOP): 190,
    }
    found = await books.results(orders=12)
    assert found.attributed == 8  # A1 B1 V1 A2 A3 V2 S1 S2
    assert found.unattributed == 4  # U1 R1 C1 O1
    assert found.commission_minor == (540 + 900) + (456 + 200) + (3_000 + 50)
    assert found.tax_minor == 236 + 90
    assert found.netted_minor == 2 * 456 + 2 * 50
    assert found.paid_minor == found.stripe_transfers_minor == 1_416 + 2_544 + 540
    assert found.outstanding_minor == 150 - 190
    assert (found.unrecovered_minor, found.ledger_sum_minor) == (0, 0)
    assert found.adds_up
    proof = await asyncio.to_thread(books.verify)
    sys.stdout.write(proof.stdout)
    assert (proof.returncode, proof.stderr) == (0, "")


async def the_manager_onboards_a_shop_and_two_partners(town: Town, mara: Person) -> None:
    await town.onboard(mara, SHOP)
    await town.onboard(mara, POST)
    await town.onboard(mara, WAVE, tax_rate_ppm=TAX_PPM)
    for advertiser in (SHOP, POST):
        await town.hire_finance(advertiser)
        await town.open_program(advertiser)


async def terms_are_drafted_read_and_signed_by_both(town: Town, mara: Person) -> None:
    await town.draft(mara, SHOP, WAVE, WAVE_TIERS)
    await town.draft(mara, SHOP, POST, TEN_PERCENT)
    await town.draft(mara, POST, SHOP, TEN_PERCENT)
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
    async with httpx.AsyncClient(timeout=60) as stranger:
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
    when: Any,
    *,
    consent: str = "granted",
    user_agent: str = FIREFOX,
) -> str:
    """Follow a tracked link and return the click id with which the visitor lands."""
    await books.set_clock(when)
    async with httpx.AsyncClient(timeout=60) as browser:
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


async def refund(town: Town, order_id: str, net_minor: int, when: Any) -> None:
    given = {"refund_id": f"R-{order_id}", "order_id": order_id, "at": when.isoformat()}
    given |= {"net_minor": net_minor, "reason": "sent back"}
    await town.brands[SHOP].machine.post("/api/v1/refunds", {"refunds": [given]})


async def close(books: Books, preparer: Person, when: Any) -> None:
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
    await preparer.post(f"{address}/preparation", read)
    with pytest.raises(RefusedError, match=r"403 .*another person must approve it"):
        await preparer.post(f"{address}/approval", read)
    approved = await approver.post(f"{address}/approval", {**read, "reason": "Lines checked."})
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
