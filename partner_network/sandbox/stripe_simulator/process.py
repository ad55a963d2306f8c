"""The simulator as a process of its own, for the demo and the tests."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"
READY_WITHIN_S = 30.0
STOPPED_WITHIN_S = 10.0


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    state: Path,
    *,
    port: int | None = None,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    fee_ppm: int = 0,
) -> Generator[str]:
    """Start the simulator on a state file, yield its address once it listens, stop it in the end."""
    port = port or free_port()
    options = ["--port", str(port), "--state", str(state), "--fee-ppm", str(fee_ppm)]
    if webhook_url is not None and webhook_secret is not None:
        options += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and module, options from our own code
        [sys.executable, "-m", "partner_network.sandbox.stripe_simulator", *options]
    )
    try:
        _wait_until_it_listens(process, port)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the Stripe simulator did not start on port {port} (exit code {process.poll()})")
