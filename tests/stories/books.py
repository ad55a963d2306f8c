"""What the story reads back: the books, the statements and Stripe."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from partner_network.clicks import jobs as clicks
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.sandbox import people, results
from partner_network.sandbox.installation import Installation
from partner_network.sandbox.results import Results

PATIENCE_S = 300
"""A hang is a failure; how fast things are is not what the story is about."""


class Books:
    """The installation as its operator's auditor sees it."""

    def __init__(self, installed: Installation, connection: Connection) -> None:
        self._installed = installed
        self._connection = connection

    async def set_clock(self, instant: datetime) -> None:
        """Let the business day be another; the calendar prepares the month as it would have."""
        await clock.set_simulated(self._connection, instant.astimezone(UTC), running=False)
        await clicks.prepare_partitions(self._connection, instant.astimezone(UTC))

    async def worker_is_done(self) -> None:
        """Wait until no job waits; a job that failed is a failure here."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._installed.running.must_run("worker")
                rows = await self._connection.fetch("SELECT entrypoint, status::text FROM pgqueuer")
                assert "failed" not in {row["status"] for row in rows}, rows
                if not rows:
                    return
                await asyncio.sleep(0.02)

    async def payouts_are_settled(self, number: int) -> None:
        """Wait until Stripe's news of so many transfers has been heard and looked into."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._installed.running.must_run("worker")
                if number == await self._connection.fetchval(
                    "SELECT count(*) FROM payout_attempts WHERE status = 'settled'"
                ):
                    break
                await asyncio.sleep(0.02)
        await self.worker_is_done()

    async def balances(self, *kinds: str) -> dict[tuple[str, ...], int]:
        """Return what stands on accounts of these kinds, by kind and brands, where it is not nothing."""
        rows = await self._connection.fetch(
            """SELECT a.kind, h.slug AS holder, c.slug AS other,
                   CASE WHEN a.is_debit_normal THEN b.debits_posted_minor - b.credits_posted_minor
                        ELSE b.credits_posted_minor - b.debits_posted_minor END AS minor
               FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id
               LEFT JOIN brands h ON h.id = a.holder_id LEFT JOIN brands c ON c.id = a.counterparty_id
               WHERE a.kind = ANY($1::text[])""",
            kinds,
        )
        return {
            (row["kind"], *(slug for slug in (row["holder"], row["other"]) if slug)): row["minor"]
            for row in rows
            if row["minor"]
        }

    async def outcome_of(self, order_id: str) -> str:
        """Say what became of an order."""
        return await self._connection.fetchval(
            """SELECT d.outcome FROM current_decisions d JOIN conversions c ON c.id = d.conversion_id
               WHERE c.order_id = $1""",
            order_id,
        )

    async def results(self, *, orders: int) -> Results:
        """Return the figures that the demo prints."""
        return await results.read_results(
            self._connection,
            self._installed.stripe_url,
            self._installed.stripe_key,
            orders=orders,
            seconds=0.0,
        )

    async def at_stripe(self, nouns: str) -> list[Any]:
        """List what Stripe's stand-in keeps, oldest first."""
        headers = {"authorization": f"Bearer {self._installed.stripe_key}"}
        async with people.browser(base_url=self._installed.stripe_url, headers=headers) as client:
            answer = await client.get(f"/v1/{nouns}", params={"limit": "100"})
        return list(reversed(answer.raise_for_status().json()["data"]))

    def verify(self) -> subprocess.CompletedProcess[str]:
        """Run the command that recomputes everything."""
        return subprocess.run(
            [sys.executable, "-m", "partner_network", "verify"],
            env=os.environ | dict(self._installed.environment),
            capture_output=True,
            text=True,
            check=False,
        )
