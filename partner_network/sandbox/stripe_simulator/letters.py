"""Letters: which endpoint hears of which event, and what the controls let go wrong on its way."""

import json
from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from partner_network.sandbox.stripe_simulator.call import Call, Settings
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import State

COMMAND_LINE = "we_command_line"
IN_ORDER_S = 0.3
Kind = Literal["lose", "double", "delay", "reverse", "forge"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Endpoint(msgspec.Struct, frozen=True):
    """Where events go: an address, the secret that signs them, what it hears, and in which form."""

    id: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    payload: Literal["snapshot", "thin"] = "snapshot"
    connect: bool | None = None
    enabled: bool = True

    def hears(self, event: Json) -> bool:
        """Tell whether an event is for this endpoint; `connect` means accounts' events alone, or ours."""
        thin = event["object"] != "event"
        if not self.enabled or thin != (self.payload == "thin"):
            return False
        whose = self.connect in {None, "account" in event}
        return whose and ("*" in self.kinds or event["type"] in self.kinds)


class Mishap(msgspec.Struct, forbid_unknown_fields=True):
    """What happens to the next `times` deliveries, of one type of event if `type` names one."""

    kind: Kind
    times: int = 1
    type: str | None = None
    seconds: int = 0


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """Deliver an old event once more, with a signature made `signed_ago_s` seconds ago."""

    event: str
    signed_ago_s: int = 0


def endpoints(state: State, settings: Settings) -> Mapping[str, Endpoint]:
    """List who hears of events: what the command line names, and what was subscribed since."""
    found = {
        row["id"]: msgspec.json.decode(row["endpoint"], type=Endpoint)
        for row in state.db.execute("SELECT id, endpoint FROM subscriptions ORDER BY rowid")
    }
    if settings.webhook_url is not None:
        found[COMMAND_LINE] = Endpoint(
            COMMAND_LINE, settings.webhook_url, settings.webhook_secret or "", kinds=("*",)
        )
    return found


def subscribe(state: State, endpoint: Endpoint) -> None:
    """Keep an endpoint, or what changed of it."""
    state.db.execute(
        "INSERT INTO subscriptions VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET endpoint = excluded.endpoint",
        (endpoint.id, msgspec.json.encode(endpoint).decode()),
    )


def unsubscribe(state: State, endpoint_id: str) -> None:
    """Forget an endpoint and what was on its way there."""
    state.db.execute("DELETE FROM subscriptions WHERE id = ?", (endpoint_id,))
    state.db.execute("DELETE FROM deliveries WHERE endpoint = ? AND delivered_at IS NULL", (endpoint_id,))


def queue(call: Call, event: Json) -> int:
    """Give an event to everyone who hears of it; return how many deliveries it waits for."""
    hearing = [one for one in endpoints(call.state, call.settings).values() if one.hears(event)]
    for endpoint in hearing:
        _queue_one(call.state, event, endpoint.id)
    return len(hearing)


def _queue_one(state: State, event: Json, endpoint: str) -> None:
    mishap = _next_mishap(state, event["type"])
    due_at: float | None = state.instant()
    lost = held = 0
    match None if mishap is None else mishap.kind:
        case "lose":
            due_at, lost = None, 1
        case "delay":
            due_at = state.instant() + (0 if mishap is None else mishap.seconds)
        case "double":
            _insert(state, event["id"], endpoint, due_at)
        case "forge":
            _insert(state, event["id"], endpoint, due_at, forged=1)
        case "reverse":
            due_at, held = None, 1
        case None:
            pass
    _insert(state, event["id"], endpoint, due_at, held=held, lost=lost)
    if held and mishap is not None and mishap.times <= 1:
        _let_go_backwards(state)


def _insert(state: State, event: str, endpoint: str, due_at: float | None, **more: int) -> None:
    names = ["event", "endpoint", "due_at", *more]
    state.db.execute(
        f"INSERT INTO deliveries ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        (event, endpoint, due_at, *more.values()),
    )


def arm(state: State, mishap: Mishap) -> None:
    """Let the next deliveries go wrong."""
    state.db.execute("INSERT INTO mishaps (mishap) VALUES (?)", (msgspec.json.encode(mishap).decode(),))


def replay(state: State, wish: Replay) -> None:
    """Queue an old event again for all who heard of it."""
    rows = state.db.execute(
        "SELECT DISTINCT endpoint FROM deliveries WHERE event = ?", (wish.event,)
    ).fetchall()
    for row in rows:
        _insert(state, wish.event, row["endpoint"], state.instant(), signed_ago_s=wish.signed_ago_s)


def _next_mishap(state: State, kind: str) -> Mishap | None:
    for row in state.db.execute("SELECT seq, mishap FROM mishaps ORDER BY seq").fetchall():
        mishap = msgspec.json.decode(row["mishap"], type=Mishap)
        if mishap.type in {None, kind}:
            left = json.dumps(msgspec.to_builtins(mishap) | {"times": mishap.times - 1})
            state.db.execute("UPDATE mishaps SET mishap = ? WHERE seq = ?", (left, row["seq"]))
            if mishap.times <= 1:
                state.db.execute("DELETE FROM mishaps WHERE seq = ?", (row["seq"],))
            return mishap
    return None


def _let_go_backwards(state: State) -> None:
    rows = state.db.execute("SELECT seq FROM deliveries WHERE held = 1 ORDER BY seq DESC").fetchall()
    for place, row in enumerate(rows):
        due_at = state.instant() + place * IN_ORDER_S
        state.db.execute("UPDATE deliveries SET held = 0, due_at = ? WHERE seq = ?", (due_at, row["seq"]))


def deliveries(state: State) -> list[Json]:
    """List what was delivered, what waits, what was lost, and what was given up."""
    return [dict(row) for row in state.db.execute("SELECT * FROM deliveries ORDER BY seq")]
