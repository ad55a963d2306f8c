"""Where the database is, for each kind of process: every one connects with no more rights than it needs."""

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
    server = EmbeddedServer.attach(settings.data_folder / "postgres")
    return Address(server.url(f"partner_network_{role}", DATABASE), None)
