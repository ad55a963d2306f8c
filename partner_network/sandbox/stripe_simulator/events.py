"""Events: what happened, kept for the lists and queued for every endpoint that wants to hear of it."""

import copy
from datetime import UTC, datetime
from urllib.parse import quote

from partner_network.sandbox.stripe_simulator import letters
from partner_network.sandbox.stripe_simulator.call import API_VERSION, Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

THIN = "v2.core.event"
LONGEST_PAGE = 100
FARTHEST = 10**12


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
    event["pending_webhooks"] = letters.queue(call, event)
    call.state.put(event)


def instant(at: int) -> str:
    """Write a time as API v2 does."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell_thin(call: Call, kind: str, account_id: str) -> None:
    """Record an event of API v2 about an account: it names the account and shows nothing of it."""
    event: Json = {
        "id": new_id("evt"),
        "object": THIN,
        "created": instant(call.now()),
        "livemode": False,
        "related_object": {
            "id": account_id,
            "type": "v2.core.account",
            "url": f"/v2/core/accounts/{account_id}",
        },
        "type": kind,
    }
    if call.request_id:
        request = {"id": call.request_id, "idempotency_key": call.idempotency_key or ""}
        event["reason"] = {"type": "request", "request": request}
    call.state.put(event)
    letters.queue(call, event)


def retrieve_thin(call: Call) -> Json:
    """Answer `GET /v2/core/events/{id}`."""
    event = call.state.find(call.object_id, kind=THIN)
    if event is None:
        raise RefusedError(f"No such event: '{call.object_id}'", status=404, code="not_found")
    return event


def list_thin(call: Call) -> Json:
    """Answer `GET /v2/core/events`, newest first; a page names the address of the next."""
    call.takes("limit", "object_id", "page")
    wanted, conditions, query = call.text("object_id"), dict[str, str | int](), ""
    if wanted:
        conditions["json_extract(body, '$.related_object.id') = ?"] = wanted
        query = f"object_id={quote(wanted)}&"
    return page_of(call, call.state.select(THIN, conditions, order="DESC"), url=f"/v2/core/events?{query}")


def page_of(call: Call, found: list[Json], *, url: str) -> Json:
    """Cut one page as API v2 does, with the addresses of those beside it."""
    limit = call.integer("limit", default=20, at_least=1, at_most=LONGEST_PAGE)
    after = call.integer("page", default=0, at_least=0, at_most=FARTHEST)
    address = f"{url}limit={limit}&page="
    return {
        "data": found[after : after + limit],
        "next_page_url": f"{address}{after + limit}" if len(found) > after + limit else None,
        "previous_page_url": f"{address}{max(0, after - limit)}" if after else None,
    }
