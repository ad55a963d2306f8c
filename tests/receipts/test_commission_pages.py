"""The page of a commission: its arithmetic, what changed it, where the money lies, and what may be done."""

import re

import httpx
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.statements import jobs as statements
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, at, numbered
from tests.doors import Browser, Network, network
from tests.payouts.conftest import Sale, sale, simulator

__all__ = ["network", "sale", "simulator"]


class Doors:
    """The web app around one sale, and the people who look."""

    def __init__(self, network: Network, sale: Sale) -> None:
        self.network = network
        self.sale = sale
        self.conversion = ""

    async def operator(self, name: str, role: str = "manager") -> Browser:
        await self.network.person(f"{name}@office.example", None, [role])
        return await self.network.signed_in(f"{name}@office.example")

    async def member(self, slug: str, role: str = "finance") -> Browser:
        email = f"{role}@{slug}.example"
        await self.network.person(email, self.sale.brands[slug], [role])
        return await self.network.signed_in(email)

    async def work(self) -> None:
        async with self.network.as_worker():
            await statements.bring_up_to_date(await clock.now())


@pytest.fixture
async def doors(sale: Sale, network: Network) -> Doors:
    found = Doors(network, sale)
    found.conversion = ids.shown("cnv", await network.owner.fetchval("SELECT id FROM conversions"))
    return found


async def send(browser: Browser, page: str, action: str, **fields: str) -> httpx.Response:
    read = await browser.get(page)
    assert action in read.text, read.text
    found = re.search(r'name="csrf_token" value="([^"]+)"', read.text)
    assert found
    del browser.client.headers["x-csrf-token"]
    answer = await browser.client.post(action, data={"csrf_token": found[1], **fields})
    browser.client.headers["x-csrf-token"] = found[1]
    return answer


async def test_a_partner_reads_each_line_with_its_clause(doors: Doors) -> None:
    partner = await doors.member(SMALL)
    page = await partner.get(f"/conversions/{doors.conversion}/commission")
    assert page.status_code == 200
    assert "10\N{NO-BREAK SPACE}% of $150.00" in page.text
    assert re.search(r'class="clause-link" href="/agreements/agr_\w+#c4\.2"', page.text)
    assert "Computed for the first time" in page.text
    assert "do not come to what is booked" not in page.text


async def test_its_json_holds_the_same_figures(doors: Doors) -> None:
    partner = await doors.member(SMALL)
    answer = await partner.get(f"/api/v1/conversions/{doors.conversion}/commissions")
    (one,) = answer.json()["commissions"]
    assert one["amount_minor"] == 1_500
    assert one["figures"]["rates"] == [
        {"rate": 100_000, "units": 15_000, "exact_minor": "1500", "clause": "4.2"}
    ]
    assert one["figures"]["holds"] is True
    assert one["lying"]["pending_minor"] == 1_500


async def test_an_order_of_two_commissions_with_many_revisions_shows_the_newest_of_each(doors: Doors) -> None:
    owner = doors.network.owner
    await owner.execute(
        """INSERT INTO commissions (kind, conversion_id, partnership_id, advertiser_id, partner_id,
               agreement_id, component, period, currency, earned_at, matures_at)
           SELECT kind, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id, 'more',
               period, currency, earned_at, matures_at FROM commissions"""
    )
    await owner.execute(
        """INSERT INTO commission_revisions (commission_id, rev, previous_rev, previous_target_minor,
               target_minor, inputs, clause, engine_version, recorded_at)
           SELECT id, n, nullif(n - 1, 0), 0, 0, '{}', 'attribution', 'x', now()
           FROM commissions, generate_series(1, 150) n WHERE component = 'more'"""
    )
    partner = await doors.member(SMALL)
    page = await partner.get(f"/conversions/{doors.conversion}/commission")
    answer = await partner.get(f"/api/v1/conversions/{doors.conversion}/commissions")
    assert page.status_code == 200
    revs = [[one["rev"] for one in each["revisions"]] for each in answer.json()["commissions"]]
    assert revs == [[1], list(range(150, 50, -1))]


@pytest.mark.parametrize("path", ["/conversions/{}/commission", "/api/v1/conversions/{}/commissions"])
async def test_another_partner_finds_nothing(doors: Doors, path: str) -> None:
    stranger = await doors.member(RADIO)
    assert (await stranger.get(path.format(doors.conversion))).status_code == 404


@pytest.fixture
async def played(sale: Sale) -> str:
    """An order of the radio, the first of two that its bonus pays for; it comes before the doors open."""
    (click,) = await sale.click(SHOP, RADIO, at(3, 5, 9))
    await builders.set_clock(at(3, 5, 13))
    await sale.order(SHOP, *numbered([("r2", at(3, 5), 10_000, click)], start=2))
    await sale.work()
    async with connections.transaction() as connection:
        found = await connection.fetchval("SELECT id FROM conversions WHERE order_id = '00002'")
    return ids.shown("cnv", found)


async def test_a_bonus_stands_on_the_page_of_the_order_that_earned_it_first(
    played: str, doors: Doors
) -> None:
    partner = await doors.member(RADIO)
    page = (await partner.get(f"/conversions/{played}/commission")).text
    answer = await partner.get(f"/api/v1/conversions/{played}/commissions")
    of_kind = {one["kind"]: one for one in answer.json()["commissions"]}
    assert (of_kind["bonus"]["amount_minor"], of_kind["bonus"]["figures"]["holds"]) == (250, True)
    assert "Bonus “first-two”" in page
    assert "do not come to what is booked" not in page


async def test_a_manager_holds_and_releases_with_a_reason_that_the_partner_reads(doors: Doors) -> None:
    manager, partner = await doors.operator("mo"), await doors.member(SMALL)
    page = f"/admin/conversions/{doors.conversion}/commission"
    commission = await doors.network.owner.fetchval("SELECT id FROM commissions")
    action = f"/admin/conversions/{doors.conversion}/commissions/{commission}"

    empty = await send(manager, page, f"{action}/hold", reason=" ")
    held = await send(manager, page, f"{action}/hold", reason="The customer is unknown")
    await doors.work()

    assert (empty.status_code, held.status_code) == (422, 303)
    assert "Say in up to 500 characters why" in empty.text
    listed = (await partner.get("/held")).text
    assert "The customer is unknown" in listed
    assert "$15.00" in listed
    assert "The customer is unknown" in (await manager.get("/admin/held")).text
    assert (await send(manager, page, f"{action}/release", reason="Known")).status_code == 303
    await doors.work()
    assert "Nothing is held back" in (await partner.get("/held")).text


async def test_all_of_a_partnership_is_held_from_its_page(doors: Doors) -> None:
    manager = await doors.operator("mo")
    partnership = ids.shown("prt", doors.sale.partnerships[SHOP, SMALL].id)
    page = f"/admin/partnerships/{partnership}"
    assert (await send(manager, page, f"{page}/hold", reason="A review")).status_code == 303
    assert "A review" in (await manager.get("/admin/held")).text


async def test_an_adjustment_shows_all_that_is_wrong_and_is_then_on_the_page(doors: Doors) -> None:
    finance = await doors.operator("fi", "finance")
    page = f"/admin/conversions/{doors.conversion}/commission"
    commission = await doors.network.owner.fetchval("SELECT id FROM commissions")
    action = f"/admin/conversions/{doors.conversion}/commissions/{commission}/adjustments"

    wrong = await send(finance, page, action, amount="a lot", reason="")
    right = await send(finance, page, action, direction="less", amount="2.50", reason="As agreed")
    await doors.work()

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert wrong.text.count(f"#adjust-{commission}-") == 3
    assert 'value="a lot"' in wrong.text
    read = (await finance.get(page)).text
    assert "As agreed" in read
    assert "$12.50" in read


async def test_a_partner_contests_and_a_manager_decides(doors: Doors) -> None:
    await doors.work()  # it matures
    manager = await doors.operator("mo")
    office = f"/admin/conversions/{doors.conversion}"
    commission = await doors.network.owner.fetchval("SELECT id FROM commissions")
    taken = {"direction": "less", "amount": "15", "reason": "Returned unopened"}
    await send(manager, f"{office}/commission", f"{office}/commissions/{commission}/adjustments", **taken)
    await doors.work()
    partner = await doors.member(SMALL)
    clawback = await doors.network.owner.fetchval("SELECT transfer_id FROM clawbacks")
    own = f"/conversions/{doors.conversion}"

    contested = await send(
        partner, f"{own}/commission", f"{own}/clawbacks/{clawback}/contest", reason="She kept it"
    )
    assert contested.status_code == 303
    assert "She kept it" in (await manager.get(f"{office}/commission")).text
    undecided = await send(
        manager, f"{office}/commission", f"{office}/clawbacks/{clawback}/decision", reason=""
    )
    decided = await send(
        manager,
        f"{office}/commission",
        f"{office}/clawbacks/{clawback}/decision",
        outcome="upheld",
        reason="The shop erred",
    )
    await doors.work()
    assert (undecided.status_code, decided.status_code) == (422, 303)
    assert "Say in up to 2000 characters why" in undecided.text
    read = (await partner.get(f"{own}/commission")).text
    assert "The shop erred" in read
    assert "upheld" in read
