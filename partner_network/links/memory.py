"""All live links in the memory of one process, kept fresh by what PostgreSQL tells it."""

import asyncio
import contextlib
from uuid import UUID

import asyncpg
import structlog

from partner_network.links import queries
from partner_network.links.queries import LiveLink

ANSWER_S = 0.25
CONNECT_S = 5.0
LOAD_S = 60.0
REFRESH_S = 1.0
CHANGES_PER_S = 1_000
PROBE_EVERY_S = 5.0
RETRY_AFTER_S = 0.5
CHANNEL = "links"
OUTAGES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_log = structlog.get_logger()


class LinksUnavailableError(Exception):
    """The one look-up that was needed got no answer from the database."""


class LinkMemory:
    """Answers a token from memory; one connection of its own listens for what changes.

    Whenever that connection is lost, a new one listens first and then loads everything again, so that no
    change falls between the two.
    """

    def __init__(self, url: str, *, role: str | None = None, answer_s: float = ANSWER_S) -> None:
        self._url = url
        self._answer_s = answer_s
        self._server_settings = {"timezone": "UTC", "application_name": "partner-network links"}
        if role is not None:
            self._server_settings["role"] = role
        self._by_token: dict[str, LiveLink] = {}
        self._token_of: dict[UUID, str] = {}
        self._changed: set[UUID] = set()
        self._woken = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load all live links and follow their changes; the process must not serve before."""
        await self._connect()
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop listening."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        self._drop_connection()

    def get(self, token: str) -> LiveLink | None:
        """Return the live link of a token as far as this process knows."""
        return self._by_token.get(token)

    async def look_up(self, token: str) -> LiveLink | None:
        """Ask the database once: another process may have made the link a moment ago."""
        async with self._one_at_a_time:
            if self._connection is None:
                raise LinksUnavailableError
            try:
                async with asyncio.timeout(self._answer_s):
                    found = await queries.live_link(self._connection, token)
            except OUTAGES as error:
                self._drop_connection()
                raise LinksUnavailableError from error
        if found is not None:
            self._keep(found)
        return found

    async def _connect(self) -> None:
        connection = await asyncpg.connect(
            self._url, server_settings=self._server_settings, timeout=CONNECT_S
        )
        try:
            connection.add_termination_listener(lambda _: self._woken.set())
            await connection.add_listener(CHANNEL, self._hear)
            async with asyncio.timeout(LOAD_S):
                live = await queries.live_links(connection)
        except BaseException:
            connection.terminate()
            raise
        self._by_token = {link.token: link for link in live}
        self._token_of = {link.id: link.token for link in live}
        self._connection = connection

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._changed.add(UUID(str(payload)))
        self._woken.set()

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_EVERY_S):
                    await self._woken.wait()
            self._woken.clear()
            try:
                if self._connection is None or self._connection.is_closed():
                    await self._connect()
                else:
                    await self._refresh(self._connection)
            except OUTAGES as error:
                _log.warning("links_not_followed", error=repr(error))
                self._drop_connection()
                await asyncio.sleep(RETRY_AFTER_S)
                self._woken.set()

    async def _refresh(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Read again what changed; with nothing changed this still proves that the line is alive."""
        changed, self._changed = self._changed, set()
        limit_s = REFRESH_S + len(changed) / CHANGES_PER_S
        async with self._one_at_a_time, asyncio.timeout(limit_s):
            live = await queries.live_links_among(connection, changed)
        for link_id in changed - {link.id for link in live}:
            self._by_token.pop(self._token_of.pop(link_id, ""), None)
        for link in live:
            self._keep(link)

    def _keep(self, link: LiveLink) -> None:
        self._by_token[link.token] = link
        self._token_of[link.id] = link.token

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        self._woken.set()
