"""Try a store as people use it: a file goes in, comes back by key and by signed address, and is gone."""

import secrets
from urllib.parse import parse_qs, urlsplit

import httpx

from partner_network.gateways import clock
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.gateways.file_store.store import FileStore

LASTS_S = 60
TIMEOUT_S = 15.0


async def is_faithful(store: FileStore) -> bool:
    """Say whether a file comes back as it was put. Errors: whatever the store itself raises."""
    key, content = f"doctor/{secrets.token_hex(8)}.txt", secrets.token_bytes(32)
    await store.put(key, content, "text/plain")
    try:
        url = store.signed_url(key, filename="probe.txt", expires_in_s=LASTS_S, now=clock.wall_now())
        return await store.get(key) == content == await _fetched(store, key, url)
    finally:
        await store.delete(key)


async def _fetched(store: FileStore, key: str, url: str) -> bytes:
    if isinstance(store, LocalFileStore):
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        opened = await store.open_signed(
            key,
            filename=query["filename"],
            expires=int(query["expires"]),
            signature=query["signature"],
            now=clock.wall_now(),
        )
        return opened.content
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        answer = await client.get(url)
    return answer.content if answer.is_success else b""
