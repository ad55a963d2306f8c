"""Measure a run of payouts at the configured rate: `python -m bench.payouts [--json]`.

One advertiser has funded the approved statements of a thousand partners, each with an account of its own at
Stripe's stand-in, which is another process and is asked over HTTP by Stripe's own library. Then one worker
sends them all by the product's own run: reserve and commit, call, record. Idle is the share of its senders'
time in which they had nothing to do but wait for their turn at Stripe: the more, the less it is us who limit
the run. `--per-s 1000` shows what one worker could send if Stripe took everything. No figure is printed
unless every payout is accepted once, at the stand-in as in the books.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from bench import alone
from bench.close import network
from bench.payouts import owed
from bench.replay import progress
from partner_network.database import connections
from partner_network.gateways.stripe_connect import TRANSFERS_PER_S
from partner_network.payouts.actions import pace, send
from partner_network.sandbox.stripe_simulator import process

WORKER_CONNECTIONS = 8


class Measured(Struct, frozen=True):
    """What one run of payouts took."""

    payouts: int
    rate_per_s: float
    configured_per_s: int
    run_s: float
    idle_share: float


def main() -> None:
    """Measure, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.payouts", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--payouts", type=int, default=1_000, metavar="N")
    parser.add_argument("--per-s", type=int, default=TRANSFERS_PER_S, metavar="N", help="as configured")
    options = parser.parse_args()
    measured = measure(options.payouts, options.per_s)
    if options.json:
        print(json.dumps(msgspec.to_builtins(measured)), flush=True)
    else:
        print_table(measured)


def measure(payouts: int, per_s: int) -> Measured:
    """Found a network that owes so many payouts, on servers of its own, and send them."""
    with (
        alone.server(durable=True) as (owner_url, worker_url),
        tempfile.TemporaryDirectory(prefix="pn-bench-") as folder,
        process.running(Path(folder) / "state.sqlite") as stripe_url,
    ):
        owed.found(owner_url, worker_url, stripe_url, payouts)
        return asyncio.run(_send(worker_url, stripe_url, payouts, per_s))


async def _send(worker_url: str, stripe_url: str, payouts: int, per_s: int) -> Measured:
    await connections.open_pool(worker_url, max_size=WORKER_CONNECTIONS)
    stripe = owed.stripe_at(stripe_url, per_s=per_s)
    watch = _Watch()
    pace.wait_for_turn = watch.wait_for_turn
    try:
        with progress.timed("sent"):
            started = time.perf_counter()
            became = await send.send_all(stripe, network.CLOSED_AT)
            run_s = time.perf_counter() - started
    finally:
        await stripe.close()
        await connections.close_pool()
    _must_be_all(payouts, list(became.values()), _at_stripe(stripe_url))
    return Measured(
        payouts=payouts,
        rate_per_s=round(payouts / run_s, 2),
        configured_per_s=per_s,
        run_s=round(run_s, 2),
        idle_share=round(watch.waited_s / (run_s * send.SENDERS), 3),
    )


class _Watch:
    """Takes the product's own turns, and adds up how long was waited for them."""

    def __init__(self) -> None:
        self.waited_s = 0.0
        self._wait = pace.wait_for_turn

    async def wait_for_turn(self, per_s: int) -> None:
        started = time.perf_counter()
        await self._wait(per_s)
        self.waited_s += time.perf_counter() - started


def _at_stripe(stripe_url: str) -> int:
    """Return to how many accounts the stand-in has made transfers."""
    books = httpx.get(f"{stripe_url}/_simulator/books", trust_env=False, timeout=60).json()
    return len(books["transferred"])


def _must_be_all(payouts: int, became: list[str], accounts: int) -> None:
    accepted = became.count("accepted")
    if (accepted, len(became), accounts) != (payouts, payouts, payouts):
        raise RuntimeError(
            f"{accepted:,} of {len(became):,} were accepted, to {accounts:,} accounts, not {payouts:,}"
        )


def print_table(measured: Measured) -> None:
    """Print what a person reads."""
    print(f"{measured.payouts:,} payouts in {measured.run_s:.1f} s by one worker")
    print(f"  sent        {measured.rate_per_s:6.1f} a second, configured {measured.configured_per_s}")
    print(f"  idle        {measured.idle_share:6.1%} of the senders' time, until Stripe's turn", flush=True)


if __name__ == "__main__":
    main()
