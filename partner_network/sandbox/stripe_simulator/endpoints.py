"""Webhook endpoints: several subscriptions, each with its secret; snapshots by API v1, thin ones by v2."""

from typing import Literal, cast

import msgspec

from partner_network.sandbox.stripe_simulator import events, letters, lists, refusals
from partner_network.sandbox.stripe_simulator.call import API_VERSION, Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.letters import Endpoint
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

KIND = "webhook_endpoint"
V2_KIND = "v2.core.event_destination"


def create(call: Call) -> Json:
    """Answer `POST /v1/webhook_endpoints`; the secret is shown this once."""
    call.takes("api_version", "connect", "description", "enabled_events", "expand", "metadata", "url")
    url, kinds = _url(call.required_text("url")), call.texts("enabled_events")
    if not kinds:
        raise refusals.missing("enabled_events")
    secret = new_id("whsec")
    endpoint: Json = {
        "id": new_id("we"),
        "object": KIND,
        "api_version": call.text("api_version"),
        "application": None,
        "created": call.now(),
        "description": call.text("description"),
        "enabled_events": kinds,
        "livemode": False,
        "metadata": call.table("metadata"),
        "status": "enabled",
        "url": url,
    }
    call.state.put(endpoint)
    letters.subscribe(
        call.state, Endpoint(endpoint["id"], url, secret, tuple(kinds), connect=call.flag("connect"))
    )
    return endpoint | {"secret": secret}


def update(call: Call) -> Json:
    """Answer `POST /v1/webhook_endpoints/{id}`."""
    call.takes("description", "disabled", "enabled_events", "expand", "metadata", "url")
    endpoint = lists.whole(call, lists.ENDPOINTS)
    url = _url(call.text("url") or endpoint["url"])
    kinds = call.texts("enabled_events") or endpoint["enabled_events"]
    status = "disabled" if call.flag("disabled") else "enabled"
    endpoint |= {"url": url, "enabled_events": kinds, "status": status}
    endpoint["description"] = call.text("description") or endpoint["description"]
    endpoint["metadata"] |= call.table("metadata")
    _change(call, endpoint["id"], url=url, kinds=tuple(kinds), enabled=status == "enabled")
    return call.state.put(endpoint)


def delete(call: Call) -> Json:
    """Answer `DELETE /v1/webhook_endpoints/{id}`."""
    call.takes()
    endpoint = lists.whole(call, lists.ENDPOINTS)
    letters.unsubscribe(call.state, endpoint["id"])
    call.state.remove(endpoint["id"])
    return {"id": endpoint["id"], "object": KIND, "deleted": True}


def create_destination(call: Call) -> Json:
    """Answer `POST /v2/core/event_destinations` with a webhook endpoint of thin or snapshot events."""
    params = call.params
    kinds, payload, address = (
        params.get("enabled_events"),
        params.get("event_payload"),
        params.get("webhook_endpoint"),
    )
    if params.get("type") != "webhook_endpoint" or not isinstance(address, dict):
        raise RefusedError("The simulator only plays webhook endpoints.", code="invalid_fields")
    if payload not in {"snapshot", "thin"} or not isinstance(kinds, list) or not kinds:
        raise RefusedError("Name the enabled_events and the event_payload.", code="invalid_fields")
    heard = [str(kind) for kind in cast("list[object]", kinds)]
    url, secret = _url(str(cast("Json", address).get("url"))), new_id("whsec")
    at = events.instant(call.now())
    destination: Json = {
        "id": new_id("ed"),
        "object": V2_KIND,
        "created": at,
        "description": str(params.get("description") or ""),
        "enabled_events": heard,
        "event_payload": payload,
        "livemode": False,
        "metadata": {},
        "name": str(params.get("name") or ""),
        "status": "enabled",
        "type": "webhook_endpoint",
        "updated": at,
        "webhook_endpoint": {"url": url},
    }
    if payload == "snapshot":
        destination["snapshot_api_version"] = API_VERSION
    call.state.put(destination)
    form = cast("Literal['snapshot', 'thin']", payload)
    letters.subscribe(call.state, Endpoint(destination["id"], url, secret, tuple(heard), payload=form))
    return destination | {"webhook_endpoint": {"url": url, "signing_secret": secret}}


def retrieve_destination(call: Call) -> Json:
    """Answer `GET /v2/core/event_destinations/{id}`."""
    call.takes("include")
    return _destination(call)


def disable_destination(call: Call) -> Json:
    """Answer `POST /v2/core/event_destinations/{id}/disable`."""
    _change(call, _destination(call)["id"], enabled=False)
    off = {"status": "disabled", "status_details": {"disabled": {"reason": "user"}}}
    return call.state.put(_destination(call) | off)


def enable_destination(call: Call) -> Json:
    """Answer `POST /v2/core/event_destinations/{id}/enable`."""
    _change(call, _destination(call)["id"], enabled=True)
    destination = _destination(call) | {"status": "enabled"}
    destination.pop("status_details", None)
    return call.state.put(destination)


def delete_destination(call: Call) -> Json:
    """Answer `DELETE /v2/core/event_destinations/{id}`."""
    destination = _destination(call)
    letters.unsubscribe(call.state, destination["id"])
    call.state.remove(destination["id"])
    return {"id": destination["id"], "object": V2_KIND}


def _change(call: Call, endpoint_id: str, **changes: object) -> None:
    known = letters.endpoints(call.state, call.settings)[endpoint_id]
    letters.subscribe(call.state, msgspec.structs.replace(known, **changes))


def _destination(call: Call) -> Json:
    destination = call.state.find(call.object_id, kind=V2_KIND)
    if destination is None:
        raise RefusedError(f"No such event destination: '{call.object_id}'", status=404, code="not_found")
    return destination


def _url(text: str) -> str:
    # Nothing of the simulation leaves this machine.
    if not text.startswith(("http://127.0.0.1", "http://localhost")):
        raise RefusedError(
            "Invalid URL: the simulator delivers to loopback alone.", code="url_invalid", param="url"
        )
    return text
