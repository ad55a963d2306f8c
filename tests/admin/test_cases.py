"""What is left of a month, and cases about money: each figure leads to what it counts."""

import re

from admin import wording
from admin.queries import payouts
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.admin.conftest import Office
from tests.admin.test_statements import address, send
from tests.builders import SHOP

COUNTED = r'<div class="figure"><dt><a href="([^"?]+)\?(\w+)=(\w+)">'


async def test_each_figure_of_the_month_leads_to_a_list_of_exactly_what_it_counts(office: Office) -> None:
    pia = await office.person("pia")
    now = await clock.now()
    await office.network.owner.execute(
        """INSERT INTO cases (id, kind, subject, said, opened_at)
           VALUES ($1, 'balance differs', 'x', 'Short.', $2)""",
        ids.new_id(now),
        now,
    )

    figures = re.findall(COUNTED, (await pia.get("/admin/cases")).text)

    assert [path for path, _, _ in figures] == ["/admin/statements", "/admin/cases"]
    for path, name, value in figures:
        page = (await pia.get(f"{path}?{name}={value}")).text
        assert f'<option value="{value}" selected>' in page
        assert "1 to 1 of 1" in page


async def test_payouts_are_listed_by_every_status_that_an_attempt_can_have(office: Office) -> None:
    check = await office.network.owner.fetchval(
        """SELECT pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = 'payout_attempts'::regclass AND contype = 'c'
               AND pg_get_constraintdef(oid) LIKE '%submitting%unknown%accepted%'"""
    )

    assert {*re.findall(r"'(\w+)'::", check), "reserved", "held"} == {*payouts.STATUSES}
    assert {*payouts.STATUSES} == {*wording.PAYOUT}


async def test_who_is_to_pay_is_asked_to_read_a_prepared_statement_until_it_is_approved(
    office: Office,
) -> None:
    await office.network.person("felix@tune-house.test", office.sale.brands[SHOP], ["finance"])
    felix = await office.network.signed_in("felix@tune-house.test")
    asked, path = "Read the oldest statement", await address(office)
    drafted = (await felix.get("/")).text
    await send(await office.person("pia"), path, "preparation")
    prepared = (await felix.get("/")).text
    await send(await office.person("art"), path, "approval", reason="Lines checked.")
    approved = (await felix.get("/")).text

    assert (asked in drafted, asked in prepared, asked in approved) == (False, True, False)
