"""The home of finance: where the close is, what waits for whom, how long money has waited."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from admin import closing
from admin.queries import finance
from admin.queries.finance import Month
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.payouts import queries as payouts
from partner_network.statements import jobs as statements
from tests import builders
from tests.admin.conftest import Office
from tests.admin.counting import counted
from tests.admin.test_statements import address, send
from tests.builders import SHOP, SMALL, at, numbered
from tests.doors import Network
from tests.payouts.conftest import Sale

NOBODY = UUID(int=0)


async def month(now: datetime | None = None, member_id: UUID = NOBODY) -> Month:
    return await finance.month_end(member_id, now or await clock.now())


async def stations() -> list[tuple[int, list[tuple[str, int]]]]:
    return [(step.count, list(step.sums)) for step in closing.steps((await month()).standings)]


async def signed_off(office: Office) -> None:
    path = await address(office)
    await send(await office.person("pia"), path, "preparation")
    await send(await office.person("art"), path, "approval", reason="As agreed")


async def test_the_close_is_told_station_by_station_to_the_cent(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")
    here, nobody = (1, [("USD", 1_500)]), (0, [])

    computed = await stations()
    await send(pia, path, "preparation")
    prepared = await stations()
    await send(art, path, "approval", reason="As agreed")
    approved = await stations()
    await office.pay()
    paid = await stations()

    assert computed == [here, nobody, nobody, nobody, nobody]
    assert prepared == [here, here, nobody, nobody, nobody]
    assert approved == [here, here, here, nobody, nobody]
    assert paid == [here, here, here, here, here]
    assert (await month()).period == "2026-02"


async def test_who_prepared_a_statement_is_not_asked_to_approve_it_and_told_why(office: Office) -> None:
    path = await address(office)
    pia, art = await office.person("pia"), await office.person("art")
    before = (await pia.get("/admin/")).text
    await send(pia, path, "preparation")

    hers, his = (await pia.get("/admin/")).text, (await art.get("/admin/")).text

    assert "Read and prepare the oldest" in before
    assert "Read and approve the oldest" in his
    assert f'<a class="button" href="{path}">' in his
    assert "Read and approve" not in hers
    assert "nobody approves what they prepared themselves" in hers
    assert "prepared by Pia" in his
    assert hers.count("$15.00") >= 2


@pytest.mark.parametrize(
    ("days", "step"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (400, 3)]
)
async def test_what_is_owed_ages_by_the_days_since_its_approval(office: Office, days: int, step: int) -> None:
    await signed_off(office)
    wanted = [0, 0, 0, 0]
    wanted[step] = 1_500

    read = await month((await clock.now()) + timedelta(days=days))

    assert [(row.who, row.currency, list(row.steps_minor)) for row in read.owed] == [
        ("Tune House", "USD", wanted)
    ]
    assert [(row.who, list(row.steps_minor)) for row in read.awaited] == [("Needle Drop", wanted)]


async def test_what_is_funded_is_owed_no_more_and_awaited_until_it_is_sent(office: Office) -> None:
    await signed_off(office)
    await office.network.owner.execute(
        "UPDATE stripe_accounts SET transfers_status = 'pending' WHERE brand_id = $1",
        office.sale.brands[SMALL],
    )
    await office.pay()
    held = await month()
    page = (await (await office.person("uma")).get("/admin/")).text
    await office.network.owner.execute("UPDATE stripe_accounts SET transfers_status = 'active'")
    async with office.network.as_worker():
        await office.sale.pay_again()

    assert held.owed == []
    assert [row.sum_minor for row in held.awaited] == [1_500]
    assert [(one.payee_name, one.amount_minor) for one in held.held] == [("Needle Drop", 1_500)]
    assert "Ask an owner or the finance of the brand" in page
    paid = await month()
    assert (paid.owed, paid.awaited, paid.held) == ([], [], [])


async def test_two_approved_statements_of_one_account_are_owed_once_as_payouts_reckons(
    closed: Sale,
) -> None:
    await closed.sign_off()
    await ordered(closed, 27)
    await builders.set_clock(at(3, 10))
    await closed.work()
    await builders.set_clock(at(4, 1))
    await statements.close_periods(await clock.now())
    await closed.sign_off()

    read = await month()
    async with connections.transaction(eyes="operator") as connection:
        need = await payouts.need_of(connection, closed.brands[SHOP], "USD")

    # 15.00 of February since 31 days, and 10.00 of March, whose statement opens with the 15.00.
    assert [list(row.steps_minor) for row in read.owed] == [[1_000, 1_500, 0, 0]]
    assert need.approved_minor == 2_500


async def ordered(sale: Sale, day: int) -> None:
    """Let one more customer click on a day of February, and buy for 100.00 on the next."""
    (click,) = await sale.click(SHOP, SMALL, at(2, day))
    await sale.order(SHOP, *numbered([("bob", at(2, day + 1), 10_000, click)], start=2))


async def test_what_was_paid_in_already_stands_beside_what_is_owed(office: Office) -> None:
    await signed_off(office)
    page = (await (await office.person("uma")).get("/admin/")).text

    assert "Paid in already" in page
    assert "$0.00" in page.split("What partners wait for")[0]


async def test_the_calendar_names_the_next_close_and_what_matures_before_it(closed: Sale) -> None:
    await ordered(closed, 27)
    await closed.work()

    calendar = (await month()).calendar

    assert [(one.at, one.period) for one in calendar.closes] == [(at(4, 1, 0), "2026-03")]
    assert [(one.currency, one.count, one.minor) for one in calendar.maturing] == [("USD", 1, 1_000)]


@pytest.mark.parametrize(
    ("role", "job", "status"),
    [
        ("manager", "finance", 403), ("manager", "admin", 403), ("finance", "manager", 403),
        ("finance", "admin", 403), ("admin", "finance", 403), ("finance", "finance", 200),
        ("finance", "treasurer", 404),
    ],
)  # fmt: skip
async def test_a_home_opens_for_those_who_have_its_job(
    network: Network, role: str, job: str, status: int
) -> None:
    await network.person("pat@network.example", None, [role])
    pat = await network.signed_in("pat@network.example")

    assert (await pat.get(f"/admin/?job={job}")).status_code == status


async def test_a_person_with_several_jobs_goes_from_home_to_home_by_tabs(network: Network) -> None:
    await network.person("pat@network.example", None, ["finance", "manager"])
    pat = await network.signed_in("pat@network.example")

    first = (await pat.get("/admin/")).text
    second = (await pat.get("/admin/?job=finance")).text

    assert '<a href="/admin/?job=manager" aria-current="page">' in first
    assert '<a href="/admin/?job=finance" aria-current="page">' in second
    assert "?job=admin" not in first


async def test_on_a_fresh_installation_the_home_says_the_first_steps(network: Network) -> None:
    await network.person("pat@network.example", None, ["finance"])

    page = (await (await network.signed_in("pat@network.example")).get("/admin/")).text

    assert "The first close" in page
    assert "What advertisers owe" not in page


async def test_a_longer_queue_asks_the_database_no_more_often(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pia = await office.person("pia")
    await pia.get("/admin/")
    asked = counted(monkeypatch)
    await pia.get("/admin/")
    before = len(asked)
    await copies(office, 60)
    asked.clear()

    page = (await pia.get("/admin/")).text

    assert len(asked) == before <= 30
    assert page.count("to prepare</span>") == finance.QUEUE_MAX
    assert "61, $915.00" in page


async def copies(office: Office, count: int) -> None:
    """Put more statements of the same kind beside the first, each with another partner."""
    owner = office.network.owner
    await owner.execute("ALTER TABLE statements DISABLE TRIGGER USER")
    for n in range(count):
        brand = await office.network.brand(f"copy-{n}")
        await owner.execute(
            """INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, period,
                   starts_at, ends_at, opening_minor, closing_minor, minimum_minor, totals, content_hash,
                   closed_at)
               SELECT $1, 'COPY-' || $2::text, $3, payer_id, currency, account_id, 1, period, starts_at,
                   ends_at, opening_minor, closing_minor, minimum_minor, totals, content_hash, closed_at
               FROM statements WHERE seq = 1 AND number LIKE 'TUNE%'""",
            ids.new_id(clock.wall_now()),
            str(n),
            brand,
        )


async def test_a_partnership_whose_commissions_cannot_be_computed_is_named_with_agreement_and_clause(
    office: Office,
) -> None:
    uma = await office.person("uma")
    before = (await uma.get("/admin/")).text
    await office.network.owner.execute(
        """INSERT INTO stopped_streams
           SELECT t.partnership_id, t.agreement_id, 'commission.components[0].tiers', 'The <first> is wrong.',
               now(), now()
           FROM terms t LIMIT 1"""
    )
    page = (await uma.get("/admin/")).text

    assert "cannot be computed" not in before
    assert "The &lt;first&gt; is wrong." in page
    assert "clause 4.2, <code>commission.components[0].tiers</code> · 0 orders wait" in page
    number, agreement_id = await office.network.owner.fetchrow(
        "SELECT g.number, g.id FROM agreements g JOIN stopped_streams s ON s.agreement_id = g.id"
    ) or ("", NOBODY)
    assert f'<a href="/admin/agreements/{ids.shown("agr", agreement_id)}">{number}</a>' in page
