"""Read what is known about an order that somebody misses, and no more than they may know."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.database.connections import Connection
from partner_network.links.codes import rules as codes

FOUND_MAX = 10
LISTED_MAX = 50


class Clicked(Struct, frozen=True):
    """A click of whoever asks."""

    at: datetime
    consent: str
    excluded: str | None


class Counted(Struct, frozen=True):
    """How many clicks were made on the days asked for, and how many of them count."""

    clicks: int
    valid: int


class Received(Struct, frozen=True):
    """That an advertiser of the looking partner received an order of a number, and nothing else of it."""

    advertiser: str
    is_decided: bool


async def by_order(connection: Connection, brand_id: UUID | None, order_id: str) -> list[UUID]:
    """Return the conversions of an order id whose receipts whoever asks may see."""
    rows = await connection.fetch(
        """SELECT v.id FROM conversions v
           WHERE v.order_id = $2 AND ($1::uuid IS NULL OR v.brand_id = $1 OR EXISTS (
               SELECT FROM candidacies c WHERE c.conversion_id = v.id AND c.partner_id = $1))
           ORDER BY v.occurred_at, v.id LIMIT $3""",
        brand_id,
        order_id,
        FOUND_MAX,
    )
    return [row["id"] for row in rows]


async def received(connection: Connection, order_id: str) -> list[Received]:
    """Return which advertisers of the looking partner received an order while their partnership held."""
    rows = await connection.fetch(
        """SELECT b.name AS advertiser, bool_and(r.is_decided) AS is_decided
           FROM orders_received($1) r JOIN brands b ON b.id = r.advertiser_id
           GROUP BY b.id, b.name ORDER BY b.name, b.id""",
        order_id,
    )
    return [Received(**row) for row in rows]


async def advertisers_of(connection: Connection, brand_id: UUID) -> int:
    """Return how many advertisers a brand promotes or promoted."""
    return await connection.fetchval(
        """SELECT count(DISTINCT advertiser_id) FROM partnerships
           WHERE partner_id = $1 AND status IN ('active', 'paused', 'ended') AND active_from IS NOT NULL""",
        brand_id,
    )


async def click(connection: Connection, brand_id: UUID | None, click_id: UUID) -> Clicked | None:
    """Return a click that led from or to whoever asks; None for anybody else's, and for none."""
    row = await connection.fetchrow(
        """SELECT at, consent, excluded FROM clicks
           WHERE click_id = $2 AND ($1::uuid IS NULL OR $1 IN (partner_id, advertiser_id))""",
        brand_id,
        click_id,
    )
    return None if row is None else Clicked(**row)


async def behind(connection: Connection, click_id: UUID) -> tuple[bool, bool]:
    """Return whether anybody is known to stand behind a click, and whether an order of theirs waits."""
    row = await connection.fetchrow("SELECT is_identified, waits FROM known_behind($1)", click_id)
    return (False, False) if row is None else (row["is_identified"], row["waits"])


async def after_click(connection: Connection, click_id: UUID) -> list[UUID]:
    """Return the conversions after a click whose receipts whoever asks may see, the first made first."""
    rows = await connection.fetch("SELECT ordered_after AS id FROM ordered_after($1)", click_id)
    return [row["id"] for row in rows]


async def code(connection: Connection, brand_id: UUID | None, text: str) -> list[UUID]:
    """Return the codes of that text that were given by or to whoever asks."""
    rows = await connection.fetch(
        """SELECT id FROM codes WHERE folded = $2
               AND ($1::uuid IS NULL OR $1 IN (advertiser_id, partner_id)) ORDER BY id LIMIT $3""",
        brand_id,
        codes.folded(text),
        FOUND_MAX,
    )
    return [row["id"] for row in rows]


async def after_codes(connection: Connection, code_ids: Sequence[UUID], brand_id: UUID | None) -> list[UUID]:
    """Return the newest conversions that named a code, or whose customer had used it before."""
    rows = await connection.fetch(
        """SELECT v.id FROM conversions v
           WHERE ($3::uuid IS NULL OR v.brand_id = $3 OR EXISTS (
                   SELECT FROM candidacies k WHERE k.conversion_id = v.id AND k.partner_id = $3))
               AND v.id IN (
                   SELECT coalesce(t.conversion_id, o.id)
                   FROM codes c JOIN touches t ON t.partnership_id = c.partnership_id
                       AND lower(t.code) = lower(c.code)
                   LEFT JOIN conversions o ON t.conversion_id IS NULL AND o.customer_id = t.customer_id
                       AND o.program_id = t.program_id AND o.occurred_at >= t.at
                   WHERE c.id = ANY($1::uuid[]))
           ORDER BY v.occurred_at DESC, v.id LIMIT $2""",
        code_ids,
        FOUND_MAX,
        brand_id,
    )
    return [row["id"] for row in rows]


async def on_days(
    connection: Connection, brand_id: UUID | None, starts: datetime, ends: datetime
) -> list[UUID]:
    """Return the conversions of some days whose receipts whoever asks may see, the first made first."""
    rows = await connection.fetch(
        """SELECT v.id FROM conversions v
           WHERE v.occurred_at >= $2 AND v.occurred_at < $3
               AND ($1::uuid IS NULL OR v.brand_id = $1 OR EXISTS (
                   SELECT FROM candidacies c WHERE c.conversion_id = v.id AND c.partner_id = $1))
           ORDER BY v.occurred_at, v.id LIMIT $4""",
        brand_id,
        starts,
        ends,
        LISTED_MAX,
    )
    return [row["id"] for row in rows]


async def clicks_on_days(connection: Connection, brand_id: UUID, starts: datetime, ends: datetime) -> Counted:
    """Return how many clicks a brand brought on some days, and how many of them count."""
    row = await connection.fetchrow(
        """SELECT count(*) AS clicks, count(*) FILTER (WHERE excluded IS NULL) AS valid FROM clicks
           WHERE partner_id = $1 AND click_id >= first_click_id($2) AND click_id < first_click_id($3)""",
        brand_id,
        starts,
        ends,
    )
    return Counted(0, 0) if row is None else Counted(**row)
