"""Where the database is, for each kind of process: every one connects with no more rights than it needs."""

import contextlib
from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import msgspec

from partner_network.database.embedded_server import DATABASE, EmbeddedServer
from partner_network.settings import Settings

Role = Literal["owner", "web", "redirect", "worker"]


class Address(msgspec.Struct, frozen=True):
    """A URL to connect to, and the role to take on where the URL's user is the owner."""

    url: str
    role: str | None


def address_for(settings: Settings, role: Role) -> Address:
    """Return where a process of that role connects to.

    Its own log-in where the settings name one, else the owner's ``DATABASE_URL`` with the role taken on,
    else the embedded server that another process of ours has started.
    """
    if role in settings.role_urls:
        return Address(settings.role_urls[role], None)
    if settings.database_url is not None:
        return Address(settings.database_url, None if role == "owner" else f"partner_network_{role}")
    server = EmbeddedServer.attach(_folder(settings))
    return Address(server.url(f"partner_network_{role}", DATABASE), None)


def is_embedded(settings: Settings) -> bool:
    """Say whether the settings leave the database to us."""
    return settings.database_url is None and "owner" not in settings.role_urls


def server_of(settings: Settings) -> AbstractContextManager[object]:
    """Run the embedded server of an installation as long as the context lasts."""
    return EmbeddedServer.start(_folder(settings))


@contextlib.contextmanager
def server_running(settings: Settings) -> Generator[None]:
    """Have a server to speak to: the operator's own, the embedded one that runs, or one started for now."""
    if is_embedded(settings):
        try:
            EmbeddedServer.attach(_folder(settings))
        except FileNotFoundError:
            with server_of(settings):
                yield
            return
    yield


def _folder(settings: Settings) -> Path:
    return settings.data_folder / "postgres"
