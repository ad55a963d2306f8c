"""Measure accruing beside COPY and beside booking one by one: `python -m bench.accrual [--json]`.

A hundred partners, graduated tiers by month, a year of orders that are decided already. Accruing is the
product's own `accrue_pending`: commission, revision, entry, transfer and balances, by one worker. The loop
books orders of one more partner one a transaction with the product's own posting. COPY puts the rows that
were booked into plain tables. Computing is the engine alone, on facts that were read before. A live order is
attributed and booked by itself into a month of 100,000 orders. The server is as durable as the embedded one
is by default (fsync, synchronous commit). Each task is a fresh process, whose memory is watched (Linux);
PostgreSQL's is not in it. Set-up reports on the error stream.
"""

import argparse
import asyncio
import json

import msgspec
from msgspec import Struct

from bench import alone
from bench.accrual import copying, network
from bench.accrual.asked import Answer
from bench.replay import progress

HUNDRED_THOUSAND = 100_000
SIZES = [HUNDRED_THOUSAND, 1_000_000]


class Measured(Struct, frozen=True):
    """What one size costs: conversions a second, mebibytes of our own process, milliseconds."""

    conversions: int
    per_s: int
    loop_per_s: int
    ratio_loop: float
    copy_per_s: int
    compute_per_s: int
    peak_mib: int
    live_p50_ms: float


def main() -> None:
    """Measure each size that is asked for, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.accrual", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object a size")
    parser.add_argument("--conversions", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument(
        "--live-orders", type=int, default=HUNDRED_THOUSAND, metavar="N", help="in the live order's month"
    )
    options = parser.parse_args()
    live_s = measure_live(options.live_orders)
    found: list[Measured] = []
    for size in options.conversions:
        found.append(measure(size, live_s))
        if options.json:
            print(json.dumps(msgspec.to_builtins(found[-1])), flush=True)
        else:
            print_table(found[-1])
    if len(found) > 1 and not options.json:
        few, many = found[0], found[-1]
        ratio = many.per_s / few.per_s
        print(f"rate at {many.conversions:,} / at {few.conversions:,}: {ratio:.2f}, goal 0.75 or more")


def measure_live(orders: int) -> float:
    """Return the seconds one live order takes, the median, in a month of so many orders."""
    with alone.server(durable=True) as (owner_url, _):
        asyncio.run(network.found(owner_url, orders, partners=1, looped=0))
        answer, _ = asked_alone("live", owner_url)
        return answer.seconds


def measure(conversions: int, live_s: float) -> Measured:
    """Found a network of that size on a server of its own, and measure on it."""
    looped_orders = min(network.LOOPED, conversions // 10)
    with alone.server(durable=True) as (owner_url, worker_url):
        asyncio.run(network.found(owner_url, conversions, looped=looped_orders))
        looped, _ = asked_alone("loop", worker_url)
        computed, _ = asked_alone("compute", worker_url)
        accrued, peak_mib = asked_alone("accrue", worker_url)
        must_be_all(conversions, looped_orders, looped, computed, accrued)
        copied_s = asyncio.run(copying.copied_s(owner_url))
    per_s, loop_per_s = accrued.orders / accrued.seconds, looped.orders / looped.seconds
    return Measured(
        conversions=conversions,
        per_s=round(per_s),
        loop_per_s=round(loop_per_s),
        ratio_loop=round(per_s / loop_per_s, 1),
        copy_per_s=round((accrued.orders + looped.orders) / copied_s),
        compute_per_s=round(computed.orders / computed.seconds),
        peak_mib=round(peak_mib),
        live_p50_ms=round(live_s * 1000, 2),
    )


def asked_alone(what: str, url: str) -> tuple[Answer, float]:
    """Ask in a fresh process; return its answer and the most memory it held."""
    answer, peak_mib = alone.asked("bench.accrual.asked", what, url, Answer)
    progress.say(f"{what}: {answer.orders:,} orders, {answer.seconds:.3f} s, {peak_mib:.0f} MiB")
    return answer, peak_mib


def must_be_all(
    conversions: int, looped_orders: int, looped: Answer, computed: Answer, accrued: Answer
) -> None:
    """Refuse figures of work that was not done."""
    said = (looped.orders, computed.orders, accrued.orders)
    if said != (looped_orders, conversions + looped_orders, conversions):
        raise RuntimeError(f"looped, computed and booked {said} orders of {conversions:,}")


def print_table(measured: Measured) -> None:
    """Print what a person reads."""
    print(f"{measured.conversions:,} conversions, {network.PARTNERS} partners, durable")
    print(f"  accrue     {measured.per_s:9,} a second  {measured.ratio_loop:6.1f} x the loop, goal 12 x")
    print(f"  loop       {measured.loop_per_s:9,} a second, one order a transaction")
    print(f"  COPY       {measured.copy_per_s:9,} a second, the same rows")
    print(f"  compute    {measured.compute_per_s:9,} a second, tiers only")
    print(f"  memory     {measured.peak_mib:9,} MiB at most, goal 1,024 MiB")
    print(f"  live order {measured.live_p50_ms:9.2f} ms, the median, goal 10 ms", flush=True)


if __name__ == "__main__":
    main()
