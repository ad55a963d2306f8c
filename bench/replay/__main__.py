"""Measure replay and what-if beside SQL written by hand: `python -m bench.replay [--json]`.

One program with twenty partners, last click, 30 days. Every decision, credit and receipt is stored by the
product's own code before anything is measured; set-up reports on the error stream. What-if and replay run in
a fresh process each round, whose memory, with that of all it starts, is watched (Linux); PostgreSQL's is not
in it. A figure is the best of its rounds, and none is printed unless all three give the same credits.
"""

import argparse
import asyncio
import json

import msgspec
from msgspec import Struct

from bench import alone
from bench.replay import deciding, network, progress, yardstick
from bench.replay.asked import Answer
from bench.replay.yardstick import Credited

MILLION = 1_000_000
ROUNDS = 2


class Measured(Struct, frozen=True):
    """What one size costs; seconds, and mebibytes of our own processes."""

    conversions: int
    clicks: int
    whatif_s: float
    replay_s: float
    sql_s: float
    ratio_whatif: float
    ratio_replay: float
    peak_mib: int


def main() -> None:
    """Measure each size that is asked for, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object a size")
    parser.add_argument("--conversions", type=int, nargs="+", default=[MILLION], metavar="N")
    parser.add_argument("--linear", action="store_true", help="0.1 million, then a million")
    options = parser.parse_args()
    sizes = [MILLION // 10, MILLION] if options.linear else options.conversions
    found: list[Measured] = []
    for size in sizes:
        found.append(measure(size))
        if options.json:
            print(json.dumps(msgspec.to_builtins(found[-1])), flush=True)
        else:
            print_table(found[-1])
    if len(found) > 1 and not options.json:
        print_growth(found[0], found[-1])


def measure(conversions: int) -> Measured:
    """Found a network of that size on a server of its own, and measure on it."""
    with alone.server(durable=False) as (owner_url, worker_url):
        progress.say(f"{conversions:,} conversions")
        asyncio.run(network.found(owner_url, conversions))
        asyncio.run(deciding.decide_all(owner_url))
        return beside_each_other(owner_url, worker_url, conversions)


def beside_each_other(owner_url: str, worker_url: str, conversions: int) -> Measured:
    """Take the three in turn, on the same rows."""
    by_hand = asyncio.run(yardstick.measure(owner_url))
    progress.say(f"sql: {by_hand.seconds:.2f} s, {by_hand.credits:,} credits")
    whatif_s, replay_s, peak_mib = (0.0, 0.0, 0.0)
    for what in ("what_if", "replay"):
        best, peak = asked_alone(what, worker_url, by_hand, conversions)
        peak_mib = max(peak_mib, peak)
        whatif_s, replay_s = (best, replay_s) if what == "what_if" else (whatif_s, best)
    return Measured(
        conversions=conversions,
        clicks=network.CLICKS_EACH * conversions,
        whatif_s=round(whatif_s, 2),
        replay_s=round(replay_s, 2),
        sql_s=round(by_hand.seconds, 2),
        ratio_whatif=round(whatif_s / by_hand.seconds, 2),
        ratio_replay=round(replay_s / by_hand.seconds, 2),
        peak_mib=round(peak_mib),
    )


def asked_alone(what: str, url: str, by_hand: Credited, conversions: int) -> tuple[float, float]:
    """Ask in a fresh process each round; return the best seconds and the greatest memory."""
    best, peak = float("inf"), 0.0
    for _ in range(ROUNDS):
        answer, peak_mib = alone.asked("bench.replay.asked", what, url, Answer)
        must_agree(what, answer, by_hand, conversions)
        best, peak = min(best, answer.seconds), max(peak, peak_mib)
        progress.say(f"{what}: {answer.seconds:.2f} s, {peak_mib:.0f} MiB")
    return best, peak


def must_agree(what: str, answer: Answer, by_hand: Credited, conversions: int) -> None:
    """Refuse figures of work that was not done: all orders looked at, the same credits for each partner."""
    if answer.conversions != conversions:
        raise RuntimeError(f"{what} looked at {answer.conversions:,} of {conversions:,} conversions")
    if answer.differing:
        raise RuntimeError(f"{what} found {answer.differing:,} conversions decided otherwise")
    if answer.by_partnership is not None and answer.by_partnership != by_hand.by_partnership:
        raise RuntimeError(f"{what} credits partners otherwise than SQL by hand")


def print_table(measured: Measured) -> None:
    """Print what a person reads."""
    print(f"{measured.conversions:,} conversions, {measured.clicks:,} clicks")
    print(f"  SQL by hand  {measured.sql_s:8.2f} s")
    print(f"  what-if      {measured.whatif_s:8.2f} s  {measured.ratio_whatif:6.2f} x  goal   5 x")
    print(f"  replay       {measured.replay_s:8.2f} s  {measured.ratio_replay:6.2f} x  goal  15 x")
    print(f"  peak memory  {measured.peak_mib:8,} MiB           goal 2,048 MiB", flush=True)


def print_growth(few: Measured, many: Measured) -> None:
    """Print how much dearer one conversion is among many; 1.00 is linear."""
    grown = many.conversions / few.conversions
    figures = (
        f"SQL {many.sql_s / few.sql_s / grown:.2f} x",
        f"what-if {many.whatif_s / few.whatif_s / grown:.2f} x",
        f"replay {many.replay_s / few.replay_s / grown:.2f} x",
    )
    print(f"a conversion among {many.conversions:,} costs what it does among {few.conversions:,}, times")
    print("  " + ", ".join(figures), flush=True)


if __name__ == "__main__":
    main()
