"""Objections, approvals of several, limits and previews, through the doors of office and portal."""

import re

import httpx
import pytest

from partner_network.kernel import ids
from tests.admin.conftest import Office
from tests.admin.test_statements import address, read_hash, send, token
from tests.builders import SHOP
from tests.doors import Browser


async def shop_person(office: Office) -> Browser:
    """Somebody of Tune House's finance."""
    brand = office.sale.brands[SHOP]
    await office.network.person("fay@tune-house.test", brand, ["finance"])
    return await office.network.signed_in("fay@tune-house.test")


async def post(browser: Browser, page: httpx.Response, path: str, data: dict[str, object]) -> httpx.Response:
    """Send a form that stands on a page, with that page's token."""
    del browser.client.headers["x-csrf-token"]
    answer = await browser.client.post(path, data={"csrf_token": token(page), **data})
    browser.client.headers["x-csrf-token"] = token(page)
    return answer


async def test_a_payer_objects_and_finance_answers_before_anybody_approves(office: Office) -> None:
    path = await address(office)
    await send(await office.person("pia"), path, "preparation")
    fay, art = await shop_person(office), await office.person("art")
    shown = path.removeprefix("/admin")

    read = await fay.get(shown)
    link = re.search(r'href="([^"]+/objection)"', read.text)
    assert link, read.text
    form = await fay.get(link[1])
    empty = await post(fay, form, link[1], {"reason": " "})
    objected = await post(fay, form, link[1], {"reason": "It was never delivered"})
    blocked = await art.get(path)
    line = link[1].split("/")[-2]
    answer = f"{path}/objections/{line}/answer"
    unsure = await post(art, blocked, answer, {"reason": ""})
    answered = await post(
        art, blocked, answer, {"outcome": "upheld", "amount": "6.00", "reason": "The log says so"}
    )
    page = await art.get(path)
    approved = await send(art, path, "approval", reason="As agreed")

    assert (empty.status_code, objected.status_code) == (422, 303)
    assert "It waits for the answer to an objection" in blocked.text
    assert "It was never delivered" in blocked.text
    assert unsure.status_code == 422
    assert "Choose one." in unsure.text
    assert answered.status_code == 303
    assert "$6.00 is taken back by an adjustment" in page.text
    assert approved.status_code == 303
    seen = (await fay.get(shown)).text
    assert "The log says so" in seen
    assert "/objection" not in seen.split("<main")[1]


async def test_several_are_approved_at_once_and_what_cannot_be_is_set_aside(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")
    hashed = read_hash(await pia.get(path))
    await send(pia, path, "preparation")
    ticked = f"{path.split('/')[-1]}:{hashed}"

    mine = await pia.get("/admin/approvals")
    ready = await art.get("/admin/approvals")
    nothing = await post(art, ready, "/admin/approvals", {"reason": ""})
    changed = f"{path.split('/')[-1]}:{'00' * 32}"
    done = await post(art, ready, "/admin/approvals", {"reason": "As agreed", "statement": [changed, ticked]})

    assert "You prepared it; another person approves it." in mine.text
    assert ticked in ready.text
    assert ticked not in mine.text
    assert nothing.status_code == 422
    assert "Tick at least one statement." in nothing.text
    assert "is not what you read" in done.text
    assert "Approved</td>" in done.text
    assert await office.network.owner.fetchval("SELECT count(*) FROM statement_approvals") == 1


async def test_above_the_limit_an_approval_waits_for_a_second_person(office: Office) -> None:
    path = await address(office)
    adi, art = await office.person("adi", "admin"), await office.person("art")
    page = await adi.get("/admin/approval-limits")
    wrong = await post(adi, page, "/admin/approval-limits", {"currency": "usd", "amount": "x", "reason": ""})
    right = await post(
        adi, page, "/admin/approval-limits", {"currency": "USD", "amount": "14.99", "reason": "Two see more"}
    )
    await send(await office.person("pia"), path, "preparation")

    await send(art, path, "approval", reason="As agreed")
    half = await art.get(path)
    await send(await office.person("zoe"), path, "approval", reason="Seen too")
    whole = await art.get(path)

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert "$14.99" in (await adi.get("/admin/approval-limits")).text
    assert "You gave its first approval" in half.text
    assert "It waits for Tune House to pay in." in whole.text
    assert "Seen too" in whole.text


@pytest.mark.parametrize("side", ["office", "payer"])
async def test_a_preview_says_what_would_be_stated_and_writes_nothing(office: Office, side: str) -> None:
    browser = await office.person("pia") if side == "office" else await shop_person(office)
    base = "/admin/statements/preview" if side == "office" else "/statements/preview"
    account = await office.network.owner.fetchval("SELECT id FROM ledger_accounts WHERE kind = 'pay'")
    before = await office.network.owner.fetchval("SELECT count(*) FROM ledger_entries")

    chooser = await browser.get(base)
    page = await browser.get(f"{base}?account={account}")

    assert f"{base}?account={account}" in chooser.text
    assert "This is no statement" in page.text
    assert "The period has ended; the next close closes it." in page.text
    assert page.text.count("$15.00") >= 2  # opening and closing: nothing is paid yet
    assert await office.network.owner.fetchval("SELECT count(*) FROM ledger_entries") == before
    assert await office.network.owner.fetchval("SELECT count(*) FROM statements") == 1


async def test_a_line_of_another_statement_has_no_form(office: Office) -> None:
    fay = await shop_person(office)
    shown = (await address(office)).removeprefix("/admin")
    assert (await fay.client.get(f"{shown}/lines/999999/objection")).status_code == 404
    stranger = ids.shown("stm", office.sale.brands[SHOP])
    assert (await fay.client.get(f"/statements/{stranger}/lines/1/objection")).status_code == 404
