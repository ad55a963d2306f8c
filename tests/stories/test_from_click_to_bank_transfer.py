"""One sale after another, from the click to the bank transfer, to the cent.

Everything is real and goes through the doors that everybody has: PostgreSQL, the web app, the worker and
Stripe's stand-in run as processes. All figures were worked out by hand; they stand beside what they prove.
"""

import asyncio

from tests.stories import steps
from tests.stories.books import Books
from tests.stories.town import POST, SHOP, WAVE, Town, at, sale

TIERS = {
    (SHOP, WAVE): {0: 50_000, 10_000: 80_000, 20_000: 100_000},  # 5 %, 8 % from 100.00 a month, 10 % from 200
    (SHOP, POST): {0: 100_000},  # 10 % of everything
    (POST, SHOP): {0: 100_000},
}
"""Rates in parts per million by where they begin. Beside them stand: binding for a year, a window of 30 days,
a hold of 5 days, a lock at the end of the month, a minimum of 5.00; a clawback can be contested for 10 days
and takes at most half of what a statement earned.
"""
TAX_PPM = {SHOP: 0, POST: 0, WAVE: 200_000}


async def test_from_the_click_to_the_bank_transfer(town: Town, books: Books) -> None:  # noqa: PLR0915 -- one story
    # 1 December 2025: everybody gets to know everybody.
    mara = await town.sign_in("mara@network.example")
    await steps.the_manager_onboards_a_shop_and_two_partners(town, mara, TAX_PPM)
    await steps.terms_are_drafted_read_and_signed_by_both(town, mara, TIERS)
    await books.worker_is_done()
    await steps.the_signed_pdf_is_stored_by_its_hash(town)
    await steps.a_picture_goes_up_and_comes_down_by_a_signed_address(town)
    await steps.partners_make_links_and_meet_stripe(town)

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
    otto = await steps.click(town, books, SHOP, WAVE, at(12, 10))
    ann, bob, cora, rob = [
        await steps.click(town, books, SHOP, WAVE, at(1, 5)),
        await steps.click(town, books, SHOP, WAVE, at(1, 5)),
        await steps.click(town, books, SHOP, WAVE, at(1, 5), consent="denied"),
        await steps.click(town, books, SHOP, WAVE, at(1, 5), user_agent=steps.CRAWLER),
    ]
    vera = await steps.click(town, books, SHOP, POST, at(1, 6))
    sam = await steps.click(town, books, POST, SHOP, at(1, 6))
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
    await steps.report(town, SHOP, *batch)
    await steps.report(town, POST, sale("S1", "sam", at(1, 11), 30_000, sam))
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
    await steps.refund(town, "B1", 2_500, at(1, 20, 9))
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
    await steps.close(books, paul, at(2, 1, 0, 30))
    assert await paul.all("/api/v1/statements") == []  # what matured on 1 February is February's
    assert await books.balances("pay_pending", "pay") == {
        ("pay", WAVE, SHOP): 1_180,
        ("pay", POST, SHOP): 456,
        ("pay", SHOP, POST): 3_000,
    }
    await books.set_clock(at(2, 15))
    await steps.report(
        town,
        SHOP,
        sale("A3", "ann", at(2, 10), 15_000, None),
        sale("V2", "vera", at(2, 11), 2_000, None),
    )
    await steps.report(town, POST, sale("S2", "sam", at(2, 12), 500, None))
    await books.worker_is_done()
    assert await books.balances("pay_pending") == {
        ("pay_pending", WAVE, SHOP): 900,
        ("pay_pending", POST, SHOP): 200,
        ("pay_pending", SHOP, POST): 50,
    }

    # 1 March: February closes.
    #   Night Wave: earned 11.80, tax 20 % = 2.36, closing 14.16
    #   Vinyl Post earned 4.56 and owes Tune Harbor 30.00: 4.56 is set off on both sides; 0 and 25.44 remain
    await steps.close(books, paul, at(3, 1, 0, 30))
    february = await steps.statements_of(paul, "2026-02")
    assert {pair: steps.summed(one) for pair, one in february.items()} == {
        (WAVE, SHOP): (0, {"earned": 1_180, "tax": 236}, 1_416, "draft"),
        (POST, SHOP): (0, {"earned": 456, "netted": -456}, 0, "carried"),
        (SHOP, POST): (0, {"earned": 3_000, "netted": -456}, 2_544, "draft"),
    }
    await steps.one_prepares_and_another_approves(paul, greta, february[WAVE, SHOP])
    await steps.one_prepares_and_another_approves(paul, greta, february[SHOP, POST])
    await books.worker_is_done()
    assert await books.balances("prepaid", "pay", "pay_funded", "cash") == {
        # A3, V2 and S2 matured on 1 March: 9.00, 2.00 and 0.50 on top of what February's statements say.
        ("pay", WAVE, SHOP): 1_416 + 900,
        ("pay", POST, SHOP): 200,
        ("pay", SHOP, POST): 2_544 + 50,
    }
    await steps.fund(town, SHOP, 1_416)
    await steps.fund(town, POST, 2_544)
    await books.payouts_are_settled(2)
    assert await books.balances("prepaid", "pay", "pay_funded", "payout_clearing", "cash") == {
        ("pay", WAVE, SHOP): 900,
        ("pay", POST, SHOP): 200,
        ("pay", SHOP, POST): 50,
    }
    assert await steps.transfers_of(books) == {
        "TUNE-HARBOR-NIGHT-WAVE-2026-02-USD": 1_416,
        "VINYL-POST-TUNE-HARBOR-2026-02-USD": 2_544,
    }

    # 5 March: Ann returns A1, which is paid out long since; January is worked out anew over 45.00 and 60.00.
    #   A1 0; B1 45.00 x 5 % = 2.25; A2 55.00 x 5 % + 5.00 x 8 % = 3.15: 5.40 instead of 11.80, 6.40 too much
    await books.set_clock(at(3, 5))
    await steps.refund(town, "A1", 8_000, at(3, 4))
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
    await steps.close(books, paul, at(4, 1, 0, 30))
    march = await steps.statements_of(paul, "2026-03")
    assert {pair: steps.summed(one) for pair, one in march.items()} == {
        (WAVE, SHOP): (1_416, {"earned": 900, "recovered": -450, "tax": 90, "paid": -1_416}, 540, "draft"),
        (POST, SHOP): (0, {"earned": 200, "netted": -50}, 150, "carried"),
        (SHOP, POST): (2_544, {"earned": 50, "netted": -50, "paid": -2_544}, 0, "carried"),
    }
    assert await books.balances("clawback_due") == {("clawback_due", WAVE, SHOP): 190}
    await steps.one_prepares_and_another_approves(paul, greta, march[WAVE, SHOP])
    await steps.fund(town, SHOP, 540)
    await books.payouts_are_settled(3)
    assert await steps.transfers_of(books) == {
        "TUNE-HARBOR-NIGHT-WAVE-2026-02-USD": 1_416,
        "VINYL-POST-TUNE-HARBOR-2026-02-USD": 2_544,
        "TUNE-HARBOR-NIGHT-WAVE-2026-03-USD": 540,
    }
    assert [intent["amount"] for intent in await books.at_stripe("payment_intents")] == [1_416, 2_544, 540]
    await steps.the_statement_is_there_as_pdf_and_csv(town, march[WAVE, SHOP]["id"])

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
    assert (proof.returncode, proof.stderr) == (0, "")
