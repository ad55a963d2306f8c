"""Lists of the back office: searched, sorted, paged, summed and taken along."""

import csv
import io

import pytest

from admin.queries import network as listed
from partner_network.gateways import clock
from partner_network.identity.web.listings import Listing
from partner_network.kernel import ids
from tests.admin.conftest import Office
from tests.admin.counting import counted
from tests.admin.test_finance_home import copies
from tests.admin.test_pages import operator, program
from tests.admin.test_statements import NUMBER, address, send
from tests.doors import Browser, Network

LISTS = ("partnerships", "programs", "brands", "statements", "payouts", "fundings", "failed-jobs")


async def rows_of(browser: Browser, path: str) -> list[list[str]]:
    answer = await browser.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8", path
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("name", LISTS)
async def test_every_list_can_be_taken_along_and_never_fails_on_what_its_address_says(
    network: Network, name: str
) -> None:
    browser = await operator(network, "finance")

    assert len(await rows_of(browser, f"/admin/{name}?format=csv")) == 1
    for query in (
        "q=%25_%5C'%22",
        "sort=nothing",
        "sort=-",
        "page=0",
        "page=99999999",
        "size=7",
        "q=" + "x" * 999,
    ):
        assert (await browser.get(f"/admin/{name}?{query}")).status_code == 200, query


async def test_statements_are_searched_sorted_paged_and_summed_by_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pia = await office.person("pia")
    await copies(office, 60)
    asked = counted(monkeypatch)
    first = (await pia.get("/admin/statements?sort=number")).text
    queries = len(asked)
    second = (await pia.get("/admin/statements?sort=number&page=2")).text
    found = (await pia.get("/admin/statements?q=copy-5")).text

    assert queries <= 25
    assert (first.count('<th scope="row"><a'), second.count('<th scope="row"><a')) == (50, 11)
    assert "1 to 50 of 61" in first
    assert NUMBER in second
    assert NUMBER not in first
    assert "61 in USD" in first
    assert "$915.00" in first
    assert "$915.00" in second
    # COPY-5 and COPY-50 to COPY-59, of 15.00 each.
    assert "11 in USD" in found
    assert "$165.00" in found


async def test_a_file_of_statements_has_every_row_found_and_runs_nothing(office: Office) -> None:
    await office.network.owner.execute("UPDATE brands SET name = '=cmd|calc' WHERE slug = 'needle-drop'")

    rows = await rows_of(await office.person("pia"), "/admin/statements?format=csv")

    assert rows == [
        ["number", "period", "payee", "payer", "closing", "currency", "status", "payee_slug", "payer_slug"],
        [NUMBER, "2026-02", "'=cmd|calc", "Tune House", "15.00", "USD", "draft", "needle-drop", "tune-house"],
    ]


async def test_the_lines_of_a_statement_are_searched_and_summed_and_keep_their_clause(office: Office) -> None:
    path, pia = await address(office), await office.person("pia")

    found = (await pia.get(f"{path}?q=00001")).text
    nothing = (await pia.get(f"{path}?kind=tax")).text
    (head, line) = await rows_of(pia, f"{path}?format=csv")

    assert "One line" in found
    assert "0 lines" in nothing
    assert (head[2], head[7]) == ("order", "amount")
    assert line == [
        "2026-01-10", "earned", "00001", "150.00", "sales", "2026-01", "4.2", "15.00", "USD",
    ]  # fmt: skip


async def test_an_approval_of_another_statements_content_shows_what_differs(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")
    await send(pia, path, "preparation")
    await copies(office, 1)
    await office.network.owner.execute(
        """UPDATE statements SET content_hash = decode(repeat('ab', 32), 'hex'),
               made_in = pg_current_xact_id() WHERE number = 'COPY-0'"""
    )

    strange = await send(art, path, "approval", content_hash="00" * 32, reason="As read")
    other = await send(art, path, "approval", content_hash="ab" * 32, reason="As read")

    assert strange.status_code == other.status_code == 409
    assert "What you read, and what it says" in strange.text
    assert "COPY-0" in other.text
    assert "<del>" in other.text
    assert 'value="As read"' in other.text


async def test_ten_thousand_partnerships_are_read_a_page_at_a_time(network: Network) -> None:
    groove = await network.brand("groove")
    records = await program(network, groove)
    await network.owner.execute(
        """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
           SELECT gen_random_uuid(), 'many-' || n, 'Many ' || n, 'Many', 'Street', 'US', now()
           FROM generate_series(1, 10000) n"""
    )
    await network.owner.execute(
        """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
           SELECT gen_random_uuid(), $1, $2, id, 'in_review', now() FROM brands WHERE id <> $2""",
        records,
        groove,
    )
    browser = await operator(network, "manager")

    last = (await browser.get("/admin/partnerships?sort=partner&page=200")).text
    home = (await browser.get("/admin/")).text

    assert "9,951 to 10,000 of 10,000" in last
    assert last.count('<th scope="row"><a') == 50
    assert "10,000 things go on only when somebody does something." in home
    assert len(home) < 60_000


async def test_a_filter_by_status_leaves_the_others_out(network: Network) -> None:
    groove = await network.brand("groove")
    records = await program(network, groove)
    for slug, status in (("one", "invited"), ("two", "paused"), ("three", "invited")):
        await network.owner.execute(
            """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
               VALUES ($1, $2, $3, $4, $5, now())""",
            ids.new_id(clock.wall_now()),
            records,
            groove,
            await network.brand(slug),
            status,
        )
    asked = Listing.read(
        {"status": "invited", "sort": "-partner"},
        listed.PARTNERSHIP_ORDER,
        "partner",
        filters={"status": ("invited", "paused")},
    )

    view, rows = await listed.partnership_rows(asked)

    assert view.total == 2
    assert [row.partner_name for row in rows] == ["Three", "One"]
