"""Unused prepaid money through its doors: one asks, another approves, and the advertiser sees it."""

import re

from partner_network.gateways import clock
from partner_network.payouts.actions import fund, give_back
from tests.admin.conftest import Office
from tests.admin.test_case_doors import post
from tests.builders import SHOP
from tests.payouts.test_returns import request

PAGE = "/admin/returns"


async def prepaid(office: Office) -> None:
    now = await clock.now()
    funding_id = await request(office.network.owner, office.sale, 1_000)
    async with office.network.as_worker():
        await fund.charge_funding(office.sale.stripe, funding_id, now)


async def test_two_people_of_finance_give_back_what_an_advertiser_did_not_use(office: Office) -> None:
    await prepaid(office)
    pia, ann = await office.person("pia"), await office.person("ann")
    whose = re.search(r'value="(bnd_\w+:USD)"', (await pia.get(PAGE)).text)
    assert whose is not None

    empty = await post(pia, PAGE, PAGE, whose=whose[1], amount="ten", reason="")
    too_much = await post(pia, PAGE, PAGE, whose=whose[1], amount="10.01", reason="They leave")
    nobody = await post(pia, PAGE, PAGE, whose="bnd_1:USD", amount="4", reason="They leave")
    asked = await post(pia, PAGE, PAGE, whose=whose[1], amount="4.00", reason="They leave")
    mine = (await pia.get(PAGE)).text
    path = re.search(r'action="(/admin/returns/[^"]+)"', mine)
    assert path is not None
    own = await post(pia, PAGE, path[1], decision="approved", reason="Checked")
    wordless = await post(ann, PAGE, path[1], decision="approved", reason=" ")
    approved = await post(ann, PAGE, path[1], decision="approved", reason="Checked")
    async with office.network.as_worker():
        await give_back.give_back_approved(office.sale.stripe, await clock.now())
    booked = await office.network.owner.fetch("SELECT status, amount_minor FROM prepaid_returns")

    assert (empty.status_code, too_much.status_code, nobody.status_code) == (422, 422, 422)
    assert "Write a number" in empty.text
    assert "Only $10.00 is unused" in too_much.text
    assert 'value="10.01"' in too_much.text
    assert "They leave" in nobody.text
    assert (asked.status_code, asked.headers["location"]) == (303, PAGE)
    assert 'value="approved"' not in mine
    assert own.status_code == 422
    assert "another person" in own.text
    assert wordless.status_code == 422
    assert (approved.status_code, [tuple(row) for row in booked]) == (303, [("accepted", 400)])
    after = (await ann.get(PAGE)).text
    assert "given back" in after
    assert "$6.00" in after
    await office.network.person("fin@shop.example", office.sale.brands[SHOP], ["finance"])
    seen = (await (await office.network.signed_in("fin@shop.example")).get("/balances")).text
    assert "Prepaid money given back" in seen
    assert "$4.00" in seen


async def test_a_manager_reads_the_list_and_may_not_ask(office: Office) -> None:
    await prepaid(office)
    manager = await office.person("max", "manager")

    page = await manager.get(PAGE)
    refused = await post(manager, PAGE, PAGE, whose="", amount="4", reason="They leave")

    assert page.status_code == 200
    assert "Ask for the return" not in page.text
    assert refused.status_code == 403
