"""Let people be told what happened to accounts: asked for in the transaction in which it happens.

Messages are made by a slice above this one, which hears of it by a job: a rollback leaves none, and a job
that runs twice tells nobody twice, since each fact has its own name.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database import jobs
from partner_network.database.connections import Connection

TELL = "notifications.tell"
AboutAccounts = Literal[
    "api-key-made", "factor-added", "factor-removed", "new-device", "password-changed", "person-joined",
    "role-changed",
]  # fmt: skip


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, and who is told: one person, or whoever answers for a brand or the network."""

    kind: AboutAccounts
    fact: str
    at: datetime
    person: UUID | None = None
    """Whose account it is about; none: the people of the brand, or of the operator without one."""
    brand: UUID | None = None
    but: UUID | None = None
    said: Mapping[str, str] = {}
    roles: tuple[str, ...] = ()


async def tell(connection: Connection, happened: Happened) -> None:
    """Ask, within the caller's transaction, for people to be told."""
    await jobs.enqueue(connection, TELL, happened)


async def place_name(connection: Connection, brand_id: UUID | None) -> str:
    """Return what a brand is called; nothing for the network itself."""
    return await connection.fetchval("SELECT name FROM brands WHERE id = $1", brand_id) or ""
