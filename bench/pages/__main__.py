"""Measure the first view of every home on the demo's data: `python -m bench.pages`, or with `--json`.

The demo is set up in a fresh folder and stays up for the measuring, served by granian as in production; in
the same run the same server answers a bare page of the framework. Only loopback is asked. A time is what a
client on this machine waits for the page: the server's work, and a little of the client's own.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import msgspec

from bench.pages import visits
from bench.pages.visits import Visit
from partner_network.sandbox import cast, installation
from partner_network.sandbox.stripe_simulator import process

ROOT = Path(__file__).parents[2]
GOAL_KILOBYTES = 150
GOAL_P95_MS = 100
READY = "Ctrl-C ends everything"
START_TRIES = 400
SHOP = cast.BRAND_OF[cast.SHOP]
DEVELOPER = "Dana Ruiz"
PEOPLE = {
    "partner": cast.email_of(cast.BRAND_OF["riff-radio"].owner, "riff-radio"),
    "brand finance": cast.email_of(SHOP.finance or "", cast.SHOP),
    "developer": cast.email_of(DEVELOPER, cast.SHOP),
    "manager": cast.email_of(cast.OPERATORS["manager"][0], "network"),
    "finance": cast.email_of(cast.OPERATORS["preparer"][0], "network"),
    "admin": cast.email_of(cast.OPERATORS["admin"][0], "network"),
}


def main() -> None:
    """Set the demo up, visit every home, print the figures beside the goals, and end everything."""
    given = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="pn-bench-"))
    folder.chmod(0o711)
    try:
        with _demo(folder, given.orders) as address, _bare() as bare_address:
            password = installation.password_of(folder)
            _hire_developer(address, password)
            cookies = {
                home: visits.signed_in(address, folder, email, password) for home, email in PEOPLE.items()
            }
            homes, bare = visits.all_of(address, cookies, bare_address, times=given.times)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(_as_json(homes, bare) if given.json else _as_table(homes, bare))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--times", type=int, default=300, help="how often each page is asked for")
    parser.add_argument("--orders", type=Path, help="other orders than the sample's, for a quick look")
    return parser.parse_args()


@contextlib.contextmanager
def _demo(folder: Path, sold: Path | None) -> Generator[str]:
    """Run the demo until the measuring is done; its first start replays everything."""
    port, stripe_port = process.free_port(), process.free_port()
    argv = [sys.executable, "-m", "partner_network.sandbox.demo", "--data", str(folder)]
    argv += ["--port", str(port), "--stripe-port", str(stripe_port)]
    argv += ["--orders", str(sold)] if sold else []
    demo = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own
    try:
        for line in demo.stdout or ():
            if line.startswith(READY):
                break
        else:
            sys.exit("bench.pages: the demo did not start; it says why above")
        yield f"http://127.0.0.1:{port}"
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.communicate()


@contextlib.contextmanager
def _bare() -> Generator[str]:
    """Serve the bare page with the server and the options of the demo's web app."""
    port = process.free_port()
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--no-ws"]
    argv += ["--port", str(port), "--workers", "1", "--log-level", "warning", "bench.pages.bare:app"]
    bare = subprocess.Popen(argv, cwd=ROOT, env=os.environ, start_new_session=True)  # noqa: S603 -- our own
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(START_TRIES):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(address, trust_env=False)
                break
            time.sleep(0.05)
        yield address
    finally:
        bare.send_signal(signal.SIGTERM)
        bare.wait()


def _hire_developer(address: str, password: str) -> None:
    """Let a developer join the shop, by the manager's invitation as everybody does."""
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:

        def sent(path: str, body: object) -> dict[str, str]:
            answer = client.post(path, json=body)
            answer.raise_for_status()
            return answer.json()

        session = sent("/api/v1/sessions", {"email": PEOPLE["manager"], "password": password})
        client.headers["x-csrf-token"] = session["csrf_token"]
        brands = client.get("/api/v1/brands").json()["items"]
        brand = next(one["id"] for one in brands if one["slug"] == cast.SHOP)
        invited = sent(
            "/api/v1/invitations", {"email": PEOPLE["developer"], "role": "developer", "brand": brand}
        )
        sent(
            "/api/v1/invitations/acceptance",
            {"token": invited["token"], "name": DEVELOPER, "password": password},
        )


def _as_table(homes: list[Visit], bare: Visit) -> str:
    lines = [
        f"{'first view of':<16}{'over the wire':>15}{'requests':>10}{'p50':>10}{'p95':>10}{'p50 of bare':>13}"
    ]
    lines += [
        f"{one.home:<16}{one.kilobytes:>12.1f} KB{one.requests:>10}{one.p50_ms:>7.1f} ms{one.p95_ms:>7.1f} ms"
        f"{one.p50_ms / bare.p50_ms:>11.1f} x"
        for one in (bare, *homes)
    ]
    lines.append(f"{'goal':<16}{f'under {GOAL_KILOBYTES} KB':>15}{'':>20}{f'under {GOAL_P95_MS} ms':>12}")
    return "\n".join(line.rstrip() for line in lines)


def _as_json(homes: list[Visit], bare: Visit) -> str:
    return json.dumps(
        {
            "goals": {"kilobytes": GOAL_KILOBYTES, "p95_ms": GOAL_P95_MS},
            "bare": msgspec.to_builtins(bare),
            "homes": [
                {
                    **msgspec.to_builtins(one),
                    "p50_of_bare": round(one.p50_ms / bare.p50_ms, 1),
                    "p95_of_bare": round(one.p95_ms / bare.p95_ms, 1),
                }
                for one in homes
            ],
        }
    )


if __name__ == "__main__":
    main()
