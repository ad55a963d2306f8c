"""The idempotency layer: the first answer to a key is the answer, for a day."""

import json

import msgspec

from partner_network.sandbox.stripe_simulator import refusals
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import State

KEY_LIVES_S = 24 * 3_600
LONGEST_KEY = 255


class Answer(msgspec.Struct, frozen=True):
    """What goes back over the wire."""

    status: int
    body: str
    request_id: str
    replays: str | None = None


def stored(state: State, *, key: str, endpoint: str, params: Json, request_id: str) -> Answer | None:
    """Find what this key was answered before; the same key for anything else is refused."""
    if len(key) > LONGEST_KEY:
        raise RefusedError(
            f"Idempotency keys may have up to {LONGEST_KEY} characters.", kind="idempotency_error"
        )
    row = state.db.execute(
        "SELECT * FROM answers WHERE key = ? AND stored_at > ?", (key, state.now() - KEY_LIVES_S)
    ).fetchone()
    if row is None:
        return None
    if row["endpoint"] != endpoint:
        raise refusals.key_reused_elsewhere(key, row["endpoint"].partition(" ")[2])
    if row["params"] != _canonical(params):
        raise refusals.key_reused(key)
    return Answer(row["status"], row["body"], request_id, replays=row["request_id"])


def store(state: State, answer: Answer, *, key: str, endpoint: str, params: Json) -> None:
    """Keep an answer under its key; a key past its day starts anew."""
    state.db.execute(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, endpoint, _canonical(params), answer.request_id, answer.status, answer.body, state.now()),
    )


def _canonical(params: Json) -> str:
    return json.dumps(params, sort_keys=True)
