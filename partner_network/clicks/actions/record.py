"""Make each click durable before its redirect is answered."""

import asyncio
import contextlib
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import structlog

from partner_network.clicks.actions import salts, ship
from partner_network.clicks.actions.ask import USUAL_PATIENCE, ImpatientPool, Patience
from partner_network.clicks.actions.insert import insert_clicks
from partner_network.clicks.actions.spool import Spool
from partner_network.clicks.rules import Click
from partner_network.gateways import clock, metrics

BATCH_CLICKS_MAX = 2_000
DRAIN_S = 2.0
KEEP_HOUSE_EVERY_S = 1.0
Fate: TypeAlias = Literal["inserted", "spooled", "shipped", "lost"]
SHIP_S = 60.0
SHIP_AGAIN_AFTER_S = 5.0
START_S = 30.0

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
        patience: Patience = USUAL_PATIENCE,
    ) -> None:
        self.counts = Counts()
        self._database = ImpatientPool(url, role=role, patience=patience)
        self._sandbox = sandbox
        self._spool = Spool(spool_folder)
        self._queue: list[tuple[Click, asyncio.Future[None]]] = []
        self._wanted = asyncio.Event()
        self._is_closing = False
        self._salt: tuple[date, bytes] | None = None
        self._one_salt = asyncio.Lock()
        self._latest_at: datetime | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, make the spool folder, begin to flush, to ship and to adopt orphans."""
        await asyncio.to_thread(self._spool.prepare)
        await self._database.open()
        self._latest_at = await self._database.ask(clock.now, limit_s=START_S)
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
        self._database.try_again()  # once, however recently it was silent
        await self._ship(limit_s=DRAIN_S)
        await asyncio.to_thread(self._spool.finish)
        await self._database.close()

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
        self._latest_at = await self._database.ask_unless_silent(clock.now) or self._latest_at
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
                salt = await self._database.ask_unless_silent(
                    lambda connection: salts.salt_of_day(connection, day)
                )
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
            if not self._database.is_silent():
                await self._database.ask(lambda connection: insert_clicks(connection, clicks))
                self._count("inserted", len(clicks))
                return
        except Exception as error:  # noqa: BLE001 -- whatever it was, the spool is next and the flusher lives
            self._database.give_up(error)
        try:
            await asyncio.to_thread(self._spool.append, clicks)
            self._count("spooled", len(clicks))
        except Exception as error:  # noqa: BLE001 -- the visitor goes on, people are called
            self._count("lost", len(clicks))
            _log.critical("clicks_lost", clicks=len(clicks), lost=self.counts.lost, error=repr(error))

    def _count(self, fate: Fate, clicks: int) -> None:
        setattr(self.counts, fate, getattr(self.counts, fate) + clicks)
        metrics.CLICKS.labels(fate).inc(clicks)

    async def _keep_house(self) -> None:
        while True:
            has_shipped = await self._ship(limit_s=SHIP_S)
            await asyncio.sleep(KEEP_HOUSE_EVERY_S if has_shipped else SHIP_AGAIN_AFTER_S)
            if self._salt is not None and (await self.now()).date() > self._salt[0]:
                self._salt = None  # destroyed means here too

    async def _ship(self, *, limit_s: float) -> bool:
        try:
            if self._database.is_silent() or not self._spool.waiting():
                return True
            await self._database.ask(lambda connection: connection.execute("SELECT 1"))
            late_at = await self.now()
            await asyncio.to_thread(self._spool.finish)
            shipped = await self._database.ask(
                lambda connection: ship.ship_waiting(self._spool, connection, late_at=late_at),
                limit_s=limit_s,
            )
            self._count("shipped", shipped)
        except Exception as error:  # noqa: BLE001 -- the files stay and are tried again
            # The fault may be a file's: the database is not given up for it, live clicks still go there.
            _log.warning("spool_not_shipped", error=repr(error))
            return False
        return True
