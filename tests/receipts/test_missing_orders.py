"""What somebody learns of an order that is missing, and what nobody learns."""

from collections.abc import Mapping
from typing import Any

from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import on, order
from tests.doors import Browser
from tests.receipts.stage import Stage

PATH = "/api/v1/missing-orders"


async def asked(browser: Browser, **by: str) -> list[Mapping[str, Any]]:
    answer = await browser.get(PATH, params=by)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def one(browser: Browser, **by: str) -> Mapping[str, Any]:
    (found,) = await asked(browser, **by)
    return found


async def test_a_partner_gets_the_receipt_of_an_order_that_is_its_own(last_click: Stage) -> None:
    found = await one(await last_click.seen_by(last_click.radio), order_id="00001")
    assert (found["kind"], found["conversion"]) == ("receipt", last_click.conversions[0])
    assert found["says"] == "This order is credited to you as a whole."


async def test_a_partner_learns_which_touch_came_nearest_and_by_how_much_it_missed(last_click: Stage) -> None:
    found = await one(await last_click.seen_by(last_click.club), order_id="00001")
    assert found["kind"] == "receipt"
    assert "1 March 2026, 08:07 UTC, missed the window of 2 d by 2 d 03 h" in found["says"]
    assert found["reason"].startswith("clicked 4 d 03 h before the sale")


async def test_a_partner_that_lost_is_told_the_reason_of_its_own_touch(last_click: Stage) -> None:
    found = await one(await last_click.seen_by(last_click.blog), order_id="00001")
    assert "of 2 March 2026, 09:13 UTC, is not credited:" in found["says"]
    assert found["reason"].startswith("clicked 3 d 02 h before the sale; a later touch decides")


async def test_of_an_order_without_a_touch_of_its_own_a_partner_learns_that_it_came_and_no_more(
    last_click: Stage,
) -> None:
    found = await one(await last_click.seen_by(last_click.zine), order_id="00002")
    assert found["kind"] == "no_touch"
    assert found["says"].startswith(
        "We received order 00002 from tune-house, and no touch of yours lies within the window"
    )
    assert {key: found[key] for key in ("reason", "conversion", "order_id", "occurred_at")} == dict.fromkeys(
        ("reason", "conversion", "order_id", "occurred_at")
    )


async def test_an_order_of_others_is_told_in_the_same_words_whoever_is_credited(last_click: Stage) -> None:
    zine = await last_click.seen_by(last_click.zine)
    credited, nobodys = await one(zine, order_id="00001"), await one(zine, order_id="00002")
    assert credited["says"].replace("00001", "") == nobodys["says"].replace("00002", "")


async def test_an_order_of_an_advertiser_whom_one_does_not_promote_is_as_one_that_never_came(
    last_click: Stage,
) -> None:
    async with last_click.network.owner.transaction():
        other = await cast.tune_house(last_click.network.owner, slug="drum-barn")
    await other.report(order(77, on(7)))
    zine = await last_click.seen_by(last_click.zine)
    theirs, never = await one(zine, order_id="00077"), await one(zine, order_id="00078")
    assert theirs["kind"] == never["kind"] == "never_received"
    assert theirs["says"].replace("00077", "") == never["says"].replace("00078", "")
    assert never["says"].startswith("We never received an order 00078 from the advertiser whom you promote")


async def test_an_order_from_after_the_end_of_the_partnership_is_as_one_that_never_came(
    last_click: Stage,
) -> None:
    async with last_click.network.owner.transaction():
        former = await cast.partner(last_click.network.owner, last_click.shop, "former", ended_at=on(6, 10))
    browser = await last_click.seen_by(former)
    assert (await one(browser, order_id="00001"))["kind"] == "no_touch"
    assert (await one(browser, order_id="00002"))["kind"] == "never_received"


async def test_an_order_that_waits_is_told_to_wait(last_click: Stage) -> None:
    await last_click.shop.report(order(3, on(8), customer_id="cleo"))
    assert (await one(await last_click.seen_by(last_click.zine), order_id="00003"))["kind"] == "waits"
    waiting = await one(await last_click.seen_by(None), order_id="00003")
    assert (waiting["kind"], waiting["order_id"]) == ("waits", "00003")


async def test_a_click_leads_to_the_receipts_after_it(last_click: Stage) -> None:
    for name, partner in (("radio", last_click.radio), ("club", last_click.club)):
        found = await one(await last_click.seen_by(partner), click_id=click(last_click, name))
        assert (found["kind"], found["conversion"]) == ("receipt", last_click.conversions[0])


async def test_a_click_behind_which_nobody_is_known_says_so(last_click: Stage) -> None:
    found = await one(await last_click.seen_by(last_click.zine), click_id=click(last_click, "zine"))
    assert found["kind"] == "not_identified"
    assert "this click of 4 March 2026, 11:53 UTC" in found["says"]


async def test_a_click_whose_customer_ordered_nothing_says_so(last_click: Stage) -> None:
    await last_click.shop.identify(("dan", last_click.clicks["zine"]))
    found = await one(await last_click.seen_by(last_click.zine), click_id=click(last_click, "zine"))
    assert found["kind"] == "no_order"


async def test_a_click_by_a_bot_says_so(last_click: Stage) -> None:
    made = await last_click.zine.click(last_click.network.owner, on(3), excluded="bot")
    found = await one(await last_click.seen_by(last_click.zine), click_id=ids.shown("clk", made))
    assert (found["kind"], found["says"]) == (
        "excluded_click",
        "A bot made this click, so it counts for nothing.",
    )


async def test_anothers_click_is_answered_as_one_that_is_not_there(last_click: Stage) -> None:
    zine = await last_click.seen_by(last_click.zine)
    unknown = ids.shown("clk", ids.new_id(on(4)))
    answers = [
        await one(zine, click_id=text) for text in (click(last_click, "radio"), unknown, "clk_nonsense")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["kind"] == "unknown_click"


async def test_a_code_that_was_never_given_to_one_is_unknown(last_click: Stage) -> None:
    assert (await one(await last_click.seen_by(last_click.zine), code="SUMMER"))["kind"] == "unknown_code"


async def test_days_list_the_receipts_of_ones_own_touches(last_click: Stage) -> None:
    radio = await last_click.seen_by(last_click.radio)
    found = await asked(radio, on="2026-03-05", until="2026-03-06")
    assert [item["conversion"] for item in found] == [last_click.conversions[0]]
    nothing = await one(await last_click.seen_by(last_click.zine), on="2026-03-04", until="2026-03-06")
    assert nothing["kind"] == "no_order_on_those_days"
    assert "on those days: 1, of which 1 count" in nothing["says"]


async def test_the_advertiser_and_the_operator_are_told_everything(last_click: Stage) -> None:
    for browser in (await last_click.seen_by(None), await last_click.seen_by_operator()):
        assert (await one(browser, order_id="00001"))["says"] == "It is credited to radio-riviera."
        assert (await one(browser, order_id="00002"))["says"].startswith("It is credited to nobody")
        assert (await one(browser, click_id=click(last_click, "zine")))["kind"] == "not_identified"
        assert (await one(browser, order_id="00099"))["kind"] == "never_received"


async def test_a_question_is_refused_with_what_is_wrong_with_it(last_click: Stage) -> None:
    browser = await last_click.seen_by(last_click.zine)
    for by, field in (
        ({}, "order_id"),
        ({"until": "2026-03-05"}, "on"),
        ({"on": "2026-03-05", "until": "2026-03-01"}, "until"),
        ({"on": "2026-01-05", "until": "2026-03-01"}, "until"),
    ):
        answer = await browser.get(PATH, params=by)
        assert answer.status_code == 422, by
        assert field in answer.text


async def test_questions_are_counted_so_that_nobody_counts_an_advertisers_orders(last_click: Stage) -> None:
    browser = await last_click.seen_by(last_click.zine)
    for number in range(60):
        assert (await browser.get(PATH, params={"order_id": f"{number:05}"})).status_code == 200
    refused = await browser.get(PATH, params={"order_id": "00061"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    # its own days it may go on reading
    assert (await browser.get(PATH, params={"on": "2026-03-05"})).status_code == 200


async def test_the_page_keeps_what_was_typed_and_shows_what_is_wrong(last_click: Stage) -> None:
    browser = await last_click.seen_by(last_click.zine)
    answer = await browser.get(
        "/missing-orders", params={"order_id": "00002", "on": "5 March"}, headers={"accept": "text/html"}
    )
    assert answer.status_code == 422
    assert 'value="00002"' in answer.text
    assert "Write the day like 2026-03-31." in answer.text


def click(stage: Stage, name: str) -> str:
    return ids.shown("clk", stage.clicks[name])
