"""Measure `bin/demo --once` on the sample and on ten times its customers: `python -m bench.demo`.

Every order goes through the doors that everybody has, as in the demo. Compared is the replay's time for each
order, by station; starting the processes and founding the network is told apart, since it costs the same for
any number of orders. `--customers 200 --times 3` gives a quick look.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from partner_network.sandbox import orders

STATION = re.compile(r"\] ([a-z ]+): ([0-9.]+) s$", re.MULTILINE)
REPLAYING = re.compile(r"^\[ *([0-9.]+) s\] replaying", re.MULTILINE)


class Measured(msgspec.Struct, frozen=True):
    """One run: how many orders, and the seconds of its parts."""

    orders: int
    seconds: float
    set_up_s: float
    stations: dict[str, float]

    @property
    def order_ms(self) -> float:
        """Return what the replay took for each order, in milliseconds."""
        return (self.seconds - self.set_up_s) * 1000 / self.orders


def main() -> None:
    """Run both, print the seconds of each station, and how the cost of an order grew."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="pn-bench-") as name:
        one = measure(write_orders(Path(name) / "one.csv", customers=given.customers, times=1))
        report("once", one)
        many = measure(write_orders(Path(name) / "many.csv", customers=given.customers, times=given.times))
        report(f"{given.times} times", many)
    growth = many.order_ms / one.order_ms
    print(f"an order costs {growth:.2f} times as much among {many.orders:,} as among {one.orders:,}")


def write_orders(path: Path, *, customers: int | None, times: int) -> Path:
    """Write the sample, or its first customers alone, as often as asked, each time under new customer ids."""
    with orders.SAMPLE.open(newline="") as lines:
        header, *rows = csv.reader(lines)
    chosen = set(sorted({row[0] for row in rows})[:customers])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for n in range(times):
            writer.writerows([f"{row[0]}-{n}", *row[1:]] for row in rows if row[0] in chosen)
    return path


def measure(path: Path) -> Measured:
    """Run the demo once on a file and read what it says of itself."""
    command = [
        sys.executable,
        "-m",
        "partner_network.sandbox.demo",
        "--once",
        "--json",
        "--orders",
        str(path),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    began = REPLAYING.search(run.stderr)
    if run.returncode or began is None:
        sys.exit(run.stderr)
    found = json.loads(run.stdout.splitlines()[-1])
    stations = {name: float(seconds) for name, seconds in STATION.findall(run.stderr)}
    return Measured(found["orders"], found["seconds"], float(began[1]), stations)


def report(label: str, measured: Measured) -> None:
    """Print one run."""
    replay_s = measured.seconds - measured.set_up_s
    print(f"{label}: {measured.orders:,} orders in {measured.seconds:.1f} s")
    for station, seconds in [
        ("set-up", measured.set_up_s),
        *measured.stations.items(),
        ("replay, all", replay_s),
    ]:
        print(f"  {station:<18}{seconds:8.1f} s {seconds * 1000 / measured.orders:8.2f} ms an order")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.demo", description=__doc__)
    parser.add_argument("--customers", type=int, help="only so many of the sample's customers")
    parser.add_argument("--times", type=int, default=10, help="how many times the sample, the second time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
