"""An advertiser chooses how to pay, sees how far each payment has come, and calls an invoice off."""

import re

from tests.builders import RADIO, SHOP
from tests.dashboards.portal.test_pages import brand_of, page, sent, words
from tests.doors import Network


async def test_an_advertiser_asks_for_an_invoice_sees_it_and_calls_it_off(portal: Network) -> None:
    await portal.person("finn@tune-house.test", await brand_of(portal, SHOP), ["finance"])
    browser = await portal.signed_in("finn@tune-house.test")
    shown = await page(browser, "/payments")
    assert "Ask for an invoice" in shown
    minor = re.search(r'name="amount_minor" value="(\d+)"', shown)
    assert minor is not None

    answer = await sent(browser, "/payments", amount_minor=minor[1], currency="USD")
    assert answer.headers["location"].startswith("/payments?told=invoice-asked")
    row = await portal.owner.fetchrow("SELECT * FROM fundings ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert (row["way"], row["amount_minor"], row["status"]) == ("invoice", int(minor[1]), "requested")
    assert row["days_until_due"] == 10  # clause 9.1
    jobs = await portal.owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'payouts.charge'")
    assert jobs

    await portal.owner.execute(
        """UPDATE fundings SET status = 'processing', customer_id = 'cus_1', asked_at = now(),
               invoice_id = 'in_1', invoice_number = 'NET-0001', invoice_url = 'https://invoice.test/1',
               invoice_due_at = now() + interval '400 days', invoice_sent_at = now() WHERE id = $1""",
        row["id"],
    )
    listed = await page(browser, "/payments")
    assert 'href="https://invoice.test/1"' in listed
    assert "NET-0001" in words(listed)
    assert "Ask for an invoice" not in listed
    home = words(await page(browser, "/"))
    assert "An invoice over" in home
    by_api = (await browser.get("/api/v1/fundings")).json()["items"][0]
    assert (by_api["status"], by_api["invoice_url"]) == ("invoice open", "https://invoice.test/1")

    await portal.person("ria@night-radio.test", await brand_of(portal, RADIO), ["finance"])
    stranger = await portal.signed_in("ria@night-radio.test")
    path = re.search(r'action="(/payments/fnd_[^"]+/end)"', listed)
    assert path is not None
    assert (await sent(stranger, path[1])).status_code == 404
    ended = await sent(browser, path[1])
    assert ended.status_code == 303
    assert "being called off" in words(await page(browser, "/payments"))
    assert "An invoice over" not in words(await page(browser, "/"))
