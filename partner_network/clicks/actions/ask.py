"""Ask a database that may fall silent, without ever waiting for it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import msgspec
import structlog

from partner_network.database.connections import Connection

CONNECTIONS_MAX = 6
STATEMENT_LIMIT_MS = 5_000

_Answer = TypeVar("_Answer")
_log = structlog.get_logger()


class Patience(msgspec.Struct, frozen=True):
    """How long a database may take to answer, and how long it is then left alone."""

    answer_s: float = 0.25
    silent_for_s: float = 5.0


USUAL_PATIENCE = Patience()


class ImpatientPool:
    """A few connections of the redirect's own, apart from the pool that pages and jobs share."""

    def __init__(self, url: str, *, role: str | None, patience: Patience) -> None:
        self._url = url
        self._role = role
        self._patience = patience
        self._silent_until = 0.0

    async def open(self) -> None:
        """Connect, taking on the role when the address's own user is another."""
        server_settings = {
            "timezone": "UTC",
            "application_name": "partner-network clicks",
            "synchronous_commit": "on",  # our answers promise the disk
            "statement_timeout": str(STATEMENT_LIMIT_MS),  # a statement that we gave up ends some day
        }
        if self._role is not None:
            server_settings["role"] = self._role
        self._pool = await asyncpg.create_pool(
            self._url,
            server_settings=server_settings,
            min_size=1,
            max_size=CONNECTIONS_MAX,
            reset=_leave_as_it_is,
        )

    async def close(self) -> None:
        """Disconnect; connections that cannot say goodbye in time are ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.answer_s):
                await self._pool.close()

    async def ask(
        self, question: Callable[[Connection], Awaitable[_Answer]], *, limit_s: float | None = None
    ) -> _Answer:
        """Return the answer, or raise when there is none in time."""
        async with asyncio.timeout(limit_s or self._patience.answer_s), self._pool.acquire() as connection:
            try:
                return await question(connection)
            except BaseException:
                # A silent connection may stay silent; giving it back would wait for it.
                connection.terminate()
                raise

    async def ask_unless_silent(self, question: Callable[[Connection], Awaitable[_Answer]]) -> _Answer | None:
        """Return the answer; none, at once, while the database is known to be silent."""
        if self.is_silent():
            return None
        try:
            return await self.ask(question)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self.give_up(error)
            return None

    def is_silent(self) -> bool:
        """Say whether it was given up a moment ago."""
        return asyncio.get_running_loop().time() < self._silent_until

    def give_up(self, error: Exception) -> None:
        """Leave it alone for a while."""
        self._silent_until = asyncio.get_running_loop().time() + self._patience.silent_for_s
        _log.warning("database_does_not_answer", error=repr(error))

    def try_again(self) -> None:
        """Ask it again at once, whatever happened before."""
        self._silent_until = 0.0


async def _leave_as_it_is(_: object) -> None:
    """Spare the round trip that cleans a connection: nothing here leaves anything behind on one."""
