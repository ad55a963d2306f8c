"""Read what a brand's page of credit and perks shows."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.rewards import perk_queries, queries
from partner_network.rewards.actions import grant
from partner_network.rewards.perk_queries import Entitled
from partner_network.rewards.queries import Held

CREDITS_MAX = 100
PERKS_MAX = 50
MONTHS_MAX = 12


class Shown(msgspec.Struct, frozen=True):
    """One credit with the words around it, and what of it is left at the instant."""

    credit: Held
    advertiser: str
    partner: str
    order_id: str
    left_minor: int


class Totals(msgspec.Struct, frozen=True):
    """What became of credit in one currency, in minor units; what is left is the first less the others."""

    currency: str
    granted_minor: int
    redeemed_minor: int
    ended_minor: int
    left_minor: int


class Month(msgspec.Struct, frozen=True):
    """A partner's orders with one advertiser in one calendar month (UTC)."""

    advertiser: str
    month: str
    orders: int
    customers: int
    again: int
    """Orders of customers who had bought before through the same partner."""


class Page(msgspec.Struct, frozen=True):
    """What the brand granted, what it holds, its perks and what they open."""

    granted: list[Shown]
    granted_totals: list[Totals]
    held: list[Shown]
    held_totals: list[Totals]
    perks: list[Entitled]
    months: list[Month]


async def page_of(connection: Connection, brand_id: UUID, now: datetime) -> Page:
    """Return the page as it stands at an instant."""
    credit = await queries.newest_credits(connection, brand_id, CREDITS_MAX)
    words = {row["id"]: row for row in await connection.fetch(_WORDS, [one.id for one in credit])}
    shown = [
        Shown(
            one,
            words[one.id]["advertiser"],
            words[one.id]["partner"],
            words[one.id]["order_id"],
            grant.up_to(one, now)[1].left_minor,
        )
        for one in credit
    ]
    perks = await perk_queries.of_brand(connection, brand_id, PERKS_MAX)
    opened = {
        one.partnership_id
        for one in perks
        if one.partner_id == brand_id and one.perk == "enhanced_analytics" and one.holds_at(now)
    }
    months = await connection.fetch(_MONTHS, list(opened), MONTHS_MAX)
    return Page(
        granted=[one for one in shown if one.credit.advertiser_id == brand_id],
        granted_totals=await _totals(connection, "c.advertiser_id = $1", brand_id),
        held=[one for one in shown if one.credit.partner_id == brand_id],
        held_totals=await _totals(connection, "c.kind = 'partner_credit' AND c.partner_id = $1", brand_id),
        perks=perks,
        months=[Month(**row) for row in months],
    )


_WORDS = """SELECT c.id, a.name AS advertiser, p.name AS partner, v.order_id
    FROM reward_credits c JOIN brands a ON a.id = c.advertiser_id JOIN brands p ON p.id = c.partner_id
    JOIN conversions v ON v.id = c.conversion_id WHERE c.id = ANY($1::uuid[])"""
_MONTHS = """
    SELECT advertiser, month, count(*) AS orders, count(DISTINCT customer_id) AS customers,
        count(*) FILTER (WHERE n > 1) AS again
    FROM (SELECT b.name AS advertiser, to_char(v.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
              v.customer_id, row_number() OVER (
                  PARTITION BY p.id, v.customer_id ORDER BY v.occurred_at, v.order_id COLLATE "C") AS n
          FROM partnerships p JOIN brands b ON b.id = p.advertiser_id
          JOIN conversions v ON v.program_id = p.program_id
          WHERE p.id = ANY($1::uuid[]) AND EXISTS (
              SELECT FROM credits c JOIN current_decisions d USING (conversion_id, rev)
              WHERE c.conversion_id = v.id AND c.partnership_id = p.id)) o
    GROUP BY 1, 2 ORDER BY 2 DESC, 1 LIMIT $2"""


async def _totals(connection: Connection, whose: str, brand_id: UUID) -> list[Totals]:
    rows = await connection.fetch(
        f"""SELECT c.currency,
                coalesce(sum(m.change_minor) FILTER (WHERE m.kind IN ('granted', 'grown')), 0)::bigint
                    AS granted_minor,
                -coalesce(sum(m.change_minor) FILTER (WHERE m.kind IN ('redeemed', 'returned')), 0)::bigint
                    AS redeemed_minor,
                -coalesce(sum(m.change_minor) FILTER (WHERE m.kind IN ('lost', 'taken_back')), 0)::bigint
                    AS ended_minor,
                sum(m.change_minor)::bigint AS left_minor
            FROM reward_credits c JOIN reward_moves m ON m.credit_id = c.id WHERE {whose}
            GROUP BY c.currency ORDER BY c.currency""",
        brand_id,
    )
    return [Totals(**row) for row in rows]
