"""Visitors who click as fast as they are answered, over connections that stay open."""

import asyncio
import time
from typing import NamedTuple

CONNECTIONS = 64
END_OF_HEAD = b"\r\n\r\n"


class Measured(NamedTuple):
    """What one run measured; times in milliseconds."""

    answers: int
    per_second: int
    median_ms: float
    p99_ms: float


class _Visitor(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, times: list[float], done: asyncio.Future[None]) -> None:
        self._request = request
        self._until = until
        self._times = times
        self._done = done
        self._buffer = b""
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- TCP gives no other
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(END_OF_HEAD):  # a redirect has no body
            return
        if not self._buffer.startswith(b"HTTP/1.1 302"):
            self._done.set_exception(RuntimeError(self._buffer.decode(errors="replace")))
            return
        self._buffer = b""
        now = time.perf_counter()
        self._times.append(now - self._asked_at)
        if now < self._until:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None) if exc is None else self._done.set_exception(exc)

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._request)


async def click(port: int, path: str, *, seconds: float) -> Measured:
    """Click on one link from many connections at once for some seconds."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
        "AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36\r\n\r\n"
    ).encode()
    loop, times = asyncio.get_running_loop(), list[float]()
    began = time.perf_counter()
    ends = [loop.create_future() for _ in range(CONNECTIONS)]
    for end in ends:
        until = began + seconds
        await loop.create_connection(
            lambda end=end, until=until: _Visitor(request, until, times, end), "127.0.0.1", port
        )
    await asyncio.gather(*ends)
    took = time.perf_counter() - began
    times.sort()
    return Measured(
        answers=len(times),
        per_second=round(len(times) / took),
        median_ms=times[len(times) // 2] * 1000,
        p99_ms=times[len(times) * 99 // 100] * 1000,
    )
