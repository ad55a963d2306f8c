"""Take a backup of an installation while it runs."""

import asyncio
import hashlib
import io
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path

import asyncpg
import msgspec

from partner_network.database import addresses, migration
from partner_network.gateways import clock
from partner_network.kernel.errors import ConflictError
from partner_network.operations.backup import archive, programs
from partner_network.operations.backup.archive import Manifest, Writer
from partner_network.operations.backup.programs import Program
from partner_network.settings import Settings

_TABLES = """SELECT c.relname::text AS name, c.relpersistence = 'u' AS is_unlogged FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1"""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the database holds at one instant, and the name under which others see the same."""

    name: str
    migration: str
    server_version: int
    owner: str
    rows: dict[str, int]
    unlogged: list[str]
    audit_head: str | None


async def save(settings: Settings, place: Path) -> tuple[Path, Manifest]:
    """Write a backup to a file, or to a file of its own in a folder; return where it is and what it holds."""
    at = clock.wall_now()
    path = _free(place, at)
    url = addresses.address_for(settings, "owner").url
    async with _snapshot(url) as snapshot:
        program = programs.fitting("pg_dump", at_least=snapshot.server_version // programs.PER_MAJOR)
        manifest = await asyncio.to_thread(_write, settings, path, at, snapshot, program)
    return path, manifest


def _free(place: Path, at: datetime) -> Path:
    path = (place / f"partner-network-{at:%Y%m%dT%H%M%SZ}.tar" if place.is_dir() else place).resolve()
    if path.exists():
        raise ConflictError(f"{path} is there already; name another file, or a folder.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@asynccontextmanager
async def _snapshot(url: str) -> AsyncGenerator[Snapshot]:
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield await _read(connection)
    finally:
        await connection.close()


async def _read(connection: "asyncpg.Connection[asyncpg.Record]") -> Snapshot:
    run = await migration.run_in(connection)
    if not run:
        raise ConflictError("This database holds nothing of ours yet; there is nothing to back up.")
    tables = await connection.fetch(_TABLES)
    rows = {
        table["name"]: await connection.fetchval(f'SELECT count(*) FROM "{table["name"]}"')
        for table in tables
        if not table["is_unlogged"]
    }
    head = None
    if "audit_seals" in rows:
        head = await connection.fetchval(
            "SELECT encode(hash, 'hex') FROM audit_seals ORDER BY no DESC LIMIT 1"
        )
    return Snapshot(
        name=await connection.fetchval("SELECT pg_export_snapshot()"),
        migration=run[-1],
        server_version=int(await connection.fetchval("SHOW server_version_num")),
        owner=await connection.fetchval("SELECT current_user::text"),
        rows=rows,
        unlogged=[table["name"] for table in tables if table["is_unlogged"]],
        audit_head=head,
    )


def _write(settings: Settings, path: Path, at: datetime, snapshot: Snapshot, program: Program) -> Manifest:
    url = addresses.address_for(settings, "owner").url
    dump, files = hashlib.sha256(), archive.Digest()
    arguments = [
        "--format=custom",
        f"--snapshot={snapshot.name}",
        # The walls hold the owner too, who is let through all of them; else pg_dump refuses to read.
        "--enable-row-security",
        # Salts that are to be destroyed and counters of the last minutes are in no backup.
        "--no-unlogged-table-data",
        "--no-password",
    ]
    with Writer(path) as writer:
        with programs.writing(program, arguments, url) as content:
            writer.add(archive.DUMP, content, at, dump.update)
        # After the database: a file is written before the row that names it, and none is changed.
        for name, file in _files(settings):
            with file.open("rb") as content:
                files.begin(name, file.stat().st_size)
                writer.add(name, content, at, files.update)
        manifest = Manifest(
            format=archive.FORMAT,
            product_version=metadata.version("partner-network"),
            taken_at=at,
            migration=snapshot.migration,
            server_version=snapshot.server_version,
            dumped_by=program.major,
            owner=snapshot.owner,
            rows=snapshot.rows,
            unlogged=snapshot.unlogged,
            dump_sha256=dump.hexdigest(),
            files_sha256=files.hexdigest(),
            file_count=files.count,
            files_are_elsewhere=settings.s3_bucket is not None,
            audit_head=snapshot.audit_head,
        )
        body = msgspec.json.format(msgspec.json.encode(manifest))
        writer.add(archive.MANIFEST, io.BytesIO(body), at, lambda _: None)
    return manifest


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.s3_bucket is None and settings.files_folder.is_dir():
        for file in sorted(settings.files_folder.rglob("*")):
            # What begins with a dot is still being written; nobody was told of it.
            if file.is_file() and not file.is_symlink() and not file.name.startswith("."):
                yield archive.FILES + file.relative_to(settings.files_folder).as_posix(), file
