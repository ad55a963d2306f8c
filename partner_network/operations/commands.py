"""What an operator types to begin, check, save and restore an installation; thin, like a web route."""

import argparse
import asyncio
import getpass
import signal
import sys
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from partner_network import settings as settings_of
from partner_network.clicks.actions.spool import Spool
from partner_network.database import addresses
from partner_network.kernel.errors import InvalidError
from partner_network.operations import beginning, doctor, rotation
from partner_network.operations.backup import restore, save
from partner_network.operations.beginning import FirstAdmin
from partner_network.operations.checks.finding import Finding
from partner_network.operations.rotation import Progress

DONE, FAILED, CANNOT = 0, 1, 2
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - argparse has no public name for it


def add_to(commands: Commands) -> None:
    """Add these commands to the command line."""
    add = commands.add_parser("init", help="begin a new installation: tables and the first admin, once")
    add.add_argument("--name", help="the first admin's name; asked for when left out")
    add.add_argument("--email", help="the address they sign in with; asked for when left out")
    add.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input, its first line"
    )
    add.add_argument("--password", action=_Refused, help=argparse.SUPPRESS)
    add.set_defaults(command=_init)
    add = commands.add_parser("doctor", help="look at everything that can be wrong, a line each")
    add.add_argument("--json", action="store_true", help="print one JSON document, for programs")
    add.set_defaults(command=_doctor)
    add = commands.add_parser("backup", help="write database and local files into one file, while all runs")
    add.add_argument("place", type=Path, metavar="FILE|FOLDER", help="where; in a folder it gets a name")
    add.set_defaults(command=_backup)
    add = commands.add_parser("restore", help="bring a backup back, into an empty database")
    add.add_argument("archive", type=Path, metavar="FILE", help="what backup wrote")
    add.set_defaults(command=_restore)
    add = commands.add_parser("rotate-keys", help="seal everything under a new PARTNER_NETWORK_SECRET_KEY")
    add.set_defaults(command=_rotate_keys)
    add = commands.add_parser("database", help="run the embedded PostgreSQL until told to stop")
    add.set_defaults(command=_database)


class _Refused(argparse.Action):
    """An argument that is turned away without being repeated."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.error("everybody on this machine sees a command line: pass --password-stdin, or be asked")


async def _init(parsed: argparse.Namespace) -> int:
    try:
        settings = settings_of.from_environment()
    except InvalidError as unread:
        if not unread.detail.startswith("PARTNER_NETWORK_SECRET_KEY"):
            raise
        print(beginning.fresh_keys())
        print(f"{unread.detail} Keys were made for you: keep the lines above in `.env`, load it and run init "
              "again.", file=sys.stderr)  # fmt: skip
        return CANNOT
    with addresses.server_running(settings):
        await beginning.must_be_possible(settings)
        admin = _first_admin(parsed)
        await beginning.begin(settings, admin)
    print(f"Ready. {admin.name.strip()} can sign in at {settings.base_url}/sign-in; now run "
          "`partner-network doctor`.")  # fmt: skip
    return DONE


def _first_admin(parsed: argparse.Namespace) -> FirstAdmin:
    is_asked = sys.stdin.isatty()
    if not is_asked and not (parsed.password_stdin and parsed.name and parsed.email):
        raise InvalidError(
            "There is no terminal to ask at: give --name and --email, and the password on standard input "
            "with --password-stdin."
        )
    name = parsed.name or input("Name of the first admin: ")
    email = parsed.email or input("E-mail address: ")
    if parsed.password_stdin:
        return FirstAdmin(name, email, sys.stdin.readline().rstrip("\r\n"))
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same password again: ") != password:
        raise InvalidError("The two passwords differ; nothing was changed. Start again.")
    return FirstAdmin(name, email, password)


async def _doctor(parsed: argparse.Namespace) -> int:
    found: list[Finding] = []
    async for one in doctor.examine():
        found.append(one)
        if not parsed.json:
            print(one.line, flush=True)
    if parsed.json:
        print(msgspec.json.encode({"findings": found}).decode())
    return FAILED if any(one.level == "FAILED" for one in found) else DONE


async def _backup(parsed: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    with addresses.server_running(settings):
        path, manifest = await save.save(settings, parsed.place)
    rows = sum(manifest.rows.values())
    print(f"{path}: {rows} rows of {len(manifest.rows)} tables, {manifest.file_count} files.")
    if manifest.files_are_elsewhere:
        print(f"Files are in the bucket {settings.s3_bucket}: back that up by its own means.")
    if waiting := Spool(settings.spool_folder).waiting():
        print(f"Clicks that wait in {len(waiting)} files of {settings.spool_folder} are not in it: stop the "
              "web processes, which ships them, and back up again.")  # fmt: skip
    return DONE


async def _restore(parsed: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    with addresses.server_running(settings):
        manifest = await restore.restore(settings, parsed.archive)
    rows = sum(manifest.rows.values())
    print(f"Restored what was there at {manifest.taken_at:%Y-%m-%d %H:%M} UTC: {rows} rows of "
          f"{len(manifest.rows)} tables, {manifest.file_count} files.")  # fmt: skip
    print("Before you start a worker, run `partner-network verify`: it tells what Stripe has paid since.")
    return DONE


async def _rotate_keys(_: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    reached: dict[str, Progress] = {}
    with addresses.server_running(settings):
        async for one in rotation.rotate(settings):
            reached[one.table] = one
            print(f"{one.table}: {one.seen} looked at, {one.resealed} sealed anew", flush=True)
    if unreadable := [f"{one.unreadable} in {one.table}" for one in reached.values() if one.unreadable]:
        print(f"Sealed under keys that are not here: {', '.join(unreadable)}.", file=sys.stderr)
        print("Add those keys to PARTNER_NETWORK_FORMER_SECRET_KEYS and run this again.", file=sys.stderr)
        return FAILED
    may_go = f"{rotation.former_keys_may_go_at():%Y-%m-%d %H:%M} UTC"
    print(f"If all processes run with the new key, PARTNER_NETWORK_FORMER_SECRET_KEYS may go at {may_go}:")
    print("until then people may hold addresses of files that were signed under it.")
    return DONE


async def _database(_: argparse.Namespace) -> int:
    settings = settings_of.from_environment()
    if not addresses.is_embedded(settings):
        raise InvalidError("DATABASE_URL names a server of your own; start that one instead.")
    stop = asyncio.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, stop.set)
    with addresses.server_of(settings):
        print("PostgreSQL is ready.", flush=True)
        await stop.wait()
    return DONE
