"""Count requests and attempts where all processes see it, and refuse what comes too often."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import limits
from partner_network.identity.rules.limits import Bucket, Counted, Door
from partner_network.kernel.errors import TooOftenError
from partner_network.kernel.keyring import Keyring

_PURPOSE = "rate limits"
_KEY_BYTES = 16

# All or none: a request that one bucket refuses must not fill the others. Looking and writing are two steps
# of the statement, so each row is asked once more as it is written, when it is locked: of two processes that
# looked at the same moment, one finds the bucket full.
_COUNT = """
    WITH seen AS (
        SELECT w.*, greatest(coalesce(r.empty_at, $4), $4) AS empty_at
        FROM unnest($1::bytea[], $2::interval[], $3::interval[]) WITH ORDINALITY
             AS w (key, every, per, place) LEFT JOIN rate_limits r ON r.key = w.key
    ), wanted AS (
        SELECT *, empty_at + every <= $4 + per AS has_room,
               bool_and(empty_at + every <= $4 + per) OVER () AS all_have
        FROM seen
    ), counted AS (
        INSERT INTO rate_limits AS r (key, empty_at)
        SELECT key, empty_at + every FROM wanted WHERE all_have ORDER BY key
        ON CONFLICT (key) DO UPDATE
        SET empty_at = greatest(r.empty_at, $4) + (SELECT every FROM wanted w WHERE w.key = r.key)
        WHERE greatest(r.empty_at, $4) + (SELECT every - per FROM wanted w WHERE w.key = r.key) <= $4
        RETURNING r.key, r.empty_at
    )
    SELECT coalesce(c.empty_at, w.empty_at) AS empty_at,
           CASE WHEN w.all_have THEN c.key IS NOT NULL ELSE w.has_room END AS is_let_through
    FROM wanted w LEFT JOIN counted c ON c.key = w.key ORDER BY w.place
"""
_TAKE_BACK = "UPDATE rate_limits SET empty_at = empty_at - $2::interval WHERE key = $1"


class Visitor(msgspec.Struct, frozen=True):
    """Who tries a door, as far as it can be told before the door opens."""

    address: str | None
    device: str | None = None
    """The device, when its owner signed in there before; never what the visitor merely says."""


class Limiter:
    """Counts under keys that name nobody: no address and no account can be guessed back from them."""

    def __init__(self, keyring: Keyring) -> None:
        self._secret = keyring.sign(_PURPOSE, b"")

    async def count(self, bucket: Bucket) -> Counted:
        """Count a request, in one statement; the caller refuses it when it is not let through."""
        (counted,) = await self._count(connections.pool(), [bucket], clock.wall_now())
        return counted

    @asynccontextmanager
    async def attempt(self, door: Door, account: str, visitor: Visitor) -> AsyncGenerator[None]:
        """Count an attempt before it is made, and take the count back when it succeeds.

        Before, so that a thousand guesses at once are not all looked at before the first has failed.
        Errors: TooOftenError, before anything is looked up.
        """
        await self.press(door, account, visitor)
        yield
        await self._forgive(self._buckets(door, account, visitor))

    async def press(self, door: Door, account: str, visitor: Visitor) -> None:
        """Count what succeeds every time, such as asking for a letter. Errors: TooOftenError."""
        buckets, now = self._buckets(door, account, visitor), clock.wall_now()
        async with connections.transaction() as connection:
            # One after the other for each account: then looking and counting are one step.
            await connections.lock_all(
                connection,
                f"limits {door} {self._key(Bucket((account.strip().lower(),), buckets[0].limit)).hex()}",
            )
            counted = await self._count(connection, buckets, now)
        if waits := [one.wait_s(now) for one in counted if not one.is_let_through]:
            raise TooOftenError(limits.too_often(door, max(waits)), retry_after_s=max(waits))

    def _buckets(self, door: Door, account: str, visitor: Visitor) -> Sequence[Bucket]:
        return limits.buckets_of_attempt(door, account, address=visitor.address, device=visitor.device)

    async def _count(self, connection: Any, buckets: Sequence[Bucket], now: datetime) -> list[Counted]:
        rows = await connection.fetch(
            _COUNT,
            [self._key(one) for one in buckets],
            [one.limit.every for one in buckets],
            [one.limit.per for one in buckets],
            now,
        )
        return [
            Counted(one, row["empty_at"], row["is_let_through"])
            for one, row in zip(buckets, rows, strict=True)
        ]

    async def _forgive(self, buckets: Sequence[Bucket]) -> None:
        async with connections.transaction() as connection:
            for one in buckets:
                if one.on_success == "empty":
                    await connection.execute("DELETE FROM rate_limits WHERE key = $1", self._key(one))
                elif one.on_success == "take back":
                    await connection.execute(_TAKE_BACK, self._key(one), one.limit.every)

    def _key(self, bucket: Bucket) -> bytes:
        words = msgspec.json.encode(bucket.of)  # JSON keeps the words apart whatever they contain
        return blake2b(words, key=self._secret, digest_size=_KEY_BYTES).digest()


async def forget_empty(connection: Connection, now: datetime) -> None:
    """Remove what has leaked out: it counts nothing any more."""
    await connection.execute("DELETE FROM rate_limits WHERE empty_at < $1", now)
