"""The trial balance of a day, the accounts behind it, their postings, and the journal."""

import csv
import io

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.ledger import journal
from tests.admin.conftest import Office
from tests.admin.test_lists import rows_of

TRIAL_BALANCE = "/admin/ledger"


async def test_the_trial_balance_foots_and_each_kind_leads_to_its_accounts_and_their_postings(
    office: Office,
) -> None:
    pia = await office.person("pia")
    page = (await pia.get(TRIAL_BALANCE)).text
    assert "Owed by advertisers" in page
    assert page.count("$15.00") == 4  # owed and payable, and the sum of each column
    accounts = (await pia.get("/admin/ledger/accounts?kind=pay&currency=USD")).text
    account = accounts.partition("/admin/ledger/accounts/")[2].partition('"')[0]
    postings = (await pia.get(f"/admin/ledger/accounts/{account}")).text
    assert "Commissions payable" in postings
    assert '<span lang="en">mature</span>' in postings
    assert "$15.00" in postings


async def test_the_trial_balance_of_a_day_is_by_either_date(office: Office) -> None:
    pia = await office.person("pia")
    early = (await pia.get(f"{TRIAL_BALANCE}?as_of=2026-01-01")).text
    assert "Nothing is booked" in early
    later = (await pia.get(f"{TRIAL_BALANCE}?as_of=2026-03-31&by=effective")).text
    assert "recorded later for this day will change it" in later
    assert later.count("$15.00") == 4


async def test_a_day_that_cannot_be_read_is_said_and_never_fails(office: Office) -> None:
    pia = await office.person("pia")
    for query in ("as_of=yesterday", "as_of=9999-12-31", "as_of=0001-01-01&by=x", "page=x&kind=%00&as_of="):
        answer = await pia.get(f"{TRIAL_BALANCE}?{query}")
        assert answer.status_code == 200, query
    assert "The day was not understood" in (await pia.get(f"{TRIAL_BALANCE}?as_of=yesterday")).text
    listed = await pia.get("/admin/ledger/accounts?kind=nothing&currency=XYZ&page=99999999999")
    assert "No such account holds anything" in listed.text
    assert (await pia.get("/admin/ledger/accounts/999999999")).status_code == 404
    assert (await pia.get("/admin/ledger/accounts/99999999999999999999999")).status_code == 404


async def test_trial_balance_and_accounts_can_be_taken_along(office: Office) -> None:
    pia = await office.person("pia")
    head, *rows = await rows_of(pia, f"{TRIAL_BALANCE}?format=csv")
    assert head == ["currency", "account_code", "account_name", "kind", "accounts", "debit", "credit"]
    assert [row for row in rows if row[0] == "USD"] == [
        ["USD", "1100", "Receivable from advertisers", "recv", "1", "15.00", "0.00"],
        ["USD", "2100", "Commissions not matured", "pay_pending", "1", "0.00", "0.00"],
        ["USD", "2130", "Commissions payable", "pay", "1", "0.00", "15.00"],
    ]
    head, *rows = await rows_of(pia, "/admin/ledger/accounts?kind=pay&currency=USD&format=csv")
    assert [row[-2:] for row in rows] == [["0.00", "15.00"]]


async def test_the_journal_of_some_days_comes_whole(office: Office) -> None:
    pia = await office.person("pia")
    year = (await clock.now()).year
    answer = await pia.get(f"/admin/ledger/journal?since={year}-01-01&until={year}-12-31")
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="journal-{year}-01-01-{year}-12-31.csv"'
    )
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(rows[0]) == list(journal.HEAD)
    assert {row["kind"] for row in rows if row["currency"] == "USD"} == {"accrue", "mature", "closing"}
    assert (await pia.get("/admin/ledger/journal?since=2026-03-02&until=2026-03-01")).status_code == 422
    assert (await pia.get("/admin/ledger/journal")).status_code == 422


async def test_what_the_nightly_look_found_stands_on_top(office: Office) -> None:
    async with office.network.as_worker():
        await connections.pool().execute(
            """INSERT INTO ledger_checks (night, began_at, ended_at, recorded_until, digest, entries,
                   differing, differences)
               VALUES ('2026-03-01', now(), now(), now(), sha256('x'), 2, 1,
                   '{Leg 1 is not of its entry.}')"""
        )
    page = (await (await office.person("pia")).get(TRIAL_BALANCE)).text
    assert "Leg 1 is not of its entry." in page
    assert "One thing in the ledger is not as it must be." in page
