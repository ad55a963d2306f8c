"""What partnership managers find on their home: what needs them, what ends soon, who grew and who fell."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from admin.queries.calendar import terms_at
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import periods

ATTENTION_MAX = 20
INVITATIONS_MAX = 10
MOVERS_MAX = 10
SOON = timedelta(days=90)
COMPARED = timedelta(days=30)
Kind = Literal["review", "signature", "account", "paused", "lost_link"]


class Attention(msgspec.Struct, frozen=True):
    """One thing that goes on only when a person does something."""

    kind: Kind
    partnership_id: UUID
    partner_name: str
    advertiser_name: str
    since: datetime | None
    agreement_id: UUID | None
    name: str | None
    """The number of the agreement, or the name of the link."""
    waits_for: Literal["both", "advertiser", "partner"] | None
    all_of_them: int


class Unanswered(msgspec.Struct, frozen=True):
    """An application or an invitation that nobody has answered."""

    partnership_id: UUID
    status: Literal["applied", "invited"]
    partner_name: str
    advertiser_name: str
    created_at: datetime
    link_expires_at: datetime | None
    """Until when the link in the letter opens; None where people of the network were asked."""
    all_of_them: int


class Expiring(msgspec.Struct, frozen=True):
    """Terms or a boost whose end is near."""

    at: datetime
    number: str
    agreement_id: UUID | None
    boost: str | None
    is_followed: bool
    """Whether other terms, signed already, take over at that instant."""


class Mover(msgspec.Struct, frozen=True):
    """What a partner earned in the last 30 days and in the 30 days before; minor units."""

    partner_name: str
    currency: str
    now_minor: int
    before_minor: int

    @property
    def change_minor(self) -> int:
        """How much it grew, or fell."""
        return self.now_minor - self.before_minor


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the home of partnership managers."""

    attention: Sequence[Attention]
    unanswered: Sequence[Unanswered]
    expiring: Sequence[Expiring]
    movers: Sequence[Mover]
    has_brands: bool
    has_programs: bool
    has_policies: bool
    """Whether a program has a policy that agreements can cite."""
    has_partnerships: bool


async def desk(now: datetime) -> Desk:
    """Return what waits for a partnership manager."""
    async with connections.transaction(eyes="operator") as connection:
        begun = await connection.fetchrow(
            """SELECT EXISTS (SELECT FROM brands) AS has_brands,
                   EXISTS (SELECT FROM programs) AS has_programs,
                   EXISTS (SELECT FROM program_versions) AS has_policies,
                   EXISTS (SELECT FROM partnerships) AS has_partnerships"""
        )
        return Desk(
            attention=await _attention(connection),
            unanswered=await _unanswered(connection),
            expiring=await _expiring(connection, now),
            movers=await _movers(connection, now),
            has_brands=bool(begun and begun["has_brands"]),
            has_programs=bool(begun and begun["has_programs"]),
            has_policies=bool(begun and begun["has_policies"]),
            has_partnerships=bool(begun and begun["has_partnerships"]),
        )


# The kinds in the order in which they keep a partnership from earning, within each the oldest first.
_ATTENTION = """
    WITH newest AS (
        SELECT DISTINCT ON (partnership_id) id, partnership_id, number, drafted_at FROM agreements
        ORDER BY partnership_id, id DESC),
    signed AS (
        SELECT s.agreement_id, max(s.signed_at) AS at,
            bool_or(s.brand_id = h.advertiser_id) AS by_advertiser,
            bool_or(s.brand_id = h.partner_id) AS by_partner
        FROM signatures s JOIN newest n ON n.id = s.agreement_id
        JOIN partnerships h ON h.id = n.partnership_id GROUP BY 1),
    found AS (
        SELECT 1 AS place, 'review' AS kind, h.id, h.created_at AS since, NULL::uuid AS agreement_id,
            NULL AS name, NULL AS waits_for
        FROM partnerships h
        WHERE h.status = 'in_review' AND NOT EXISTS (SELECT FROM newest n WHERE n.partnership_id = h.id)
        UNION ALL
        SELECT 2, 'signature', h.id, coalesce(g.at, n.drafted_at), n.id, n.number, CASE
            WHEN g.by_advertiser THEN 'partner' WHEN g.by_partner THEN 'advertiser' ELSE 'both' END
        FROM newest n JOIN partnerships h ON h.id = n.partnership_id
        LEFT JOIN signed g ON g.agreement_id = n.id
        WHERE h.status IN ('in_review', 'active', 'paused')
            AND NOT (coalesce(g.by_advertiser, false) AND coalesce(g.by_partner, false))
        UNION ALL
        (SELECT DISTINCT ON (h.partner_id) 3, 'account', h.id, h.active_from, NULL::uuid, NULL, NULL
         FROM partnerships h LEFT JOIN stripe_accounts a ON a.brand_id = h.partner_id
         WHERE h.status = 'active' AND a.transfers_status IS DISTINCT FROM 'active'
         ORDER BY h.partner_id, h.active_from)
        UNION ALL
        SELECT 4, 'lost_link', l.partnership_id, l.created_at, NULL::uuid, l.name, NULL
        FROM links l JOIN programs p ON p.id = l.program_id JOIN partnerships h ON h.id = l.partnership_id
        WHERE l.disabled_at IS NULL AND h.status = 'active' AND NOT (
            lower(substring(l.destination_url FROM '^[A-Za-z]+://([^/:?#]+)')) = ANY (
                SELECT lower(host) FROM unnest(p.destination_hosts) AS host))
        UNION ALL
        SELECT 5, 'paused', h.id, NULL, NULL::uuid, NULL, NULL FROM partnerships h
        WHERE h.status = 'paused')
    SELECT f.kind, f.id AS partnership_id, p.name AS partner_name, a.name AS advertiser_name, f.since,
        f.agreement_id, f.name, f.waits_for, count(*) OVER () AS all_of_them
    FROM found f JOIN partnerships h ON h.id = f.id
    JOIN brands p ON p.id = h.partner_id JOIN brands a ON a.id = h.advertiser_id
    ORDER BY f.place, f.since NULLS LAST, f.id LIMIT $1
"""


async def _attention(connection: Connection) -> Sequence[Attention]:
    rows = await connection.fetch(_ATTENTION, ATTENTION_MAX)
    return [msgspec.convert(dict(row), Attention) for row in rows]


async def _unanswered(connection: Connection) -> Sequence[Unanswered]:
    rows = await connection.fetch(
        """SELECT h.id AS partnership_id, h.status, p.name AS partner_name, a.name AS advertiser_name,
               h.created_at, (SELECT max(i.expires_at) FROM invitations i
                              WHERE i.partnership_id = h.id AND i.accepted_at IS NULL) AS link_expires_at,
               count(*) OVER () AS all_of_them
           FROM partnerships h JOIN brands p ON p.id = h.partner_id JOIN brands a ON a.id = h.advertiser_id
           WHERE h.status IN ('applied', 'invited') ORDER BY h.created_at, h.id LIMIT $1""",
        INVITATIONS_MAX,
    )
    return [msgspec.convert(dict(row), Unanswered) for row in rows]


async def _expiring(connection: Connection, now: datetime) -> Sequence[Expiring]:
    rows = await connection.fetch(
        """SELECT upper(t.valid) AS at, a.number, a.id AS agreement_id, NULL AS boost, EXISTS (
               SELECT FROM terms n WHERE n.partnership_id = t.partnership_id AND upper_inf(n.recorded)
                   AND lower(n.valid) = upper(t.valid)) AS is_followed
           FROM terms t JOIN agreements a ON a.id = t.agreement_id
           WHERE upper_inf(t.recorded) AND upper(t.valid) > $1 AND upper(t.valid) <= $2
           ORDER BY 1, 2""",
        now,
        now + SOON,
    )
    found = [msgspec.convert(dict(row), Expiring) for row in rows]
    return sorted([*found, *await _ending_boosts(connection, now)], key=lambda one: (one.at, one.number))


async def _ending_boosts(connection: Connection, now: datetime) -> Sequence[Expiring]:
    return [
        Expiring(ends_at, number, None, boost.name, is_followed=False)
        for number, terms in await terms_at(connection, now)
        for boost in terms.commission.boosts
        if now
        < (ends_at := periods.midnight(boost.until, periods.zone_named(terms.settlement.time_zone)))
        <= now + SOON
    ]


async def _movers(connection: Connection, now: datetime) -> Sequence[Mover]:
    rows = await connection.fetch(
        """WITH earned AS (
               SELECT c.partner_id, c.currency,
                   coalesce(sum(r.target_minor) FILTER (WHERE c.earned_at >= $2), 0)::bigint AS now_minor,
                   coalesce(sum(r.target_minor) FILTER (WHERE c.earned_at < $2), 0)::bigint AS before_minor
               FROM commissions c JOIN current_targets r ON r.commission_id = c.id
               WHERE c.earned_at >= $1 AND c.earned_at < $3 AND c.charity_id IS NULL GROUP BY 1, 2)
           SELECT b.name AS partner_name, e.currency, e.now_minor, e.before_minor
           FROM earned e JOIN brands b ON b.id = e.partner_id WHERE e.now_minor <> e.before_minor
           ORDER BY abs(e.now_minor - e.before_minor) DESC, b.name, e.currency LIMIT $4""",
        now - 2 * COMPARED,
        now - COMPARED,
        now,
        MOVERS_MAX,
    )
    return [msgspec.convert(dict(row), Mover) for row in rows]
