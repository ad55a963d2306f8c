"""Money never stands still without somebody who acts: each status says what is next, who, and where."""

from typing import get_args

import pytest

from admin import next_steps
from admin.queries import payouts
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.payouts import jobs
from partner_network.payouts import rules as payout_rules
from partner_network.statements.rules import Status
from tests.admin.conftest import Office
from tests.admin.test_case_doors import a_case, a_held_payout
from tests.admin.test_statements import address
from tests.payouts.conftest import EARNED_MINOR

FORCED = {
    "submitting": "status = 'submitting', stripe_transfer_id = NULL, reversed_minor = 0",
    "unknown": "status = 'unknown', stripe_transfer_id = NULL, reversed_minor = 0",
    "accepted": "status = 'accepted', stripe_transfer_id = 'tr_1', reversed_minor = 0",
    "failed": "status = 'failed', stripe_transfer_id = NULL, reversed_minor = 0",
    "reversed": "status = 'reversed', stripe_transfer_id = 'tr_1', reversed_minor = 600",
}


@pytest.mark.parametrize("status", payouts.STATUSES)
def test_each_status_of_a_payout_but_the_last_says_what_is_next(status: str) -> None:
    held = str(payout_rules.ANSWER_MISSING) if status == "held" else None
    step = next_steps.of_payout("unknown" if held else status, held, "/admin/payouts/pay_1")

    assert (step is None) == (status in next_steps.FINAL)
    if step is not None:
        assert all((str(step.what), str(step.who), str(step.label), step.href.startswith("/admin")))


@pytest.mark.parametrize("status", get_args(Status))
@pytest.mark.parametrize("is_funded", [False, True])
def test_each_status_of_a_statement_but_the_last_says_what_is_next(status: str, *, is_funded: bool) -> None:
    sent = next_steps.of_payout("reserved", None, "/admin/payouts/pay_1") if is_funded else None
    step = next_steps.of_statement(status, href="/admin/statements/stm_1", payer="Tune House", payout=sent)

    assert (step is None) == (status in next_steps.FINAL)
    if step is not None:
        assert all((str(step.what), str(step.who), str(step.label), step.href.startswith("/admin")))


def test_a_status_that_nobody_thought_of_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody has said"):
        next_steps.of_statement("lost", href="/", payer="x", payout=None)


async def test_the_pages_of_a_payout_and_its_statement_show_the_next_step_of_each_status(
    office: Office,
) -> None:
    path = await a_held_payout(office)
    statement = await address(office)
    pia = await office.person("pia")
    assert "Let it go on" in (await pia.get(path)).text
    await office.network.owner.execute("UPDATE payouts SET held_reason = NULL")

    for status, change in FORCED.items():
        await office.network.owner.execute(f"UPDATE payout_attempts SET {change}")
        step = next_steps.of_payout(status, None, path)
        assert step is not None
        page = (await pia.get(path)).text
        assert ("What is next" in page, str(step.what) in page, str(step.who) in page) == (True, True, True)
        assert f'href="{step.href}"' in page
        assert (await pia.get(step.href)).status_code == 200
        assert "Nothing: it is paid." not in (await pia.get(statement)).text or status == "accepted"

    half = (await pia.get(statement)).text
    assert "Stripe took part or all of it back" in half


async def test_a_settled_payout_has_no_next_step(office: Office) -> None:
    path = await a_held_payout(office)
    pia = await office.person("pia")
    await office.network.owner.execute("UPDATE payouts SET held_reason = NULL")
    async with office.network.as_worker():
        await jobs.pay(office.sale.stripe, await clock.now())

    assert await office.sale.transfers_minor() == [EARNED_MINOR]
    assert "What is next" not in (await pia.get(path)).text


async def test_an_open_case_shows_who_owns_it_and_how_it_is_closed(office: Office) -> None:
    case = ids.shown("cse", await a_case(office))
    pia = await office.person("pia")

    page = (await pia.get("/admin/cases")).text

    assert "nobody yet" in page
    assert f'action="/admin/cases/{case}/owner"' in page
    assert f'action="/admin/cases/{case}/closing"' in page
