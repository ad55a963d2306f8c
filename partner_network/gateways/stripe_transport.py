"""How the `stripe` SDK reaches the network: one httpx client, for one event loop."""

import asyncio
import ssl
from collections.abc import Awaitable, Mapping

import httpx
import stripe

TIMEOUT_S = 30.0


class Transport(stripe.HTTPClient):
    """The SDK's own httpx client sends bodies in a way that httpx warns of; this one does not.

    A line that breaks at any moment is worth a retry: every request that writes carries a key.
    """

    name = "httpx"

    def __init__(self, *, real: bool) -> None:
        super().__init__()
        # The SDK's own certificates for Stripe; a simulator on loopback has none, and no proxy leads there.
        verify = ssl.create_default_context(cafile=stripe.ca_bundle_path) if real else False
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, verify=verify, trust_env=real)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request and read its whole answer."""
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as broken:
            reason = f"{type(broken).__name__}: {broken}"
            raise stripe.APIConnectionError(
                f"No answer from Stripe ({reason})", should_retry=True
            ) from broken
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """Wait between two tries."""
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        """Hang up."""
        await self._client.aclose()
