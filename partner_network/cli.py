"""The command line of one installation: bring its database up to date, work, and prove that it is right."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from partner_network import app, schedule
from partner_network import settings as settings_of
from partner_network.commissions import commands as rates
from partner_network.dashboards.exporting import commands as exports
from partner_network.dashboards.verification import ledger as verified_ledger
from partner_network.dashboards.verification import proof
from partner_network.database import addresses, connections, migration
from partner_network.gateways import clock, logs
from partner_network.gateways.mailer import sender
from partner_network.gateways.pdf import PdfError, Renderer
from partner_network.gateways.stripe_connect import StripeConnect, StripeRefusedError, StripeUnreachableError
from partner_network.gateways.traces import Tracer
from partner_network.kernel.errors import InvalidError, PartnerNetworkError
from partner_network.ledger import commands as journal
from partner_network.operations import commands as operations
from partner_network.payouts.actions import compare
from partner_network.receipts import computing_files, explaining_files
from partner_network.receipts.replay import commands as replay
from partner_network.receipts.trials import commands as trials
from partner_network.schedule import Gateways
from partner_network.settings import Settings
from partner_network.statements.document_queries import Issuer

DONE, DIFFERS, CANNOT = 0, 1, 2
CONNECTIONS = 2
Command = Callable[[argparse.Namespace], Coroutine[Any, Any, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments ask for and return the exit code: 0 done, 1 something differs, 2 cannot."""
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    try:
        return uvloop.run(command(parsed))
    except PartnerNetworkError as refused:
        return _cannot(refused.detail)
    except (PdfError, StripeRefusedError, StripeUnreachableError) as failed:
        return _cannot(str(failed))
    except (OSError, ValueError, asyncpg.PostgresError) as failed:
        return _cannot(str(failed) or type(failed).__name__)
    except KeyboardInterrupt:
        return _cannot("Stopped.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="partner-network", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("migrate", help="bring the database up to date; again changes nothing")
    add.set_defaults(command=_migrate)
    add = commands.add_parser("worker", help="take jobs and follow the calendar until told to stop")
    add.set_defaults(command=_worker)
    add = commands.add_parser(
        "verify", help="recompute every figure from facts and signed terms, and compare"
    )
    add.add_argument("part", nargs="?", choices=["ledger"], help="the ledger alone; left out: everything")
    add.add_argument("--without-stripe", action="store_true", help="compare with what is booked alone")
    add.add_argument("--export", type=Path, metavar="DIR", help="a brand's export instead; no database")
    journal.add_moment_to(add)
    add.set_defaults(command=_verify)
    add = commands.add_parser(
        "reconcile", help="compare our books with Stripe's; each difference becomes a case for finance"
    )
    add.set_defaults(command=_reconcile)
    exports.add_to(commands)
    journal.add_to(commands)
    replay.add_to(commands)
    trials.add_to(commands)
    add = commands.add_parser("explain", help="say who gets each conversion of a file, and why; no database")
    add.add_argument("--terms", type=Path, action="append", required=True, metavar="TERMS.toml")
    add.add_argument("--facts", type=Path, required=True, metavar="FACTS.json")
    add.set_defaults(command=_explain)
    add = commands.add_parser("compute", help="say what each conversion of a file pays to whom; no database")
    add.add_argument("--terms", type=Path, action="append", required=True, metavar="TERMS.toml")
    add.add_argument("--facts", type=Path, required=True, metavar="FACTS.json")
    add.add_argument("--as-of", metavar="INSTANT", help="leave out facts recorded later")
    add.set_defaults(command=_compute)
    rates.add_to(commands)
    operations.add_to(commands)
    return parser


async def _migrate(_: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    await migration.migrate(addresses.address_for(settings, "owner").url)
    return DONE


async def _worker(_: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    stop = asyncio.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, stop.set)
    logs.configure()
    stripe, tracer = _stripe(settings), Tracer.of(settings, f"worker {os.getpid()}")
    try:
        async with Renderer() as renderer:
            files, mail = app.file_store(settings), sender.sender_of(settings)
            doors = Gateways(stripe, renderer, files, _issuer(settings), mail, tracer)
            await schedule.run(settings, doors, stop)
    finally:
        await stripe.close()
        if tracer is not None:
            await asyncio.to_thread(tracer.close)
    return DONE


async def _verify(parsed: argparse.Namespace) -> int:
    if parsed.export is not None:
        return exports.verify(parsed.export)
    as_of = journal.moment_in(parsed)
    if as_of is not None and parsed.part != "ledger":
        raise InvalidError(
            "Only the ledger is verified as of a day: partner-network verify ledger --as-of DAY"
        )
    settings = settings_of.from_environment()
    # Rows by the million, all of them needed to the end: walking them for garbage costs a fifth of the time.
    gc.disable()
    address = addresses.address_for(settings, "worker")
    await connections.open_pool(address.url, role=address.role, max_size=CONNECTIONS)
    stripe = None if parsed.without_stripe or parsed.part == "ledger" else _stripe(settings)
    looks = verified_ledger.verify(as_of) if parsed.part == "ledger" else proof.verify(stripe)
    try:
        # A look at the ledger reads while it is told: left half-way, it must give its connection back.
        async with aclosing(looks) as found:
            async for kind in found:
                print(kind.line, flush=True)
                if kind.difference is not None:
                    print(kind.difference, file=sys.stderr)
                    return DIFFERS
    finally:
        if stripe is not None:
            await stripe.close()
        await connections.close_pool()
    return DONE


async def _reconcile(_: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    clock.use_simulated_time(sandbox=settings.sandbox)
    address = addresses.address_for(settings, "worker")
    await connections.open_pool(address.url, role=address.role, max_size=CONNECTIONS)
    stripe = _stripe(settings)
    try:
        made = await compare.compare(stripe, await clock.now())
    finally:
        await stripe.close()
        await connections.close_pool()
    for one in made.found:
        print(f"{one.kind}: {one.subject}: {one.said}")
    for kind in sorted(made.not_compared):
        print(f"{kind}: not compared while a request to Stripe has no answer; run it again later.")
    if made.found:
        return DIFFERS
    if made.not_compared:
        return CANNOT
    print("Our books and Stripe's agree.")
    return DONE


async def _explain(parsed: argparse.Namespace) -> int:
    return _answer(lambda: explaining_files.explained(parsed.terms, parsed.facts))


async def _compute(parsed: argparse.Namespace) -> int:
    return _answer(lambda: computing_files.computed(parsed.terms, parsed.facts, parsed.as_of))


def _answer(made: Callable[[], bytes]) -> int:
    # A large file is hundreds of thousands of rows, all needed to the end; nothing is left to be collected.
    gc.disable()
    try:
        sys.stdout.buffer.write(made())
    finally:
        gc.enable()
    return DONE


def _issuer(settings: Settings) -> Issuer:
    operator = settings.operator
    return Issuer("" if operator is None else operator.name, settings.base_url)


def _stripe(settings: Settings) -> StripeConnect:
    return StripeConnect(
        secret_key=settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        webhook_secret=settings.stripe_webhook_secret,
        sandbox=settings.sandbox,
        transfers_per_s=settings.stripe_transfers_per_s,
    )


def _cannot(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return CANNOT
