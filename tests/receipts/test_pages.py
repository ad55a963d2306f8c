"""The pages of conversions and receipts, as each side opens them."""

import re

from partner_network.commissions.actions import accrue
from tests.conversions import cast
from tests.conversions.cast import on, order, refund
from tests.doors import Browser
from tests.receipts.stage import Stage, brand

PAGE = {"accept": "text/html"}


async def opened(browser: Browser, path: str) -> str:
    answer = await browser.get(path, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


async def test_the_advertisers_page_says_whose_it_is_and_why_each_touch_counted_or_not(
    last_click: Stage,
) -> None:
    page = await opened(await last_click.seen_by(None), last_click.page)
    told = words(page)
    assert "Order 00001" in told
    assert "radio-riviera: share of the net, 1 100 % $50.00" in told
    for reason in ("a bot made it", "clicked 4 d 03 h before the sale", "a later touch decides"):
        assert reason in told
    assert "Decided again just now from the receipt’s own facts: the same decision, the same root." in told
    assert re.search(r'href="/agreements/agr_\w+#c3\.2"', page)


async def test_a_reason_is_marked_as_english_that_no_program_translates(last_click: Stage) -> None:
    page = await opened(await last_click.seen_by(None), f"{last_click.page}?lang=de")
    assert '<html lang="de"' in page
    assert re.search(r'<span lang="en" translate="no">a bot made it', page)


async def test_the_drawing_is_said_by_the_table_too_and_needs_no_style(linear: Stage) -> None:
    page = await opened(await linear.seen_by(None), linear.page)
    assert page.count('class="mark credited"') == 2 + 1  # two touches and the legend
    assert " style=" not in page
    assert re.search(r'<svg role="img" aria-label="[^"]+The table below says the same', page)


async def test_the_operator_reads_it_in_the_back_office(last_click: Stage) -> None:
    for role in ("manager", "finance", "admin"):
        operator = await last_click.seen_by_operator(role)
        page = await opened(operator, f"/admin{last_click.page}")
        assert "radio-riviera" in page
        assert "club-sandwich" in page
        assert "Order 00001" in words(page)
        assert "/admin/conversions/" in await opened(operator, "/admin/conversions")
        assert "It is credited to radio-riviera." in words(
            await opened(operator, "/admin/missing-orders?order_id=00001")
        )
        assert (await operator.get(last_click.page, headers=PAGE)).status_code == 403


async def test_an_earlier_revision_stays_to_be_read_and_says_that_a_later_one_stands(
    last_click: Stage,
) -> None:
    later = await last_click.radio.click(last_click.network.owner, on(4, 20))
    await last_click.shop.identify(("ada", later))
    await last_click.decide()
    advertiser = await last_click.seen_by(None)
    assert "Revision 2" in words(await opened(advertiser, last_click.page))
    first = words(await opened(advertiser, f"{last_click.page}?rev=1"))
    assert "This is revision 1. A later one stands." in first
    assert "Decided again just now" in first


async def test_a_touch_that_came_after_the_lock_date_is_listed_and_changes_nothing(last_click: Stage) -> None:
    await last_click.network.owner.execute("UPDATE simulated_clock SET simulated_at = $1", on(2, month=6))
    late = await last_click.blog.click(last_click.network.owner, on(4, 22), recorded_at=on(2, month=6))
    await last_click.shop.identify(("ada", late))
    await last_click.decide()
    told = (await (await last_click.seen_by(None)).get(last_click.path)).json()
    assert [one["weight"] for one in told["credits"]] == ["1"]
    (listed,) = [one for one in told["candidates"] if "lock date" in one["reason"]]
    assert (listed["verdict"], listed["clause"]) == ("excluded", "3.12")


async def test_what_it_earned_stands_with_its_clause_for_whoever_may_read_money(linear: Stage) -> None:
    await linear.shop.refund(refund(1, 1, on(20)))
    async with linear.network.as_worker():
        await accrue.accrue_pending(on(31))
    # half of 40.00 after the refund, at 5 %
    for partner, shown in (
        (linear.radio, "$20.00"),
        (None, "radio-riviera: share of the net, 1/2 50 % $20.00"),
    ):
        told = words(await opened(await linear.seen_by(partner, "owner"), linear.page))
        assert "Refunded on 20 Mar 2026" in told
        assert shown in told
        assert re.search(r"Commission “sales”.{0,40}clause 4\.2 · pending until 1 May 2026 \$1\.00", told)
    answer = (await (await linear.seen_by(linear.radio, "owner")).get(linear.path)).json()
    (earned,) = answer["commissions"]
    assert (earned["partner"], earned["amount_minor"], earned["clause"]) == (brand(linear.radio), 100, "4.2")
    assert [one["share_minor"] for one in answer["credits"]] == [2_000]
    marketer = await linear.seen_by(linear.radio, "marketer")
    assert (await marketer.get(linear.path)).json()["commissions"] is None
    assert "Commission" not in words(await opened(marketer, linear.page))
    lost = words(await opened(await linear.seen_by(linear.club, "owner"), linear.page))
    assert "Refunded" not in lost
    assert "Commission" not in lost


async def test_a_conversion_that_waits_says_so_to_its_advertiser(last_click: Stage) -> None:
    answer = await last_click.shop.report(order(9, on(9), customer_id="cleo"))
    page = f"/conversions/{answer.conversions[0].id}"
    assert "waits to be decided" in words(await opened(await last_click.seen_by(None), page))
    nobody = await last_click.seen_by(last_click.zine)
    assert (await nobody.get(page, headers=PAGE)).status_code == 404


async def test_the_advertisers_list_has_every_order_and_a_partners_those_of_its_touches(
    last_click: Stage,
) -> None:
    advertiser = words(await opened(await last_click.seen_by(None), "/conversions"))
    assert "00001" in advertiser
    assert "00002" in advertiser
    assert "credited to nobody" in advertiser
    lost = words(await opened(await last_click.seen_by(last_click.blog), "/conversions"))
    assert "00001" in lost
    assert "not credited to you" in lost
    assert "00002" not in lost
    assert "Nothing yet" in words(await opened(await last_click.seen_by(last_click.zine), "/conversions"))


async def test_a_list_is_searched_filtered_sorted_and_given_as_a_file(last_click: Stage) -> None:
    async with last_click.network.owner.transaction():
        await cast.program(last_click.network.owner, last_click.shop.brand_id, "second")
    advertiser = await last_click.seen_by(None)
    for asked, expected in (
        ("q=0002", ["00002"]),
        ("outcome=attributed", ["00001"]),
        ("outcome=unattributed", ["00002"]),
        ("outcome=received", []),
        ("sort=order", ["00001", "00002"]),
        ("sort=-order", ["00002", "00001"]),
        ("sort=date&size=25", ["00001", "00002"]),
    ):
        file = (await advertiser.get(f"/conversions?{asked}&format=csv")).text
        assert re.findall(r",(0000\d),", file) == expected, asked
    credited = (await (await last_click.seen_by(last_click.radio)).get("/conversions?format=csv")).text
    assert ",credited,radio-riviera" in credited.splitlines()[1]
    lost = (await (await last_click.seen_by(last_click.blog)).get("/conversions?outcome=credited")).text
    assert "Nothing found" in lost
