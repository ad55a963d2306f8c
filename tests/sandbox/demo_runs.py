"""Runs of the demo as people start it, on a few orders of four months."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from partner_network.sandbox.stripe_simulator import process

DEMO = [sys.executable, "-m", "partner_network.sandbox.demo"]
HANGS_AFTER_S = 600


def write_orders(path: Path) -> Path:
    """Write 60 orders by 24 customers from January to April, two of them alike and one for nothing."""
    chance = random.Random(7)  # noqa: S311 -- the same orders each time
    rows = [
        f"{n:04},{date(1997, 1, 2) + timedelta(days=2 * n)},1,{chance.randint(2_000, 9_000) / 100:.2f}"
        for n in range(24)
    ]
    rows += [
        f"{chance.randrange(24):04},{date(1997, 2, 20) + timedelta(days=2 * n)},2,{20 + n}.50"
        for n in range(33)
    ]
    rows += ["0003,1997-04-28,1,30.00", "0003,1997-04-28,1,30.00", "0004,1997-04-29,1,0.00"]
    path.write_text("\n".join(["customer_id,date,quantity,value_usd", *rows, ""]))
    return path


def run_once(orders: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the demo to its end."""
    command = [*DEMO, "--once", "--json", "--orders", str(orders), *more]
    return subprocess.run(  # noqa: S603 -- our own program
        command, capture_output=True, text=True, check=False, timeout=HANGS_AFTER_S
    )


def figures_of(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the object on the last line."""
    return json.loads(run.stdout.splitlines()[-1])


class Staying:
    """A demo that stays up."""

    def __init__(self, folder: Path, orders: Path, log: Path) -> None:
        self.folder = folder
        self._log = log
        ports = ["--port", str(process.free_port()), "--stripe-port", str(process.free_port())]
        with log.open("w") as printed:
            self.process = subprocess.Popen(  # noqa: S603 -- our own program
                [*DEMO, "--orders", str(orders), "--data", str(folder), *ports],
                stdout=printed,
                stderr=printed,
                start_new_session=True,  # a terminal's foreground group, which Ctrl-C goes to
            )

    def printed(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until it says something; one that ends before that is a failure."""
        for _ in range(HANGS_AFTER_S * 20):
            if text in self.printed():
                return
            assert self.process.poll() is None, self.printed()
            time.sleep(0.05)
        raise AssertionError(f"never said {text!r}: {self.printed()}")

    def everything_it_started(self) -> set[int]:
        """Return the numbers of all processes below it, and of the database's server."""
        parents = dict(_parents())
        below = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        return below - {self.process.pid}

    def press_ctrl_c(self) -> int:
        """Interrupt it as a terminal does, and return its exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(HANGS_AFTER_S)


@contextlib.contextmanager
def staying_up(folder: Path, orders: Path, log: Path) -> Generator[Staying]:
    """Start a demo that stays up, and leave nothing of it."""
    demo = Staying(folder, orders, log)
    try:
        yield demo
    finally:
        demo.press_ctrl_c()


def still_run(numbers: set[int]) -> set[int]:
    """Return which of these processes are still there, ended ones that nobody asked about aside."""
    return {pid for pid, _ in _parents() if pid in numbers}


def _parents() -> Generator[tuple[int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(stat.parent.name), int(parent)
