"""The postman: brings events to their endpoints, signed as Stripe signs, and comes again if need be."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import time

import httpx

from partner_network.sandbox.stripe_simulator import letters
from partner_network.sandbox.stripe_simulator.call import Settings
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.letters import Endpoint
from partner_network.sandbox.stripe_simulator.state import State, new_id

# By Stripe's clock: with what test mode does in seconds, and live mode over three days.
RETRY_AFTER_S = (0.5, 2.0, 10.0, 60.0, 600.0, 3_600.0, 18_000.0, 36_000.0, 86_400.0, 86_400.0)
TIMEOUT_S = 10.0
AT_ONCE = 16
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
# What the product never gets to see: a notification of API v2 names its object and shows nothing of it.
SNAPSHOT_ONLY = ("changes", "data")


def signature(payload: str, *, secret: str, at: int) -> str:
    """Sign a payload by Stripe's scheme v1: HMAC-SHA256 over the time and the exact body."""
    mac = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Postman:
    """Delivers in the background: a receiver that fails or hangs never holds up a request."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Say that there may be post."""
        self._bell.set()

    async def walk(self) -> None:
        """Deliver for as long as the simulator runs; what was due at a restart goes out after it."""
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            while True:
                self._bell.clear()
                due = self._due()
                if due:
                    await asyncio.gather(*(self._deliver(client, delivery) for delivery in due))
                else:
                    await self._rest()

    async def _rest(self) -> None:
        row = self._state.db.execute("SELECT min(due_at) AS next FROM deliveries").fetchone()
        pause = None if row["next"] is None else max(0.0, row["next"] - self._state.instant())
        try:
            async with asyncio.timeout(pause):
                await self._bell.wait()
        except TimeoutError:
            return

    def _due(self) -> list[sqlite3.Row]:
        return self._state.db.execute(
            "SELECT * FROM deliveries WHERE due_at <= ? ORDER BY due_at, seq LIMIT ?",
            (self._state.instant(), AT_ONCE),
        ).fetchall()

    async def _deliver(self, client: httpx.AsyncClient, delivery: sqlite3.Row) -> None:
        event = self._state.find(delivery["event"])
        endpoint = letters.endpoints(self._state, self._settings).get(delivery["endpoint"])
        if event is None or endpoint is None:
            self._state.db.execute("UPDATE deliveries SET due_at = NULL WHERE seq = ?", (delivery["seq"],))
            return
        error = None
        try:
            answer = await client.post(endpoint.url, **_letter(event, endpoint, delivery))
            if not answer.is_success:
                error = f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            error = type(failed).__name__
        self._note(delivery, error)

    def _note(self, delivery: sqlite3.Row, error: str | None) -> None:
        with self._state.transaction():
            row = self._state.db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, last_error = ?, due_at = NULL WHERE seq = ?"
                " RETURNING attempts",
                (error, delivery["seq"]),
            ).fetchone()
            if row is None:
                return  # forgotten meanwhile
            if error is None:
                self._state.db.execute(
                    "UPDATE deliveries SET delivered_at = ? WHERE seq = ?",
                    (self._state.instant(), delivery["seq"]),
                )
                self._count_down(delivery["event"])
            elif row["attempts"] <= len(RETRY_AFTER_S) and not delivery["forged"]:
                due_at = self._state.instant() + RETRY_AFTER_S[row["attempts"] - 1]
                self._state.db.execute(
                    "UPDATE deliveries SET due_at = ? WHERE seq = ?", (due_at, delivery["seq"])
                )

    def _count_down(self, event_id: str) -> None:
        event = self._state.find(event_id, kind="event")
        if event is None:
            return
        waiting = self._state.db.execute(
            "SELECT count(DISTINCT endpoint) FROM deliveries"
            " WHERE event = ? AND delivered_at IS NULL AND forged = 0",
            (event_id,),
        ).fetchone()[0]
        self._state.put(event | {"pending_webhooks": waiting})


def _letter(event: Json, endpoint: Endpoint, delivery: sqlite3.Row) -> Json:
    # Signatures carry the time on the wall: whoever checks them knows nothing of the virtual clock.
    told = {
        name: value
        for name, value in event.items()
        if endpoint.payload == "snapshot" or name not in SNAPSHOT_ONLY
    }
    secret = endpoint.secret
    if delivery["forged"]:
        told, secret = told | {"id": new_id("evt")}, "whsec_of_a_stranger"
    payload = json.dumps(told, indent=2)
    at = int(time.time()) - delivery["signed_ago_s"]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(payload, secret=secret, at=at),
        "User-Agent": USER_AGENT,
    }
    return {"content": payload.encode(), "headers": headers}
