"""Events: what happened, kept for the lists and queued for every webhook that wants to hear of it."""

import copy

from partner_network.sandbox.stripe_simulator.call import API_VERSION, Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import new_id


def tell(
    call: Call, kind: str, body: Json, *, account: str | None = None, previous: Json | None = None
) -> None:
    """Record an event about an object as it is now; the webhook hears of it after the answer."""
    event: Json = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": call.now(),
        "data": {"object": copy.deepcopy(body)},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": call.request_id or None, "idempotency_key": call.idempotency_key},
        "type": kind,
    }
    if account:
        event["account"] = account
    if previous is not None:
        event["data"]["previous_attributes"] = previous
    if call.settings.webhook_url is not None:
        event["pending_webhooks"] = 1
        call.state.db.execute(
            "INSERT INTO deliveries (event, due_at) VALUES (?, ?)", (event["id"], call.now())
        )
    call.state.put(event)
