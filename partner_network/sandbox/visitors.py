"""The shops' visitors: many people who follow links, each with a connection and nothing to remember."""

import asyncio
from collections.abc import Mapping

import httpx

_LANES = 32
_PATIENCE_S = 60.0


class Visitors:
    """Up to 32 visitors at once."""

    def __init__(self, base_url: str) -> None:
        self._base_url = httpx.URL(base_url)
        # A client for all would look through its connections and cookies for each visitor, which takes
        # longer than the visit: so each connection is a transport of its own, and nobody has cookies.
        self._free: asyncio.LifoQueue[httpx.AsyncHTTPTransport] = asyncio.LifoQueue()
        for _ in range(_LANES):
            self._free.put_nowait(httpx.AsyncHTTPTransport(verify=False))

    async def follow(self, path: str, query: str, user_agent: str) -> httpx.Response:
        """Go where a link leads, and no further."""
        url = self._base_url.copy_with(raw_path=f"{path}?{query}".encode())
        headers: Mapping[str, str] = {"host": url.netloc.decode(), "user-agent": user_agent}
        timeouts = httpx.Timeout(_PATIENCE_S).as_dict()
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeouts})
        transport = await self._free.get()
        try:
            answer = await transport.handle_async_request(request)
            await answer.aread()
        finally:
            self._free.put_nowait(transport)
        return answer

    async def close(self) -> None:
        """Send everybody home."""
        while not self._free.empty():
            await self._free.get_nowait().aclose()
