"""The line between a process and its database, which a test may cut and freeze."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit

READ_BYTES = 65_536


class Line:
    """Carries bytes both ways as long as it is whole and moves."""

    def __init__(self, database_url: str) -> None:
        self._target = urlsplit(database_url)
        self._moves = asyncio.Event()
        self._moves.set()
        self._is_whole = True
        self._ends: set[asyncio.StreamWriter] = set()
        self.url = ""

    def freeze(self) -> None:
        """Carry nothing and keep every connection: the database seems to think."""
        self._moves.clear()

    def thaw(self) -> None:
        """Carry on, with what was said meanwhile too."""
        self._moves.set()

    def cut(self) -> None:
        """Break every connection and take no new one."""
        self._is_whole = False
        for end in self._ends:
            end.close()

    def mend(self) -> None:
        """Take new connections."""
        self._is_whole = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one caller with the database until either hangs up."""
        if not self._is_whole:
            writer.close()
            return
        far_reader, far_writer = await self._reach()
        self._ends |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._ends -= {writer, far_writer}

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._target.hostname:
            return await asyncio.open_connection(self._target.hostname, self._target.port or 5432)
        place = parse_qs(self._target.query)
        return await asyncio.open_unix_connection(f"{place['host'][0]}/.s.PGSQL.{place['port'][0]}")

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(READ_BYTES):
                await self._moves.wait()
                writer.write(said)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def line_to(database_url: str) -> AsyncGenerator[Line]:
    """Open a line; its own address stands in for the database's."""
    line = Line(database_url)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    target = urlsplit(database_url)
    login = target.netloc.rpartition("@")[0]
    line.url = urlunsplit(target._replace(netloc=f"{login}@127.0.0.1:{port}", query=""))
    try:
        yield line
    finally:
        line.thaw()
        line.cut()
        server.close()
        await server.wait_closed()
