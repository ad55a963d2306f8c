"""Cases and held payouts through their doors: who may do what, and what the page says then."""

import re
from uuid import UUID

import httpx

from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.payouts import jobs as payouts
from tests.admin.conftest import Office
from tests.admin.test_statements import address, send, token
from tests.builders import SMALL
from tests.doors import Browser
from tests.payouts.conftest import EARNED_MINOR

FOUND = "Our books expect $15.00 at Stripe; its balance is $14.00."


async def a_case(office: Office) -> UUID:
    now = await clock.now()
    case_id = ids.new_id(now)
    await office.network.owner.execute(
        """INSERT INTO cases (id, kind, subject, said, opened_at)
           VALUES ($1, 'balance differs', 'USD', $2, $3)""",
        case_id,
        FOUND,
        now,
    )
    return case_id


async def post(browser: Browser, page: str, path: str, **data: str) -> httpx.Response:
    """Send a form that stands on a page, with that page's token."""
    shown = token(await browser.get(page))
    del browser.client.headers["x-csrf-token"]
    answer = await browser.client.post(path, data={"csrf_token": shown, **data})
    browser.client.headers["x-csrf-token"] = shown
    return answer


async def test_somebody_takes_a_case_and_closes_it_by_a_reason(office: Office) -> None:
    case_id = await a_case(office)
    path = f"/admin/cases/{ids.shown('cse', case_id)}"
    pia = await office.person("pia")
    before = (await pia.get("/admin/cases")).text

    taken = await post(pia, "/admin/cases", f"{path}/owner")
    mine = (await pia.get("/admin/cases")).text
    wordless = await post(pia, "/admin/cases", f"{path}/closing", reason="  ")
    closed = await post(pia, "/admin/cases", f"{path}/closing", reason="A payout of our own to our bank")
    after = (await pia.get("/admin/cases?show=closed")).text

    assert FOUND in before
    assert "nobody yet" in before
    assert (taken.status_code, taken.headers["location"]) == (303, "/admin/cases")
    assert "Take it over" not in mine
    assert wordless.status_code == 422
    assert 'role="alert"' in wordless.text
    assert re.search(r"<details[^>]* open>", wordless.text)
    assert closed.status_code == 303
    assert "A payout of our own to our bank" in after
    assert "Pia" in after


async def test_a_closed_case_is_neither_taken_nor_closed_again(office: Office) -> None:
    path = f"/admin/cases/{ids.shown('cse', await a_case(office))}"
    pia = await office.person("pia")
    await post(pia, "/admin/cases", f"{path}/closing", reason="Done")

    for verb in ("owner", "closing"):
        again = await post(pia, "/admin/cases", f"{path}/{verb}", reason="Once more")
        assert again.status_code == 409
        assert "closed already" in again.text


async def test_only_finance_takes_and_closes_cases(office: Office) -> None:
    path = f"/admin/cases/{ids.shown('cse', await a_case(office))}"
    mona = await office.person("mona", "manager")

    for verb in ("owner", "closing"):
        answer = await mona.client.post(f"{path}/{verb}", data={"reason": "Mine"})
        assert answer.status_code == 403
    assert await office.network.owner.fetchval("SELECT owner_id IS NULL AND closed_at IS NULL FROM cases")


async def test_cases_leave_as_a_file_with_who_closed_them_and_why(office: Office) -> None:
    path = f"/admin/cases/{ids.shown('cse', await a_case(office))}"
    pia = await office.person("pia")
    await post(pia, "/admin/cases", f"{path}/closing", reason="Of our own")

    file = await pia.get("/admin/cases?format=csv")

    head, row = file.text.strip().splitlines()
    assert file.headers["content-type"].startswith("text/csv")
    assert head.lstrip("\ufeff").split(",")[:3] == ["case", "subject", "found"]
    assert row.startswith(f"balance differs,USD,{FOUND},")
    assert row.endswith(",Pia,Of our own")


async def a_held_payout(office: Office) -> str:
    """Pay, and let Stripe refuse the partner; return the payout's page."""
    statement = await address(office)
    await send(await office.person("ned"), statement, "preparation")
    await send(await office.person("art"), statement, "approval", reason="As agreed")
    await office.sale.fault("403")
    await office.pay()
    payout_id = await office.network.owner.fetchval("SELECT id FROM payouts WHERE held_reason IS NOT NULL")
    return f"/admin/payouts/{ids.shown('pay', payout_id)}"


async def test_a_held_payout_is_let_go_by_a_reason_and_then_paid(office: Office) -> None:
    path = await a_held_payout(office)
    pia = await office.person("pia")

    held = (await pia.get(path)).text
    wordless = await post(pia, path, f"{path}/release", reason="")
    let_go = await post(pia, path, f"{path}/release", reason="Cleared up with Stripe")
    again = await post(pia, path, f"{path}/release", reason="Cleared up with Stripe")
    async with office.network.as_worker():
        await payouts.pay(office.sale.stripe, await clock.now())

    assert "Let it go on" in held
    assert wordless.status_code == 422
    assert 'role="alert"' in wordless.text
    assert (let_go.status_code, let_go.headers["location"]) == (303, path)
    assert again.status_code == 409
    paid = (await pia.get(path)).text
    assert "Let it go on" not in paid
    assert await office.sale.transfers_minor() == [EARNED_MINOR]


async def test_nobody_but_finance_lets_a_payout_go(office: Office) -> None:
    path = await a_held_payout(office)
    await office.network.person("lea@needle-drop.test", office.sale.brands[SMALL], ["owner"])
    mona, lea = (
        await office.person("mona", "manager"),
        await office.network.signed_in("lea@needle-drop.test"),
    )

    for person in (mona, lea):
        answer = await person.client.post(f"{path}/release", data={"reason": "Mine"})
        assert answer.status_code == 403
    assert await office.network.owner.fetchval("SELECT count(*) FROM payout_releases") == 0
