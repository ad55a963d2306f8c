"""Payments of advertisers: the list, the page, and what is next for each of their states."""

import csv
import io
import re
from typing import Any
from uuid import UUID

import pytest

from admin import next_steps
from admin.queries import fundings
from partner_network.kernel import ids
from partner_network.payouts import rules
from tests.admin.conftest import Office
from tests.admin.counting import counted
from tests.admin.test_case_doors import a_held_payout
from tests.builders import SHOP

PAID = 1_500


async def a_payment(office: Office, status: str, **columns: Any) -> UUID:
    """Write a payment of the advertiser down as the worker would have left it, each after the last."""
    funding_id = ids.new_id(await office.network.owner.fetchval("SELECT now()"))
    await office.network.owner.execute(
        """INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status, failure,
               failure_code, payment_intent_id, requested_by, requested_at)
           VALUES ($1, $2, $3, 'USD', $9, $4, $5, $6, $7, $8, now())""",
        funding_id,
        office.sale.brands[SHOP],
        PAID,
        status,
        columns.get("failure"),
        columns.get("failure_code"),
        columns.get("payment_intent_id"),
        office.sale.owners[SHOP].id,
        f"key of {funding_id}",
    )
    return funding_id


def path(funding_id: UUID) -> str:
    return f"/admin/fundings/{ids.shown('fnd', funding_id)}"


@pytest.mark.parametrize("status", fundings.STATUSES)
@pytest.mark.parametrize("is_followed", [False, True])
@pytest.mark.parametrize("taken_back_minor", [0, PAID])
def test_each_state_of_a_payment_but_the_last_says_what_is_next(
    status: str, *, is_followed: bool, taken_back_minor: int
) -> None:
    step = next_steps.of_funding(
        status, taken_back_minor=taken_back_minor, is_followed=is_followed, payer="Tune House"
    )

    is_over = (status == "settled" and not taken_back_minor) or (
        status in {"settled", "failed"} and is_followed
    )
    assert (step is None) == is_over
    if step is not None:
        assert all((str(step.what), str(step.who), str(step.label), step.href.startswith("/admin")))


@pytest.mark.parametrize(
    ("invoice", "said", "who"),
    [
        ("to be sent", "Stripe makes and sends it within minutes", "The network does it by itself."),
        ("sent", "The invoice is sent and waits to be paid.", "Tune House’s finance pays in."),
        ("called off", "The invoice is being called off", "The network does it by itself."),
    ],
)
def test_an_invoice_says_whom_it_waits_for(invoice: next_steps.Invoice, said: str, who: str) -> None:
    step = next_steps.of_funding(
        "requested", taken_back_minor=0, is_followed=False, payer="Tune House", invoice=invoice
    )

    assert step is not None
    assert said in step.what
    assert step.who == who


def test_a_state_that_nobody_thought_of_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody has said"):
        next_steps.of_funding("lost", taken_back_minor=0, is_followed=False, payer="x")


async def test_every_state_that_the_database_allows_has_a_next_step_and_stands_in_the_filter(
    office: Office,
) -> None:
    allowed = await office.network.owner.fetchval(
        """SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint
           WHERE conrelid = 'fundings'::regclass AND contype = 'c' AND conname = 'fundings_status_check'"""
    )
    known = set(re.findall(r"'(\w+)'", allowed))

    assert known == set(fundings.STATUSES)


async def test_a_payment_is_found_from_the_list_and_says_what_happened_and_what_is_next(
    office: Office,
) -> None:
    pia = await office.person("pia")
    empty = (await pia.get("/admin/fundings")).text
    await a_held_payout(office)

    listed = (await pia.get("/admin/fundings")).text
    row = await office.network.owner.fetchrow("SELECT id, payment_intent_id FROM fundings")
    assert row is not None
    funding_id, intent = row
    page = (await pia.get(path(funding_id))).text

    assert "No payments yet" in empty
    assert f'href="{path(funding_id)}"' in listed
    for text in (listed, page):
        assert intent in text
        assert "$15.00" in text
        assert "settled" in text
    assert "Nothing: it has settled." in page
    assert "Asked for" in page


async def test_a_payment_that_failed_says_why_and_who_acts_until_another_one_follows(office: Office) -> None:
    pia = await office.person("pia")
    failed = await a_payment(office, "failed", failure="Do not honor.", failure_code="confirm")

    alone = (await pia.get(path(failed))).text
    later = await a_payment(office, "processing", payment_intent_id="pi_2")
    followed = (await pia.get(path(failed))).text
    under_way = (await pia.get(path(later))).text

    assert str(rules.why_failed("confirm", "Do not honor.")).split(";")[0].split("(")[0] in alone
    assert "Tune House’s finance pays in." in alone
    assert 'href="/admin/promises"' in alone
    assert "the advertiser has paid in again since" in followed
    assert "The bank has it" in under_way
    assert (await pia.get("/admin/fundings/fnd_nonsense")).status_code == 404
    assert (
        await pia.get(path(ids.new_id(await office.network.owner.fetchval("SELECT now()"))))
    ).status_code == 404


async def test_payments_are_searched_sorted_summed_and_taken_along(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pia = await office.person("pia")
    for number in range(60):
        await a_payment(office, "failed", payment_intent_id=f"pi_{number:02}", failure_code="declined")
    asked = counted(monkeypatch)
    first = (await pia.get("/admin/fundings?sort=requested")).text
    queries = len(asked)
    second = (await pia.get("/admin/fundings?sort=requested&page=2")).text
    found = (await pia.get("/admin/fundings?q=pi_5")).text
    none = (await pia.get("/admin/fundings?show=settled")).text
    file = (await pia.get("/admin/fundings?q=pi_50&format=csv")).text

    assert queries <= 25
    assert (first.count('<th scope="row"><span><a'), second.count('<th scope="row"><span><a')) == (50, 10)
    assert "60 in USD" in first
    assert "$900.00" in first
    assert "10 in USD" in found
    assert "$150.00" in found
    assert "Nothing found" in none
    (_, line) = csv.reader(io.StringIO(file.removeprefix("\ufeff")))
    assert line[:7] == ["Tune House", SHOP, "15.00", "USD", "failed", "declined", "pi_50"]
