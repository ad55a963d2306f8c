"""What finance finds on its home: how far the close is, what waits for whom, and since when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from admin import ageing
from admin.ageing import Aged, Waited
from admin.queries import calendar
from admin.queries.calendar import Calendar
from admin.queries.standing import LISTED
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.statements.rules import Status

QUEUE_MAX = 20
HELD_MAX = 10
Station = Literal["draft", "issued", "approved", "funded", "paid", "carried"]


class Standing(msgspec.Struct, frozen=True):
    """How many statements of the present close stand at one station, and their sum; minor units."""

    station: Station
    currency: str
    count: int
    minor: int


class Waiting(msgspec.Struct, frozen=True):
    """A statement that waits for somebody to prepare or approve it; minor units."""

    id: UUID
    number: str
    payee_name: str
    payer_name: str
    currency: str
    period: str
    closing_minor: int
    status: Status
    since: datetime
    preparer_name: str | None
    is_mine: bool
    """Whether the asking person may sign it: not where they prepared it themselves."""


class Sum(msgspec.Struct, frozen=True):
    """How many, and how much in one currency; minor units."""

    is_mine: bool
    currency: str
    count: int
    minor: int


class Held(msgspec.Struct, frozen=True):
    """A payout that something keeps from going out; minor units."""

    id: UUID
    statement_number: str
    payee_name: str
    currency: str
    amount_minor: int
    reserved_at: datetime
    held_reason: str
    all_held: int


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the home of finance."""

    standings: Sequence[Standing]
    period: str | None
    queue: Sequence[Waiting]
    sums: Sequence[Sum]
    owed: Sequence[Aged]
    prepaid: Mapping[tuple[UUID, str], int]
    """What advertisers have paid in and nothing has used yet, by brand and currency; minor units."""
    awaited: Sequence[Aged]
    held: Sequence[Held]
    calendar: Calendar


async def month_end(member_id: UUID, now: datetime) -> Month:
    """Return where the money stands for one person in finance."""
    async with connections.transaction(eyes="operator") as connection:
        period = await connection.fetchval("SELECT period FROM statements ORDER BY ends_at DESC, id LIMIT 1")
        owed, awaited = await _ages(connection, now)
        return Month(
            standings=await _standings(connection),
            period=period,
            queue=await _queue(connection, member_id),
            sums=await _sums(connection, member_id),
            owed=owed,
            prepaid=await _prepaid(connection) if owed else {},
            awaited=awaited,
            held=await _held(connection),
            calendar=await calendar.calendar(connection, now),
        )


async def _standings(connection: Connection) -> Sequence[Standing]:
    # Periods of one close end at the midnights of their zones, which lie up to 26 hours apart.
    rows = await connection.fetch(
        f"""WITH {LISTED}
            SELECT CASE WHEN status = 'approved' AND payout_id IS NOT NULL THEN 'funded' ELSE status END
                AS station, currency, count(*), sum(coalesce(payout_minor, closing_minor))::bigint AS minor
            FROM listed WHERE ends_at > (SELECT max(ends_at) - interval '26 hours' FROM statements)
            GROUP BY 1, 2 ORDER BY 1, 2"""
    )
    return [msgspec.convert(dict(row), Standing) for row in rows]


async def _queue(connection: Connection, member_id: UUID) -> Sequence[Waiting]:
    rows = await connection.fetch(
        f"""WITH {LISTED}, waiting AS (
                SELECT *, preparer_id IS DISTINCT FROM $1 AS is_mine,
                    row_number() OVER (PARTITION BY preparer_id IS DISTINCT FROM $1
                                       ORDER BY ends_at, number) AS place
                FROM listed WHERE status IN ('draft', 'issued'))
            SELECT w.id, number, payee_name, payer_name, currency, period, closing_minor, status,
                coalesce(prepared_at, closed_at) AS since, n.name AS preparer_name, is_mine
            FROM waiting w LEFT JOIN member_names n ON n.id = w.preparer_id
            WHERE place <= $2 ORDER BY ends_at, number""",
        member_id,
        QUEUE_MAX,
    )
    return [msgspec.convert(dict(row), Waiting) for row in rows]


async def _sums(connection: Connection, member_id: UUID) -> Sequence[Sum]:
    rows = await connection.fetch(
        f"""WITH {LISTED}
            SELECT preparer_id IS DISTINCT FROM $1 AS is_mine, currency, count(*),
                sum(closing_minor)::bigint AS minor
            FROM listed WHERE status IN ('draft', 'issued') GROUP BY 1, 2 ORDER BY 1, 2""",
        member_id,
    )
    return [msgspec.convert(dict(row), Sum) for row in rows]


# What may still be paid on an approved statement is its closing less what left the account since, and less
# what the approved ones before it will take: the growth of a running maximum says so for all at once
# (payouts.queries.fundable_statements, one by one; a test holds the two together).
_WAITED = """
    WITH open AS (
        SELECT s.account_id, s.payer_id, s.payee_id, s.currency, s.ends_at, s.number, a.approved_at,
            s.closing_minor - coalesce((
                SELECT sum(t.amount_minor) FROM ledger_transfers t
                WHERE t.debit_account_id = s.account_id AND t.phase IN ('posted', 'post')
                    AND NOT EXISTS (
                        SELECT FROM statement_lines l JOIN statements e ON e.id = l.statement_id
                        WHERE l.account_id = s.account_id AND l.transfer_id = t.id AND e.seq <= s.seq)), 0)
                AS left_minor
        FROM statements s JOIN statement_approvals a ON a.statement_id = s.id
        WHERE NOT EXISTS (SELECT FROM payouts o WHERE o.statement_id = s.id)),
    ran AS (
        SELECT *, greatest(0, max(left_minor) OVER (PARTITION BY account_id ORDER BY ends_at, number)) AS upto
        FROM open),
    unfunded AS (
        SELECT *, upto - coalesce(lag(upto) OVER (PARTITION BY account_id ORDER BY ends_at, number), 0)
            AS minor FROM ran),
    waiting AS (
        SELECT payer_id, payee_id, currency, approved_at, minor, true AS is_owed FROM unfunded
        UNION ALL
        SELECT o.payer_id, o.payee_id, o.currency, a.approved_at, o.amount_minor - coalesce((
                   SELECT sum(t.amount_minor - t.reversed_minor) FROM payout_attempts t
                   WHERE t.payout_id = o.id AND t.stripe_transfer_id IS NOT NULL), 0), false
        FROM payouts o JOIN statement_approvals a ON a.statement_id = o.statement_id)
    SELECT w.payer_id, payer.name AS payer, w.payee_id, payee.name AS payee, w.currency, w.is_owed,
        ($1::timestamptz AT TIME ZONE 'UTC')::date - (w.approved_at AT TIME ZONE 'UTC')::date AS days,
        sum(w.minor)::bigint AS minor
    FROM waiting w JOIN brands payer ON payer.id = w.payer_id JOIN brands payee ON payee.id = w.payee_id
    WHERE w.minor > 0 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


async def _ages(connection: Connection, now: datetime) -> tuple[Sequence[Aged], Sequence[Aged]]:
    """Return what advertisers owe and what payees wait for, by days since the approval."""
    rows = await connection.fetch(_WAITED, now)
    owed = [
        Waited(row["payer_id"], row["payer"], row["currency"], row["days"], row["minor"])
        for row in rows
        if row["is_owed"]
    ]
    awaited = [
        Waited(row["payee_id"], row["payee"], row["currency"], row["days"], row["minor"]) for row in rows
    ]
    return ageing.aged(owed), ageing.aged(awaited)


async def _prepaid(connection: Connection) -> Mapping[tuple[UUID, str], int]:
    rows = await connection.fetch(
        """SELECT a.holder_id, a.currency,
               (n.credits_posted_minor - n.debits_posted_minor)::bigint AS minor
           FROM ledger_accounts a JOIN ledger_balances n ON n.account_id = a.id
           WHERE a.kind = 'prepaid' AND n.credits_posted_minor > n.debits_posted_minor"""
    )
    return {(row["holder_id"], row["currency"]): row["minor"] for row in rows}


async def _held(connection: Connection) -> Sequence[Held]:
    rows = await connection.fetch(
        """SELECT o.id, s.number AS statement_number, b.name AS payee_name, o.currency, o.amount_minor,
               o.reserved_at, o.held_reason, count(*) OVER () AS all_held
           FROM payouts o JOIN statements s ON s.id = o.statement_id JOIN brands b ON b.id = o.payee_id
           WHERE o.held_reason IS NOT NULL ORDER BY o.id LIMIT $1""",
        HELD_MAX,
    )
    return [msgspec.convert(dict(row), Held) for row in rows]
