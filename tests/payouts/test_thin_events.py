"""A thin event of Stripe's is stored raw and once, and its account is read again by a job."""

import json
import time

import stripe

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import Event
from partner_network.payouts import jobs as payouts
from partner_network.payouts import rules
from partner_network.payouts.actions import hear
from tests.builders import SMALL
from tests.doors import Network, network
from tests.payouts.conftest import EARNED_MINOR, Sale

__all__ = ["network"]
KIND = "v2.core.account[requirements].updated"


def thin(event_id: str, account_id: str) -> str:
    event = {
        "id": event_id,
        "object": "v2.core.event",
        "type": KIND,
        "created": "2026-03-01T00:30:00.000Z",
        "livemode": False,
        "related_object": {
            "id": account_id,
            "type": "v2.core.account",
            "url": f"/v2/core/accounts/{account_id}",
        },
    }
    return json.dumps(event)


async def test_the_door_keeps_a_thin_event_as_it_came_and_asks_for_its_account_once(network: Network) -> None:
    payload = thin("evt_thin", "acct_1")
    signature = stripe.WebhookSignature.generate_signature_header(payload, "whsec_x", int(time.time()))
    browser = await network.browser()
    for _ in range(2):
        answer = await browser.client.post(
            "/stripe/webhooks", content=payload, headers={"stripe-signature": signature}
        )
        assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    kept = await network.owner.fetch("SELECT event_id, type, object_id, payload FROM stripe_events")
    assert [tuple(row) for row in kept] == [("evt_thin", KIND, "acct_1", payload.encode())]
    asked = await network.owner.fetch(
        "SELECT payload FROM pgqueuer WHERE entrypoint = $1", rules.READ_ACCOUNT
    )
    assert [json.loads(row["payload"]) for row in asked] == [{"object_id": "acct_1", "event_id": "evt_thin"}]


async def test_a_partner_that_stripe_tells_of_in_a_thin_event_is_paid_at_once(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.review(SMALL, "restricted")
    await payouts.pay(sale.stripe, await clock.now())
    await sale.review(SMALL, "active")
    account_id, now = await sale.account_of(SMALL), await clock.now()

    event = Event(id="evt_thin", type=KIND, object_id=account_id, created=now)
    assert await hear.store_event(event, thin("evt_thin", account_id).encode(), now=now)
    await payouts.read_account(sale.stripe, rules.HeardEvent(account_id, "evt_thin"), now)

    assert await sale.attempts() == [("failed", EARNED_MINOR), ("settled", EARNED_MINOR)]
    async with connections.transaction() as connection:
        handled = await connection.fetchval("SELECT handled_at FROM stripe_events")
    assert handled == now
