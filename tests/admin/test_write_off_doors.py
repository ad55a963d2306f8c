"""What the network bears of a clawback at the end of a partnership, through its doors: page and API."""

import pytest

from partner_network.database import connections
from tests import builders
from tests.admin.conftest import Office
from tests.admin.test_case_doors import post
from tests.builders import SHOP, at
from tests.payouts.conftest import Sale

PAGE = "/admin/write-offs"


@pytest.fixture
async def clawback(closed: Sale) -> int:
    """The order of 150.00 that stands on a statement was refunded whole: 15.00 is due."""
    await builders.set_clock(at(3, 2))
    await closed.refund(SHOP, "00001", 15_000, at(3, 2))
    await closed.work()
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT transfer_id FROM clawbacks")


async def test_one_proposes_on_the_page_and_another_approves(clawback: int, office: Office) -> None:
    pia, ann = await office.person("pia"), await office.person("ann")
    manager = await office.person("max", "manager")
    path = f"{PAGE}/{clawback}"

    listed = (await pia.get(PAGE)).text
    wordless = await post(pia, PAGE, f"{path}/proposal", reason=" ")
    proposed = await post(pia, PAGE, f"{path}/proposal", reason="Our mistake")
    again = await post(ann, PAGE, f"{path}/proposal", reason="Theirs too")
    mine, hers = (await pia.get(PAGE)).text, (await ann.get(PAGE)).text
    own = await post(pia, PAGE, f"{path}/decision", decision="approved", reason="Checked")
    approved = await post(ann, PAGE, f"{path}/decision", decision="approved", reason="Checked")
    looked = await manager.get(PAGE)

    assert "$15.00" in listed
    assert "00001" in listed
    assert (wordless.status_code, proposed.status_code) == (422, 303)
    assert again.status_code == 422
    assert "proposed already" in again.text
    assert 'value="withdrawn"' in mine
    assert 'value="approved"' not in mine
    assert 'value="approved"' in hers
    assert own.status_code == 422
    assert "cannot decide it" in own.text
    assert approved.status_code == 303
    assert looked.status_code == 200
    assert "booked when the partnership has ended" in looked.text
    assert "/proposal" not in looked.text


async def test_the_same_over_the_api_and_a_declined_one_may_be_proposed_again(
    clawback: int, office: Office
) -> None:
    pia, ann = await office.person("pia"), await office.person("ann")
    path = f"/api/v1/clawbacks/{clawback}/write-off"

    first = await pia.post(path, {"reason": "Our mistake"})
    twice = await pia.post(path, {"reason": "Our mistake"})
    own = await pia.post(f"{path}/decision", {"decision": "declined", "reason": "No"})
    declined = await ann.post(f"{path}/decision", {"decision": "declined", "reason": "No"})
    second = await ann.post(path, {"reason": "Ours all the same"})
    listed = (await pia.get("/api/v1/write-offs")).json()["items"]

    assert (first.status_code, first.json()["state"], first.json()["limit_minor"]) == (201, "proposed", 1_500)
    assert (twice.status_code, own.status_code) == (409, 403)
    assert (declined.status_code, declined.json()["state"]) == (201, "declined")
    assert second.status_code == 201
    assert [(one["state"], one["reason"], one["currency"]) for one in listed] == [
        ("proposed", "Ours all the same", "USD"),
        ("declined", "Our mistake", "USD"),
    ]
    assert (listed[0]["decided_at"], listed[1]["decided_reason"]) == (None, "No")
