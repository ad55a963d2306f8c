"""Every door of the app, as its route table has it, and everything that stands behind them."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import Struct

from tests.doors import Network

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
CHANGES_WITHOUT_HARM = ("rate_limits", "sessions")


class Door(Struct, frozen=True):
    """One method at one address."""

    method: str
    path: str
    handler: HTTPRouteHandler

    def filled(self, words: Mapping[str, str], otherwise: str = "x") -> str:
        """Return the address with something in each of its gaps."""
        parts = self.path.split("/")
        return "/".join(
            self._word(part, words, otherwise) if part.startswith("{") else part for part in parts
        )

    @property
    def opt(self) -> Mapping[str, Any]:
        return self.handler.opt

    def _word(self, part: str, words: Mapping[str, str], otherwise: str) -> str:
        name, _, kind = part.strip("{}").partition(":")
        return words.get(name, "1" if kind == "int" else otherwise)


def doors(app: Litestar) -> Iterator[Door]:
    """List what the app answers at, without the page that says that nothing is there."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path != "/{path:path}":
            for handler in route.route_handlers:
                for method in sorted(handler.http_methods):
                    yield Door(str(method), route.path, handler)


async def everything(network: Network, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """A fingerprint of each table, but for what every request may change."""
    tables = await network.owner.fetch(
        """SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
           WHERE relname <> ALL($1)""",
        [*CHANGES_WITHOUT_HARM, *but],
    )
    found: dict[str, str] = {}
    for table in tables:
        rows = await network.owner.fetch(f"SELECT t::text FROM {table['name']} t ORDER BY 1")
        found[table["name"]] = hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()
    return found
