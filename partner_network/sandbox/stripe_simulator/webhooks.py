"""The postman: brings events to the webhook, signed as Stripe signs, and tries again when nobody opens."""

import asyncio
import hashlib
import hmac
import json
import time

import httpx

from partner_network.sandbox.stripe_simulator.call import Settings
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import State

RETRY_AFTER_S = (0.5, 2.0, 10.0, 60.0)
TIMEOUT_S = 10.0
AT_ONCE = 16
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


def signature(payload: str, *, secret: str, at: int) -> str:
    """Sign a payload by Stripe's scheme v1: HMAC-SHA256 over the time and the exact body."""
    mac = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Postman:
    """Delivers in the background: a receiver that fails or hangs never holds up a request."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._url = settings.webhook_url
        self._secret = settings.webhook_secret or ""
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Say that there may be post."""
        self._bell.set()

    async def walk(self) -> None:
        """Deliver for as long as the simulator runs; what was due at a restart goes out after it."""
        if self._url is None:
            return
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            while True:
                self._bell.clear()
                due = self._due()
                if due:
                    await asyncio.gather(*(self._deliver(client, event) for event in due))
                else:
                    await self._rest()

    async def _rest(self) -> None:
        row = self._state.db.execute("SELECT min(due_at) AS next FROM deliveries").fetchone()
        pause = None if row["next"] is None else max(0.0, row["next"] - time.time())
        try:
            async with asyncio.timeout(pause):
                await self._bell.wait()
        except TimeoutError:
            return

    def _due(self) -> list[str]:
        rows = self._state.db.execute(
            "SELECT event FROM deliveries WHERE due_at <= ? ORDER BY rowid LIMIT ?", (time.time(), AT_ONCE)
        )
        return [row["event"] for row in rows]

    async def _deliver(self, client: httpx.AsyncClient, event_id: str) -> None:
        event = self._state.find(event_id, kind="event")
        if event is None or self._url is None:
            return
        payload = json.dumps(event, indent=2)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, secret=self._secret, at=int(time.time())),
            "User-Agent": USER_AGENT,
        }
        error = None
        try:
            answer = await client.post(self._url, content=payload.encode(), headers=headers)
            if not answer.is_success:
                error = f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            error = type(failed).__name__
        self._note(event, error)

    def _note(self, event: Json, error: str | None) -> None:
        with self._state.transaction():
            row = self._state.db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, last_error = ?, due_at = NULL WHERE event = ?"
                " RETURNING attempts",
                (error, event["id"]),
            ).fetchone()
            if row is None:
                return  # forgotten meanwhile
            if error is None:
                self._state.db.execute(
                    "UPDATE deliveries SET delivered_at = ? WHERE event = ?", (time.time(), event["id"])
                )
                self._state.put(event | {"pending_webhooks": 0})
            elif row["attempts"] <= len(RETRY_AFTER_S):
                due_at = time.time() + RETRY_AFTER_S[row["attempts"] - 1]
                self._state.db.execute(
                    "UPDATE deliveries SET due_at = ? WHERE event = ?", (due_at, event["id"])
                )


def deliveries(state: State) -> list[Json]:
    """List what was delivered, what waits, and what was given up."""
    return [dict(row) for row in state.db.execute("SELECT * FROM deliveries ORDER BY rowid")]
