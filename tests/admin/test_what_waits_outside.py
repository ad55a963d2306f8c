"""What banks refuse and what is not paid in stands on the pages of those who can do something about it."""

import pytest

from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.payouts import jobs as payouts
from tests.admin.conftest import Office
from tests.builders import SHOP, SMALL
from tests.doors import Network
from tests.payouts.conftest import Sale


async def text_of(office: Office, email: str, brand: str | None, path: str) -> str:
    """Read a page as somebody of a brand's finance, or of the operator's."""
    brand_id = None if brand is None else office.sale.brands[brand]
    await office.network.person(email, brand_id, ["finance"])
    answer = await (await office.network.signed_in(email)).get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
async def paid(sale: Sale) -> Sale:
    """The one statement is approved, funded and paid."""
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    return sale


async def test_a_refused_payout_stands_on_the_pages_of_the_payee_and_of_finance(
    paid: Sale, network: Network
) -> None:
    office = Office(network, paid)
    payout = await office.network.owner.fetchval("SELECT id FROM payouts")
    await office.network.owner.execute(
        """INSERT INTO bank_payouts (id, brand_id, account_id, currency, amount_minor, status, failure,
               arrives_on, made_at, read_at)
           SELECT 'po_1', $1, 'acct_1', 'USD', 1500, 'failed', 'No such account.', '2026-03-05', now(), now()
        """,
        office.sale.brands[SMALL],
    )
    await office.network.owner.execute(
        "INSERT INTO bank_payout_transfers SELECT 'po_1', id FROM payout_attempts"
    )

    finance = await text_of(office, "look@office.example", None, f"/admin/payouts/{ids.shown('pay', payout)}")
    payee = await text_of(office, "till@small.example", SMALL, "/payout-account")

    for page in (finance, payee):
        assert "No such account." in page
        assert "15.00" in page
    assert "Your bank refused a payout from Stripe." in payee
    assert "Change your details at Stripe" in payee


async def test_a_pause_and_a_payment_to_be_confirmed_say_what_to_do(office: Office) -> None:
    owner = office.network.owner
    await owner.execute(
        """INSERT INTO program_pauses (id, program_id, statement_id, began_at)
           SELECT gen_random_uuid(), g.id, s.id, now() FROM programs g, statements s WHERE g.brand_id = $1""",
        office.sale.brands[SHOP],
    )
    await owner.execute(
        """INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status, failure,
               failure_code, requested_by, requested_at)
           VALUES (gen_random_uuid(), $1, 1500, 'USD', 'k', 'failed', 'x', 'confirm', $2, now())""",
        office.sale.brands[SHOP],
        office.sale.owners[SHOP].id,
    )

    advertiser = await text_of(office, "till@shop.example", SHOP, "/")
    partner = await text_of(office, "till@small.example", SMALL, "/")

    assert "is paused: statements were not funded in time" in advertiser
    assert "Your bank wants a person to confirm this payment (3-D Secure)" in advertiser
    assert "has not funded statements in time" in partner
    assert "What you earned stays earned" in partner
