"""Measure maturing and closing beside joining the same lines singly: `python -m bench.close [--json]`.

One advertiser with a thousand partners, a fifth of whom charge tax; every commission is booked by the
product's own code before anything is measured. Then all of them mature, and all statements are closed and
sealed, each by a fresh process that works as the worker does; its memory is watched (Linux), PostgreSQL's is
not in it. No figure is printed unless everything has matured, every posting stands on exactly one statement
and the statements come to what the ledger holds.
"""

import argparse
import asyncio
import json

import msgspec
from msgspec import Struct

from bench import alone
from bench.close import books, network
from bench.close.asked import Answer
from bench.replay import progress


class Measured(Struct, frozen=True):
    """What one close costs; seconds, and mebibytes of our own processes."""

    lines: int
    partners: int
    close_s: float
    mature_s: float
    lines_per_s: int
    singly_per_s: int
    ratio_singly: float
    peak_mib: int


def main() -> None:
    """Measure, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.close", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--lines", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--partners", type=int, default=1_000, metavar="N")
    options = parser.parse_args()
    measured = measure(options.lines, options.partners)
    if options.json:
        print(json.dumps(msgspec.to_builtins(measured)), flush=True)
    else:
        print_table(measured)


def measure(commissions: int, partners: int) -> Measured:
    """Found a network of that size on a server of its own, and measure on it."""
    with alone.server(durable=False) as (owner_url, worker_url):
        asyncio.run(network.found(owner_url, commissions, partners))
        asked_alone("accrue", worker_url)
        asyncio.run(books.settle(owner_url))
        return close_all(owner_url, worker_url, commissions, partners)


def close_all(owner_url: str, worker_url: str, commissions: int, partners: int) -> Measured:
    """Mature and close everything, prove it, and then join some of the same lines one by one."""
    matured, mature_mib = asked_alone("mature", worker_url)
    must_be(commissions, matured.count, "commissions matured")
    asyncio.run(books.settle(owner_url))
    closed, close_mib = asked_alone("close", worker_url)
    must_be(partners, closed.count, "statements closed")
    lines = asyncio.run(books.proved_lines(owner_url))
    singly = asyncio.run(books.join_singly(owner_url))
    rate = lines / closed.seconds
    return Measured(
        lines=lines,
        partners=partners,
        close_s=round(closed.seconds, 2),
        mature_s=round(matured.seconds, 2),
        lines_per_s=round(rate),
        singly_per_s=round(singly),
        ratio_singly=round(rate / singly, 2),
        peak_mib=round(max(mature_mib, close_mib)),
    )


def asked_alone(what: str, url: str) -> tuple[Answer, float]:
    """Do one task in a fresh process; return what it says and the greatest memory it held."""
    answer, peak_mib = alone.asked("bench.close.asked", what, url, Answer)
    progress.say(f"{what}: {answer.seconds:.2f} s")
    return answer, peak_mib


def must_be(expected: int, found: int, what: str) -> None:
    """Refuse figures of work that was not done."""
    if found != expected:
        raise RuntimeError(f"{found:,} {what}, not {expected:,}")


def print_table(measured: Measured) -> None:
    """Print what a person reads."""
    print(f"{measured.lines:,} lines on statements of {measured.partners:,} partners")
    print(f"  mature       {measured.mature_s:8.2f} s")
    print(f"  close        {measured.close_s:8.2f} s  {measured.lines_per_s:8,} lines/s  goal 15,000")
    print(f"  one by one              {measured.singly_per_s:8,} lines/s")
    print(f"  close beside one by one {measured.ratio_singly:8.2f} x")
    print(f"  peak memory  {measured.peak_mib:8,} MiB", flush=True)


if __name__ == "__main__":
    main()
