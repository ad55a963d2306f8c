import re
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

import httpx
import pytest

from admin.queries import administration
from admin.queries import statements as listed
from partner_network.database import connections
from partner_network.identity.web.listings import Listing
from partner_network.kernel import ids
from partner_network.payouts.rules import ONBOARDING_MISSING
from partner_network.statements import jobs
from partner_network.statements import queries as statements
from partner_network.statements.due_queries import Unclosed
from partner_network.statements.rules import Status
from tests import builders
from tests.admin.conftest import Office
from tests.builders import SHOP, SMALL, at
from tests.doors import Browser
from tests.payouts.conftest import Sale

NUMBER = "TUNE-HOUSE-NEEDLE-DROP-2026-02-USD"


async def address(office: Office) -> str:
    statement_id = await office.network.owner.fetchval("SELECT id FROM statements")
    return f"/admin/statements/{ids.shown('stm', statement_id)}"


def read_hash(page: httpx.Response) -> str:
    """What the form sends along: the hash of the content that the page showed."""
    found = re.search(r'name="content_hash" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found[1]


async def send(browser: Browser, path: str, verb: str, **fields: str) -> httpx.Response:
    """Read the page and send its form, with the token that stands in it."""
    page = await browser.get(path)
    del browser.client.headers["x-csrf-token"]
    data = {"csrf_token": token(page), "content_hash": read_hash(page)} | fields
    answer = await browser.client.post(f"{path}/{verb}", data=data)
    browser.client.headers["x-csrf-token"] = token(page)
    return answer


async def test_one_person_prepares_and_another_approves_with_a_reason(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")

    prepared = await send(pia, path, "preparation")
    approved = await send(art, path, "approval", reason="Compared with the orders of January")

    page = (await art.get(path)).text
    assert (prepared.status_code, approved.status_code) == (303, 303)
    assert prepared.headers["location"] == approved.headers["location"] == path
    assert "by Pia<" in page
    assert "by Art<" in page
    assert "Compared with the orders of January" in page
    assert "It waits for Tune House to pay in." in page


async def test_who_prepared_it_is_told_why_they_cannot_approve(office: Office) -> None:
    path = await address(office)
    pia = await office.person("pia")
    hashed = read_hash(await pia.get(path))
    await send(pia, path, "preparation")

    page = await pia.get(path)
    forced = await pia.client.post(f"{path}/approval", data={"content_hash": hashed, "reason": "Mine"})

    assert "another person in finance must approve it" in page.text
    assert f"{path}/approval" not in page.text
    assert forced.status_code == 403
    assert "You prepared statement" in forced.text
    assert await office.network.owner.fetchval("SELECT count(*) FROM statement_approvals") == 0


async def test_other_content_than_was_read_is_not_signed(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")

    for other in ("00" * 32, "no hash", ""):
        answer = await send(pia, path, "preparation", content_hash=other)
        assert answer.status_code == 409
        assert "is not what you read" in answer.text
    await send(pia, path, "preparation")
    answer = await send(art, path, "approval", content_hash="00" * 32, reason="Fine")

    assert answer.status_code == 409
    assert "is not what you read" in answer.text
    assert await office.network.owner.fetchval("SELECT count(*) FROM statement_approvals") == 0


async def test_an_approval_says_why(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")
    await send(pia, path, "preparation")

    for reason in ("", "   ", "x" * 501):
        answer = await send(art, path, "approval", reason=reason)
        assert answer.status_code == 422
        assert "why you approve it" in answer.text
    assert await office.network.owner.fetchval("SELECT count(*) FROM statement_approvals") == 0


async def test_a_second_signature_of_the_same_kind_is_refused(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")
    hashed = read_hash(await pia.get(path))
    await send(pia, path, "preparation")

    answer = await art.client.post(f"{path}/preparation", data={"content_hash": hashed})

    assert answer.status_code == 409
    assert "is prepared already" in answer.text


@pytest.mark.parametrize("role", ["manager", "admin"])
async def test_whoever_is_not_finance_reads_but_signs_nothing(office: Office, role: str) -> None:
    path = await address(office)
    browser = await office.person("max", role)

    page = await browser.get(path)
    answers = [
        await browser.client.post(f"{path}/{verb}", data={"content_hash": "00" * 32, "reason": "Me"})
        for verb in ("preparation", "approval")
    ]

    assert "It waits for somebody in the network’s finance to prepare it." in page.text
    assert 'method="post"' not in page.text.split("<main")[1].split("</main>")[0]
    assert [answer.status_code for answer in answers] == [403, 403]


async def test_a_statement_shows_its_totals_lines_and_clause(office: Office) -> None:
    page = (await (await office.person("pia")).get(await address(office))).text

    assert NUMBER in page
    assert page.count("$15.00") >= 3
    assert "Commissions earned" in page
    assert "00001" in page
    assert ">4.2<" in page
    assert "One line" in page


async def test_the_list_filters_by_status_and_period(office: Office) -> None:
    pia = await office.person("pia")

    found = [
        NUMBER in (await pia.get(f"/admin/statements?{query}")).text
        for query in ("", "status=draft", "period=2026-02", "status=draft&period=2026-02")
    ]
    others = [
        NUMBER in (await pia.get(f"/admin/statements?status={status}")).text
        for status in ("issued", "approved", "paid", "carried")
    ]

    assert found == [True] * 4
    assert others == [False] * 4


def asked(status: str = "") -> Listing:
    return Listing.read({"status": status}, listed.ORDER, "number", filters={"status": get_args(Status)})


async def test_lists_derive_the_same_status_as_the_statement_itself(office: Office) -> None:
    path = await address(office)
    seen: list[Status] = []

    async def compare() -> None:
        _, (row,), _ = await listed.statement_rows(asked())
        async with connections.transaction(eyes="operator") as connection:
            (statement,) = await statements.statements(connection)
        assert row.status == statement.status
        assert (await listed.statement_rows(asked(row.status)))[1] == [row]
        seen.append(row.status)

    await compare()
    await send(await office.person("pia"), path, "preparation")
    await compare()
    await send(await office.person("art"), path, "approval", reason="As agreed")
    await compare()
    await office.pay()
    await compare()

    assert seen == ["draft", "issued", "approved", "paid"]
    assert set(seen) < set(get_args(Status))


async def test_the_first_page_counts_what_waits_station_by_station(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")

    async def counted() -> tuple[int, int]:
        counts = await administration.counts()
        return counts.to_prepare, counts.to_approve

    at_first = await counted()
    await send(pia, path, "preparation")
    prepared = await counted()
    await send(art, path, "approval", reason="As agreed")
    approved = await counted()
    page = (await art.get("/admin/")).text

    assert (at_first, prepared, approved) == ((1, 0), (0, 1), (0, 0))
    assert "Tune House" in page
    assert "$15.00" in page


async def test_a_held_payout_says_what_to_do(office: Office) -> None:
    path = await address(office)
    owner = office.network.owner
    await send(await office.person("pia"), path, "preparation")
    await send(art := await office.person("art"), path, "approval", reason="As agreed")
    await owner.execute(
        "UPDATE stripe_accounts SET transfers_status = 'pending' WHERE brand_id = $1",
        office.sale.brands[SMALL],
    )
    await office.pay()

    held = (await art.get("/admin/payouts?show=held")).text
    payout = ids.shown("pay", await owner.fetchval("SELECT id FROM payouts"))
    page = (await art.get(f"/admin/payouts/{payout}")).text

    assert f"/admin/payouts/{payout}" in held
    assert ONBOARDING_MISSING in page
    assert "open its page Payout account and finish with Stripe" in page
    assert "Nothing was sent yet." in page
    assert (await administration.counts()).held == 1


async def test_a_paid_payout_shows_its_attempt_and_the_transfer_at_stripe(office: Office) -> None:
    path = await address(office)
    await send(await office.person("pia"), path, "preparation")
    await send(art := await office.person("art"), path, "approval", reason="As agreed")
    await office.pay()

    row = await office.network.owner.fetchrow("SELECT payout_id, stripe_transfer_id FROM payout_attempts")
    assert row is not None
    page = (await art.get(f"/admin/payouts/{ids.shown('pay', row['payout_id'])}")).text

    assert row["stripe_transfer_id"] in page
    assert "settled" in page
    assert row["stripe_transfer_id"] in (await art.get("/admin/payouts")).text
    assert "Nothing is held" in (await art.get("/admin/payouts?show=held")).text


async def unclosed(now: datetime) -> Sequence[Unclosed]:
    return (await listed.stated_and_unclosed(now)).unclosed


async def test_a_period_is_unclosed_once_it_has_ended_and_until_it_is_closed(closed: Sale) -> None:
    ended = at(4, 1, 0, 30)  # February's statement is unpaid, so March has one too
    assert await unclosed(at(3, 31)) == []
    assert await unclosed(ended) == [Unclosed("Needle Drop", "Tune House", "USD", "2026-03", 0, SMALL, SHOP)]
    async with connections.transaction() as connection:
        await connection.execute(
            "INSERT INTO unaccrued_conversions SELECT partnership_id, conversion_id FROM commissions"
        )
    assert [one.waiting for one in await unclosed(ended)] == [1]
    await builders.set_clock(ended)
    await closed.work()
    await jobs.close_periods(ended)
    assert await unclosed(ended) == []


async def test_what_keeps_a_period_open_is_said_above_the_list(office: Office) -> None:
    pia = await office.person("pia")
    assert "The worker, which closes it within a minute" in (await pia.get("/admin/statements")).text
    await office.network.owner.execute(
        "INSERT INTO unaccrued_conversions SELECT partnership_id, conversion_id FROM commissions"
    )
    assert "1 order that is not computed and matured yet" in (await pia.get("/admin/statements")).text
