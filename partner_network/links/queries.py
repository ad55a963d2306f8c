"""Read links: with what became of them for people, without for the redirect."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.links import rules

if TYPE_CHECKING:  # generic in its stubs only
    from asyncpg.pool import PoolConnectionProxy

    AnyConnection = PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]


class TrackedLink(msgspec.Struct, frozen=True, kw_only=True):
    """One link and its clicks, counted three ways."""

    id: UUID
    token: str
    partnership_id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    name: str
    destination_url: str
    created_at: datetime
    disabled_at: datetime | None
    clicks_gross: int
    """Every request that was answered with the redirect, bots and prefetches too."""
    clicks_valid: int
    """Those of people, as far as a server can tell."""
    clicks_unique: int
    """Valid ones of visitors that are told apart, each once a day; without consent nobody is."""


class LiveLink(msgspec.Struct, frozen=True, gc=False):
    """What the redirect needs to know of a link."""

    id: UUID
    token: str
    partnership_id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    destination_url: str
    ends_at: datetime | None
    """From when on it leads to the advertiser's page without credit, if its partnership ends."""
    before_click: str
    after_click: str

    def counts_at(self, at: datetime) -> bool:
        """Say whether a click of that instant is one: after the end nobody is credited with any."""
        return self.ends_at is None or at < self.ends_at


_TRACKED = """
    WITH chosen AS (SELECT * FROM links WHERE {condition}),
    counted AS (
        SELECT link_id, count(*) AS gross, count(*) FILTER (WHERE excluded IS NULL) AS valid,
            count(DISTINCT visitor_key) FILTER (WHERE excluded IS NULL) AS visitors
        FROM clicks WHERE partnership_id IN (SELECT partnership_id FROM chosen) GROUP BY link_id)
    SELECT l.id, l.token, l.partnership_id, l.program_id, l.advertiser_id, l.partner_id, l.name,
        l.destination_url, l.created_at, l.disabled_at, coalesce(c.gross, 0) AS clicks_gross,
        coalesce(c.valid, 0) AS clicks_valid, coalesce(c.visitors, 0) AS clicks_unique
    FROM chosen l LEFT JOIN counted c ON c.link_id = l.id ORDER BY l.created_at DESC, l.id DESC
"""

_LIVE = """
    SELECT l.id, l.token, l.partnership_id, l.program_id, l.advertiser_id, l.partner_id, l.destination_url,
        p.ended_at AS ends_at
    FROM links l JOIN partnerships p ON p.id = l.partnership_id WHERE l.disabled_at IS NULL
"""


async def link(connection: Connection, link_id: UUID) -> TrackedLink:
    """Return one link that is known to exist."""
    (found,) = await _tracked(connection, "id = $1", link_id)
    return found


async def links_of(connection: Connection, partner_id: UUID) -> list[TrackedLink]:
    """Return the links with which a brand promotes others, the newest first."""
    return await _tracked(connection, "partner_id = $1", partner_id)


async def links_of_partnership(connection: Connection, partnership_id: UUID) -> list[TrackedLink]:
    """Return the links of one partnership, the newest first."""
    return await _tracked(connection, "partnership_id = $1", partnership_id)


async def _tracked(connection: Connection, condition: str, value: UUID) -> list[TrackedLink]:
    rows = await connection.fetch(_TRACKED.format(condition=condition), value)
    return [TrackedLink(**row) for row in rows]


async def live_links(connection: "AnyConnection") -> list[LiveLink]:
    """Return every link that is switched on, for the memory of the redirect."""
    return _live(await connection.fetch(_LIVE))


async def live_links_among(connection: "AnyConnection", link_ids: Iterable[UUID]) -> list[LiveLink]:
    """Return those of the links that are switched on."""
    return _live(await connection.fetch(_LIVE + "AND l.id = ANY($1::uuid[])", list(link_ids)))


async def live_link(connection: "AnyConnection", token: str) -> LiveLink | None:
    """Return the link of a token if it is switched on."""
    return next(iter(_live(await connection.fetch(_LIVE + "AND l.token = $1", token))), None)


def _live(rows: Iterable[asyncpg.Record]) -> list[LiveLink]:
    return [
        LiveLink(
            row["id"],
            row["token"],
            row["partnership_id"],
            row["program_id"],
            row["advertiser_id"],
            row["partner_id"],
            row["destination_url"],
            row["ends_at"],
            *rules.around_click(row["destination_url"]),
        )
        for row in rows
    ]
