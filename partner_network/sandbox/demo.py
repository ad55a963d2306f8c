"""Run the demo network: once through eighteen months and out, or staying up for a look around."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import people as identity
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.sandbox import (
    cast,
    documents_out,
    hearsay,
    installation,
    keychain,
    orders,
    processes,
    results,
    traffic,
)
from partner_network.sandbox.installation import Installation
from partner_network.sandbox.network import Builder
from partner_network.sandbox.orders import ZONE, ShopOrder
from partner_network.sandbox.people import RefusedError
from partner_network.sandbox.replay import Replay, Stations, StuckError
from partner_network.sandbox.results import Results
from partner_network.sandbox.traffic import Traffic

DATA = Path(".data/demo")
WEB_PORT = 8000
STRIPE_PORT = 12111
LOADED = "loaded"
INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


def main() -> None:
    """Read the command line and run."""
    given = _arguments()
    say = _Progress()
    if given.code:
        _print_code(given)
        return
    try:
        sold = orders.read_orders(given.orders, seed=given.seed)
    except InvalidError as error:
        sys.exit(f"bin/demo: {error.detail}")
    try:
        with processes.interruptible():
            _run_once(given, sold, say) if given.once else _stay_up(given, sold, say)
    except KeyboardInterrupt:
        say("stopped; nothing that was started is left running")
        sys.exit(INTERRUPTED)
    except (RuntimeError, RefusedError, StuckError) as error:
        sys.exit(f"bin/demo: {error}")


class _Progress:
    """Says what happens and since when, on standard error, so that results alone go to standard output."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def __call__(self, sentence: str) -> None:
        sys.stderr.write(f"[{self.seconds:6.1f} s] {sentence}\n")
        sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="replay in a fresh database, print results, end")
    parser.add_argument("--orders", type=Path, default=orders.SAMPLE, help="a CSV like the sample's")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other clicks and refunds")
    parser.add_argument("--json", action="store_true", help="with --once: the last line is one JSON object")
    parser.add_argument("--out", type=Path, help="with --once: a folder for agreements, statements, summary")
    parser.add_argument(
        "--verify", action="store_true", help="with --once: recompute every figure at the end and compare"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="where the demo keeps its data")
    parser.add_argument("--port", type=int, default=WEB_PORT, help="staying up: where the web app listens")
    parser.add_argument(
        "--stripe-port", type=int, default=STRIPE_PORT, help="and where Stripe's stand-in does"
    )
    parser.add_argument(
        "--code", metavar="EMAIL", help="print the code that this person's second factor shows now, and end"
    )
    given = parser.parse_args()
    if not given.once and (given.json or given.out or given.verify):
        parser.error("--json, --out and --verify go with --once")
    return given


def _print_code(given: argparse.Namespace) -> None:
    """Print a code for the sign-in, also beside a running demo; how long it lasts goes to standard error."""
    now = clock.wall_now()
    try:
        code = keychain.code_of(given.data.resolve(), given.code.strip().lower(), now)
    except NotFoundError as error:
        sys.exit(f"bin/demo: {error.detail}")
    sys.stdout.write(f"{code}\n")
    sys.stderr.write(f"shown for {keychain.lasts(now).seconds} seconds more; each code works once\n")


def _run_once(given: argparse.Namespace, sold: list[ShopOrder], say: _Progress) -> None:
    with _fresh_folder() as folder, installation.running(folder, say=say) as installed:
        found, stations = asyncio.run(_replay(installed, sold, given.seed, say))
        if given.out:
            asyncio.run(documents_out.leave(installed, given.out, found, say))
        if given.verify:
            say("recomputing everything from facts and signed terms")
            _verify(installed)
    for station, seconds in stations.seconds.items():
        say(f"{station}: {seconds:.1f} s")
    if not found.adds_up or found.ledger_sum_minor:
        sys.exit(f"bin/demo: the money does not add up: {found}")
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n" if given.json else _in_words(found))


def _verify(installed: Installation) -> None:
    command = [sys.executable, "-m", "partner_network", "verify"]
    environment = {**os.environ, **installed.environment}
    proof = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)  # noqa: S603 - our own
    if proof.returncode:
        sys.exit("bin/demo: the proof failed; the line above says where")


@contextmanager
def _fresh_folder() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="partner-network-"))
    folder.chmod(0o711)  # the database's own user passes through; it cannot look around
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stay_up(given: argparse.Namespace, sold: list[ShopOrder], say: _Progress) -> None:
    folder: Path = given.data.resolve()
    if folder.exists() and not (folder / LOADED).exists():
        say("the last start ended before everything was loaded: loading anew")
        shutil.rmtree(folder)
    ports = {"web_port": given.port, "stripe_port": given.stripe_port}
    with installation.running(folder, say=say, **ports) as installed:
        if not (folder / LOADED).exists():
            asyncio.run(_replay(installed, sold, given.seed, say))
            (folder / LOADED).touch()
        sys.stdout.write(_welcome(installed))
        sys.stdout.flush()
        installed.running.watch()


async def _replay(
    installed: Installation, sold: list[ShopOrder], seed: int, say: _Progress
) -> tuple[Results, Stations]:
    made = traffic.make_traffic(
        sold, seed=seed, shop=cast.SHOP, reciprocal=cast.RECIPROCAL, partners=cast.PARTNERS
    )
    heard = hearsay.heard_from(
        sold, seed=seed, shop=cast.SHOP, reciprocal=cast.RECIPROCAL, partners=cast.PARTNERS
    )
    clock.use_simulated_time(sandbox=True)
    await _hire_operators(installed, sold, made)
    await connections.open_pool(installed.worker_database_url, max_size=2)
    try:
        password = installation.password_of(installed.folder)
        builder = Builder(installed.base_url, password, installed.folder, say)
        network = await builder.build()
        await builder.close()
        say(f"replaying {len(sold)} orders and {len(made.clicks)} clicks")
        async with connections.pool().acquire() as connection:
            replay = Replay(network, connection, lambda: installed.running.must_run("worker"), say)
            await replay.run(sold, made, heard)
            found = await results.read_results(
                connection,
                installed.stripe_url,
                installed.stripe_key,
                orders=len(sold),
                seconds=say.seconds,
            )
        await network.close()
        return found, replay.stations
    finally:
        await connections.close_pool()


async def _hire_operators(installed: Installation, sold: list[ShopOrder], made: Traffic) -> None:
    """Set the clock to the network's first day and make the operator's people, as its installer does."""
    first = min([order.at for order in sold] + [click.at for click in made.clicks])
    starts = min(first, sold[0].at - traffic.LEAD).astimezone(ZONE).replace(hour=3, minute=0, second=0)
    await connections.open_pool(installed.owner_database_url, max_size=1)
    try:
        async with connections.transaction() as connection:
            await clock.set_simulated(connection, starts, running=False)
        password = installation.password_of(installed.folder)
        for name, roles in cast.OPERATORS.values():
            await identity.create_operator_member(name, cast.email_of(name, "network"), password, roles)
    finally:
        await connections.close_pool()


def _welcome(installed: Installation) -> str:
    people = [
        ("partner brand", cast.email_of(cast.BRAND_OF["riff-radio"].owner, "riff-radio")),
        ("advertiser's finance", cast.email_of(cast.BRAND_OF[cast.SHOP].finance or "", cast.SHOP)),
        *((part, cast.email_of(name, "network")) for part, (name, _) in cast.OPERATORS.items()),
    ]
    lines = [
        "",
        f"The partner network   {installed.base_url}",
        f"Stripe's stand-in     {installed.stripe_url}",
        f"Everybody's letters   {installed.base_url}/outbox",
        "",
        f"Everybody's password  {installation.password_of(installed.folder)}",
        *(f"{part:<21} {email}" for part, email in people),
        "",
        "Owners, and the network's finance, give the code of a second factor too. To print it:",
        f"bin/demo --code {people[0][1]}{_data_option(installed)}",
        "",
        "Ctrl-C ends everything; the next start goes on with the same data.",
        "",
    ]
    return "\n".join(lines)


def _data_option(installed: Installation) -> str:
    return "" if installed.folder == DATA.resolve() else f" --data {installed.folder}"


def _in_words(found: Results) -> str:
    names = msgspec.structs.asdict(found)
    return "".join(f"{name:<24}{value:>14,}\n" for name, value in names.items())


if __name__ == "__main__":
    main()
