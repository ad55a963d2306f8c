"""Bring a backup back, into an empty database alone: nothing that is there is ever overwritten."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import asyncpg

from partner_network.database import addresses, migration, roles
from partner_network.kernel.errors import ConflictError
from partner_network.operations.backup import archive, programs
from partner_network.operations.backup.archive import Manifest, Opened
from partner_network.operations.backup.programs import Program
from partner_network.settings import Settings


async def restore(settings: Settings, path: Path) -> Manifest:
    """Bring database and files back and up to date; return what the backup held.

    Errors: InvalidError when the backup is damaged; ConflictError when there is anything already. The
    database comes back whole or stays empty.
    """
    url = addresses.address_for(settings, "owner").url
    with archive.opened(path) as backup:
        manifest = backup.manifest
        server_major = await _must_fit(settings, url, manifest)
        program = programs.fitting("pg_restore", at_least=manifest.dumped_by)
        making = await asyncio.to_thread(_files, settings, backup)
        try:
            await _database(url, program, server_major, backup)
            if making is not None:
                making.rename(settings.files_folder)
        finally:
            if making is not None:
                shutil.rmtree(making, ignore_errors=True)
    await _must_be_complete(url, manifest)
    await migration.migrate(url)
    await _end_sessions(url)
    return manifest


async def _must_fit(settings: Settings, url: str, manifest: Manifest) -> int:
    """Refuse before anything is done; return the server's major version."""
    if manifest.migration not in migration.known():
        raise ConflictError(
            f"This backup is of a newer version ({manifest.product_version}); install that one to restore it."
        )
    if manifest.file_count and settings.s3_bucket is not None:
        raise ConflictError(
            "This backup holds files and S3_BUCKET is set: unset it to restore, then carry the files there."
        )
    if manifest.file_count and settings.files_folder.exists() and any(settings.files_folder.iterdir()):
        raise ConflictError(f"There are files in {settings.files_folder}; restore into an empty folder.")
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        if await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
        ):
            raise ConflictError("This database is not empty; make a new one, and restore into that.")
        owner = await connection.fetchval("SELECT current_user::text")
        if owner != manifest.owner:
            raise ConflictError(
                f"The tables in this backup belong to the role {manifest.owner}, and you connect as {owner}: "
                f"make that role and a database that it owns, and name them in DATABASE_URL."
            )
        await roles.ensure(connection)
        return int(await connection.fetchval("SHOW server_version_num")) // programs.PER_MAJOR
    finally:
        await connection.close()


async def _database(url: str, program: Program, server_major: int, backup: Opened) -> None:
    if server_major < programs.FIRST_TO_UNDERSTAND <= program.major:
        await asyncio.to_thread(programs.feed_as_script, program, ["--no-owner"], url, backup.dump())
        return
    arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-password"]
    await asyncio.to_thread(programs.feed, program, arguments, url, backup.dump())


def _files(settings: Settings, backup: Opened) -> Path | None:
    """Lay the files out beside their folder, so that they come to it all at once."""
    if not backup.manifest.file_count:
        return None
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".restoring-", dir=settings.data_folder))
    try:
        for place, content in backup.files():
            file = making / place
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as written:
                shutil.copyfileobj(content, written)
                written.flush()
                os.fsync(written.fileno())
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    if settings.files_folder.exists():
        settings.files_folder.rmdir()  # it is empty
    return making


async def _end_sessions(url: str) -> None:
    """Let everybody sign in again: a session that was ended since the backup must not come back to life."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        await connection.execute("DELETE FROM sessions")
    finally:
        await connection.close()


async def _must_be_complete(url: str, manifest: Manifest) -> None:
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        for table, count in manifest.rows.items():
            found = await connection.fetchval(f'SELECT count(*) FROM "{table}"')
            if found != count:
                raise ConflictError(
                    f"{found} rows of {count} came back to {table}: do not use this database, restore again."
                )
    finally:
        await connection.close()
