"""The simulator as a process of its own, for the demo and the tests."""

import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from partner_network.sandbox.processes import Processes

LOOPBACK = "127.0.0.1"
NAME = "stripe"


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def command(
    state: Path,
    *,
    port: int,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    fee_ppm: int = 0,
) -> list[str]:
    """Write the command line that starts the simulator on a state file."""
    options = ["--port", str(port), "--state", str(state), "--fee-ppm", str(fee_ppm)]
    if webhook_url is not None and webhook_secret is not None:
        options += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
    return [sys.executable, "-m", "partner_network.sandbox.stripe_simulator", *options]


def listens(port: int) -> bool:
    """Tell whether the simulator takes requests by now."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


@contextmanager
def running(
    state: Path,
    *,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    fee_ppm: int = 0,
) -> Generator[str]:
    """Start the simulator on a state file, yield its address once it listens, stop it in the end."""
    port = free_port()
    argv = command(state, port=port, webhook_url=webhook_url, webhook_secret=webhook_secret, fee_ppm=fee_ppm)
    with Processes(state.parent / "logs") as processes:
        processes.start(NAME, argv, {})
        processes.wait_until_ready(NAME, lambda: listens(port))
        yield f"http://{LOOPBACK}:{port}"
