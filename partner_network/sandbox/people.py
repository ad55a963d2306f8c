"""The people and machines of the demo: each acts only through the doors that everybody has."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from partner_network.gateways import clock
from partner_network.identity.rules import factors
from partner_network.sandbox import keychain

TIMEOUT_S = 60.0


def browser(**options: Any) -> httpx.AsyncClient:
    """Return a client for addresses of this machine: through no proxy, and without reading certificates."""
    return httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=False, **options)  # noqa: S501 -- loopback has none


class RefusedError(Exception):
    """A door answered no; the sentence is its own."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Visitor:
    """Somebody with an address and nothing else."""

    def __init__(self, base_url: str) -> None:
        self._client = browser(base_url=base_url)

    async def close(self) -> None:
        """Leave."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def get(self, path: str, **params: Any) -> Any:
        """Read something."""
        return _answer(await self._client.get(path, params=params))

    async def post(self, path: str, body: object = None) -> Any:
        """Do something."""
        return _answer(await self._client.post(path, json=body))

    async def put(self, path: str, body: object) -> Any:
        """Set something."""
        return _answer(await self._client.put(path, json=body))

    async def all(self, path: str, **params: Any) -> list[Any]:
        """Read a whole list, page by page."""
        items: list[Any] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(path, **params, **after)
            items += page["items"]
            if page["next"] is None:
                return items
            after = {"after": page["next"]}

    async def address_behind(self, path: str) -> str:
        """Return where a door sends people on to."""
        answer = await self._client.get(path, follow_redirects=False)
        if not answer.has_redirect_location:
            sentence = f"GET {path}: {answer.status_code} leads nowhere. {answer.text[:500]}"
            raise RefusedError(sentence, answer.status_code)
        return answer.headers["location"]

    async def download(self, path: str) -> bytes:
        """Read something as it is, wherever it is kept."""
        answer = await self._client.get(path, follow_redirects=True)
        _must_be_welcome(answer)
        return answer.content

    async def upload(self, path: str, fields: dict[str, str], name: str, content: bytes, kind: str) -> Any:
        """Send a file with a form."""
        files = {"file": (name, content, kind)}
        return _answer(await self._client.post(path, data=fields, files=files))


class Person(Visitor):
    """Somebody who signs in with a password and has a session."""

    async def sign_in(self, email: str, password: str) -> Self:
        """Open a session and show its CSRF token with every change from now on."""
        self._go_on_with(await self.post("/api/v1/sessions", {"email": email, "password": password}))
        return self

    async def enrol(self, email: str, folder: Path) -> Self:
        """Set an authenticator up, keep its key in a private file, and go on as one who gave its code."""
        started = await self.post("/api/v1/second-factors", {"name": "Demo"})
        keychain.keep(folder, email, started["key"])
        code = factors.totp_code(started["key"], clock.wall_now())
        confirmed = await self.post(f"/api/v1/second-factors/{started['id']}/confirmation", {"code": code})
        self._go_on_with(confirmed["session"])
        return self

    def _go_on_with(self, session: dict[str, Any]) -> None:
        self._client.headers["x-csrf-token"] = session["csrf_token"]


class Machine(Visitor):
    """An advertiser's shop, which reports with an API key."""

    def __init__(self, base_url: str, key: str) -> None:
        super().__init__(base_url)
        self._client.headers["authorization"] = f"Bearer {key}"


def _answer(response: httpx.Response) -> Any:
    _must_be_welcome(response)
    return response.json() if response.content else None


def _must_be_welcome(response: httpx.Response) -> None:
    if response.status_code >= httpx.codes.BAD_REQUEST:
        asked = f"{response.request.method} {response.request.url.path}"
        raise RefusedError(f"{asked}: {response.status_code} {response.text[:500]}", response.status_code)
