"""What this machine and its settings must offer: addresses, keys, zones, libraries and the spool."""

import asyncio
import contextlib
import importlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from partner_network.clicks.actions.spool import Spool
from partner_network.links import rules as links
from partner_network.operations.checks import databases, finding
from partner_network.operations.checks.finding import Finding
from partner_network.settings import LEAST_SECRET_LENGTH, Settings

FEWEST_LETTERS = 12
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo")
FORGETFUL = frozenset({"tmpfs", "ramfs"})
LOST_WITH_CONTAINER = "overlay"
MOUNTS = Path("/proc/self/mounts")


async def base_url(settings: Settings) -> Sequence[Finding]:
    """Look whether people reach us encrypted."""
    parts = urlsplit(settings.base_url)
    if parts.scheme == "https":
        return [finding.ok("base address", f"{settings.base_url} is encrypted.")]
    if links.is_loopback(parts.hostname or ""):
        return [finding.ok("base address", f"{settings.base_url} is this machine alone.")]
    sentence = f"{settings.base_url} is not encrypted: passwords travel readable."
    return [finding.failed("base address", sentence, "Set up TLS (docs/operating/tls.md) and "
                           "PARTNER_NETWORK_BASE_URL=https://....")]  # fmt: skip


async def keys(settings: Settings) -> Sequence[Finding]:
    """Look whether the secret key can be guessed."""
    secret = settings.secret_key
    if len(secret) < LEAST_SECRET_LENGTH or len(set(secret)) < FEWEST_LETTERS:
        sentence = "PARTNER_NETWORK_SECRET_KEY is short or hardly random."
        return [finding.failed("secret key", sentence, "Make one by `openssl rand -base64 48` and run "
                               "`partner-network rotate-keys`.")]  # fmt: skip
    former = len(settings.former_secret_keys)
    also = f"; {former} former still honoured" if former else ""
    return [finding.ok("secret key", f"{len(secret)} characters{also}.")]


async def operator(settings: Settings) -> Sequence[Finding]:
    """Look whether agreements can name who runs the network."""
    if settings.operator is None:
        sentence = "Nobody can sign: agreements name the operator, and there is none."
        return [finding.warning("operator", sentence, "Set PARTNER_NETWORK_OPERATOR_NAME and the others.")]
    return [finding.ok("operator", f"Agreements name {settings.operator.legal_name}")]


async def zones(settings: Settings) -> Sequence[Finding]:
    """Look whether days and months can be reckoned in their own time zones, here and in the database."""
    for name in ZONES:
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError:
            return [finding.failed("time zones", f"{name} is not known here.", "Install the package tzdata.")]
    async with databases.connected(settings, "owner") as connection:
        known = await connection.fetchval(
            "SELECT count(*) FROM pg_timezone_names WHERE name = ANY($1)", list(ZONES)
        )
    if known < len(ZONES):
        to_do = "Install the system's tzdata on the database's machine."
        return [finding.failed("time zones", "The database does not know them all.", to_do)]
    return [finding.ok("time zones", "Known here and in the database.")]


async def pdf(_: Settings) -> Sequence[Finding]:
    """Load what draws PDFs, in a thread: it takes a second."""
    await asyncio.to_thread(importlib.import_module, "weasyprint")
    return [finding.ok("PDF libraries", "Loaded.")]


async def spool(settings: Settings) -> Sequence[Finding]:
    """Look whether clicks could wait on this machine's disk, and which already do."""
    folder, to_do = settings.spool_folder, "Put PARTNER_NETWORK_DATA on a disk that web processes may write."
    return await asyncio.to_thread(_spool, folder, to_do)


def _spool(folder: Path, to_do: str) -> Sequence[Finding]:
    if reason := why_not_writable(folder):
        return [finding.failed("spool", f"Clicks cannot wait in {folder}: {reason}.", to_do)]
    kind = kind_of_disk(folder)
    if kind in FORGETFUL:
        sentence = f"{folder} is on {kind}: waiting clicks are lost when this machine stops."
        return [finding.failed("spool", sentence, to_do)]
    spool = Spool(folder)
    waiting = spool.waiting()
    if refused := [path.name for path in folder.glob("*.refused")]:
        sentence = f"{len(refused)} files hold clicks that the database refused, {refused[0]} first."
        return [finding.failed("spool", sentence, f"Look at them in {folder}.")]
    orphans = [path for path in waiting if _is_orphan(spool, path)]
    if orphans:
        clicks = sum(path.read_bytes().count(b"\n") for path in orphans)
        sentence = f"{clicks} clicks wait in {len(orphans)} files that no process holds."
        return [finding.warning("spool", sentence, "A web process on this machine ships them: start one.")]
    if kind == LOST_WITH_CONTAINER:
        sentence = f"{folder} goes with its container."
        return [finding.warning("spool", sentence, "Mount a volume there.")]
    return [finding.ok("spool", f"{folder} can be written; {len(waiting)} files wait.")]


def _is_orphan(spool: Spool, path: Path) -> bool:
    with spool.adopt(path) as held:
        return held is not None


def why_not_writable(folder: Path) -> str | None:
    """Say why nothing can be written into a folder, or none if it can; one not made yet is not made here."""
    # Made by us it might belong to the wrong user, so its nearest parent is asked.
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not place.is_dir():
        return f"{place} is no folder"
    if place != folder:
        return None if os.access(place, os.W_OK | os.X_OK) else f"{place} cannot be written"
    try:
        with tempfile.NamedTemporaryFile(prefix=".doctor-", dir=folder) as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return None


def kind_of_disk(folder: Path) -> str:
    """Return the kind of file system that a folder is on, where the system tells."""
    kinds: dict[Path, str] = {}
    with contextlib.suppress(OSError):
        for line in MOUNTS.read_text().splitlines():
            _, where, kind, *_ = line.split(" ")
            kinds[Path(where.replace("\\040", " "))] = kind
    return next((kinds[path] for path in (folder, *folder.parents) if path in kinds), "unknown")
