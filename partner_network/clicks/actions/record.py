"""Make each click durable before its redirect is answered."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import asyncpg
import msgspec
import structlog

from partner_network.clicks.actions import salts, ship
from partner_network.clicks.actions.insert import insert_clicks
from partner_network.clicks.actions.spool import Spool
from partner_network.clicks.rules import Click
from partner_network.database.connections import Connection
from partner_network.gateways import clock

ANSWER_S = 0.25
"""How long the database may take before clicks go to the spool."""
SPOOL_FOR_S = 5.0
"""How long they then go there without asking it again."""
BATCH_CLICKS_MAX = 2_000
CONNECTIONS_MAX = 6
DRAIN_S = 2.0
KEEP_HOUSE_EVERY_S = 1.0
SHIP_S = 60.0
START_S = 30.0
STATEMENT_LIMIT_MS = 5_000

_Answer = TypeVar("_Answer")
_log = structlog.get_logger()


class Counts(msgspec.Struct):
    """What became of the clicks that this process answered, since it started."""

    inserted: int = 0
    spooled: int = 0
    shipped: int = 0
    """Out of the spool into the database, orphans of other processes too."""
    lost: int = 0
    """Answered although database and spool failed together."""


class ClickRecorder:
    """Group commit: what arrives while one INSERT runs goes with the next, and waits for its COMMIT."""

    def __init__(
        self,
        url: str,
        *,
        spool_folder: Path,
        role: str | None = None,
        sandbox: bool,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.counts = Counts()
        self._url = url
        self._role = role
        self._sandbox = sandbox
        self._answer_s = answer_s
        self._spool = Spool(spool_folder)
        self._queue: list[tuple[Click, asyncio.Future[None]]] = []
        self._wanted = asyncio.Event()
        self._is_closing = False
        self._spool_until = 0.0
        self._salt: tuple[date, bytes] | None = None
        self._one_salt = asyncio.Lock()
        self._latest_at: datetime | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, make the spool folder, begin to flush, to ship and to adopt orphans."""
        await asyncio.to_thread(self._spool.prepare)
        server_settings = {
            "timezone": "UTC",
            "application_name": "partner-network clicks",
            "synchronous_commit": "on",  # our answer promises the disk
            "statement_timeout": str(STATEMENT_LIMIT_MS),  # an INSERT that we gave up ends some day
        }
        if self._role is not None:
            server_settings["role"] = self._role
        self._pool = await asyncpg.create_pool(
            self._url, server_settings=server_settings, min_size=1, max_size=CONNECTIONS_MAX
        )
        self._latest_at = await self._ask(clock.now, START_S)
        self._tasks = [asyncio.create_task(self._flush()), asyncio.create_task(self._keep_house())]

    async def close(self) -> None:
        """Flush what waits, drain the spool as far as the database lets us, and disconnect."""
        self._is_closing = True
        self._wanted.set()
        flushing, keeping = self._tasks
        await flushing
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        self._spool_until = 0.0  # one last try, however recently the database was silent
        await self._ship(limit_s=DRAIN_S)
        await asyncio.to_thread(self._spool.finish)
        with contextlib.suppress(TimeoutError):  # a pool that cannot close in time ends its connections
            async with asyncio.timeout(self._answer_s):
                await self._pool.close()

    async def record(self, click: Click) -> None:
        """Return when the click is durable, or when nothing could hold it and that has been alarmed."""
        if self._tasks[0].done():  # a straggler after close(): nobody would flush it
            await self._make_durable([click])
            return
        # A future each: one shared by all would be cancelled for all when one visitor hangs up.
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((click, done))
        self._wanted.set()
        await done

    async def now(self) -> datetime:
        """Return the business time; in a sandbox the latest one known while the database does not answer."""
        if not self._sandbox:
            return await clock.now()
        self._latest_at = await self._ask_unless_out(clock.now) or self._latest_at
        if self._latest_at is None:
            raise RuntimeError("the recorder tells the time only once it has started")
        return self._latest_at

    async def salt_of(self, day: date) -> bytes | None:
        """Return the day's salt; none while only the database could tell it."""
        # A click from just before midnight may come after the first of the new day: it takes the new salt.
        if self._salt is not None and day <= self._salt[0]:
            return self._salt[1]
        async with self._one_salt:
            if self._salt is None or day > self._salt[0]:
                salt = await self._ask_unless_out(lambda connection: salts.salt_of_day(connection, day))
                if salt is None:
                    return None
                self._salt = (day, salt)
            return self._salt[1]

    @property
    def holds_salt(self) -> bool:
        """Say whether this process could still tell the visitors of a day apart."""
        return self._salt is not None

    async def _flush(self) -> None:
        while self._queue or not self._is_closing:
            await self._wanted.wait()
            batch, self._queue = self._queue[:BATCH_CLICKS_MAX], self._queue[BATCH_CLICKS_MAX:]
            if not self._queue and not self._is_closing:
                self._wanted.clear()
            if batch:
                await self._make_durable([click for click, _ in batch])
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _make_durable(self, clicks: list[Click]) -> None:
        try:
            if not self._is_out():
                await self._ask(lambda connection: insert_clicks(connection, clicks))
                self.counts.inserted += len(clicks)
                return
        except Exception as error:  # noqa: BLE001 -- whatever it was, the spool is next and the flusher lives
            self._give_up(error)
        try:
            await asyncio.to_thread(self._spool.append, clicks)
            self.counts.spooled += len(clicks)
        except Exception as error:  # noqa: BLE001 -- the visitor goes on, people are called
            self.counts.lost += len(clicks)
            _log.critical("clicks_lost", clicks=len(clicks), lost=self.counts.lost, error=repr(error))

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(KEEP_HOUSE_EVERY_S)
            await self._ship(limit_s=SHIP_S)
            if self._salt is not None and (await self.now()).date() > self._salt[0]:
                self._salt = None  # destroyed means here too

    async def _ship(self, *, limit_s: float) -> None:
        try:
            if self._is_out() or not self._spool.waiting():
                return
            await self._ask(lambda connection: connection.execute("SELECT 1"))
            late_at = await self.now()
            await asyncio.to_thread(self._spool.finish)
            self.counts.shipped += await self._ask(
                lambda connection: ship.ship_waiting(self._spool, connection, late_at=late_at), limit_s
            )
        except Exception as error:  # noqa: BLE001 -- the files stay and are tried again
            self._give_up(error)

    async def _ask(
        self, question: Callable[[Connection], Awaitable[_Answer]], limit_s: float | None = None
    ) -> _Answer:
        async with asyncio.timeout(limit_s or self._answer_s), self._pool.acquire() as connection:
            try:
                return await question(connection)
            except BaseException:
                # A silent connection may stay silent; giving it back would wait for it.
                connection.terminate()
                raise

    async def _ask_unless_out(self, question: Callable[[Connection], Awaitable[_Answer]]) -> _Answer | None:
        if self._is_out():
            return None
        try:
            return await self._ask(question)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._give_up(error)
            return None

    def _is_out(self) -> bool:
        return asyncio.get_running_loop().time() < self._spool_until

    def _give_up(self, error: Exception) -> None:
        self._spool_until = asyncio.get_running_loop().time() + SPOOL_FOR_S
        _log.warning("database_does_not_answer", clicks_are="spooled", error=repr(error))
