"""Change the installation's key: what lies sealed in the database is sealed anew, so the former can go."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import asyncpg
import msgspec

from partner_network.database import addresses
from partner_network.gateways import clock
from partner_network.gateways.file_store.store import EXPIRES_IN_S_MAX
from partner_network.gateways.mailer import letters
from partner_network.identity.actions import kept_forms, resets
from partner_network.identity.rules import factors
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.keyring import Keyring
from partner_network.settings import Settings

ROWS_AT_ONCE = 500


class Sealed(msgspec.Struct, frozen=True):
    """A column in which something lies sealed, and for what purpose."""

    table: str
    key: str
    column: str
    purpose: str
    among: str = "true"
    """Which rows it is sealed in, where others hold something else."""


# All of them: a test finds columns that are not here. What is only signed needs nothing done, since it is
# checked with former keys too.
REGISTER = (
    Sealed("second_factors", "id", "sealed_key", factors.SEALED_FOR),
    Sealed("kept_forms", "id", "sealed", kept_forms.SEALED_FOR),
    Sealed("letters", "id", "sealed", letters.SEALED_FOR),
    Sealed("pgqueuer", "id", "payload", resets.SEALED_FOR, f"entrypoint = '{resets.OFFER}'"),
)


class Progress(msgspec.Struct, frozen=True):
    """How far the change has come in one column."""

    table: str
    seen: int
    resealed: int
    unreadable: int
    """Sealed under a key that is not here."""


async def rotate(settings: Settings) -> AsyncGenerator[Progress]:
    """Seal everything under the present key, batch by batch; run again, it goes on where it stopped.

    Errors: ConflictError when no former key is named, since then there is nothing to change from.
    """
    if not settings.former_secret_keys:
        raise ConflictError(
            "PARTNER_NETWORK_FORMER_SECRET_KEYS is empty: put the key there that was used until now, and a "
            "new one into PARTNER_NETWORK_SECRET_KEY; start all processes with both, and run this again."
        )
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        addresses.address_for(settings, "owner").url
    )
    try:
        for sealed in REGISTER:
            async for progress in _reseal(connection, sealed, settings.keyring):
                yield progress
    finally:
        await connection.close()


def former_keys_may_go_at() -> datetime:
    """Return when the last address of a file that a former key signed has expired."""
    return clock.wall_now() + timedelta(seconds=EXPIRES_IN_S_MAX)


async def _reseal(
    connection: "asyncpg.Connection[asyncpg.Record]", sealed: Sealed, keyring: Keyring
) -> AsyncGenerator[Progress]:
    progress, last = Progress(sealed.table, 0, 0, 0), None
    while True:
        async with connection.transaction():
            # Locked, so that a value that is replaced meanwhile is never put back.
            rows = await connection.fetch(
                f"""SELECT {sealed.key} AS key, {sealed.column} AS sealed FROM {sealed.table}
                    WHERE {sealed.column} IS NOT NULL AND ({sealed.among})
                        AND ({"true" if last is None else f"{sealed.key} > $2"})
                    ORDER BY {sealed.key} LIMIT $1 FOR UPDATE""",
                *([ROWS_AT_ONCE] if last is None else [ROWS_AT_ONCE, last]),
            )
            changed, unreadable = _changed(rows, sealed.purpose, keyring)
            await connection.executemany(
                f"UPDATE {sealed.table} SET {sealed.column} = $2 WHERE {sealed.key} = $1", changed
            )
        progress = Progress(
            sealed.table,
            progress.seen + len(rows),
            progress.resealed + len(changed),
            progress.unreadable + unreadable,
        )
        yield progress
        if len(rows) < ROWS_AT_ONCE:
            return
        last = rows[-1]["key"]


def _changed(
    rows: list[asyncpg.Record], purpose: str, keyring: Keyring
) -> tuple[list[tuple[object, bytes]], int]:
    changed: list[tuple[object, bytes]] = []
    unreadable = 0
    for row in rows:
        if keyring.is_under_present(purpose, row["sealed"]):
            continue
        try:
            changed.append((row["key"], keyring.reseal(purpose, row["sealed"])))
        except InvalidError:
            unreadable += 1
    return changed, unreadable
