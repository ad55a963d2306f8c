"""Read the commissions on one conversion with all that happened to them, as whoever asks may see them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from partner_network.commissions import bonus_queries
from partner_network.database.connections import Connection

REVISIONS_MAX = 100


class Row(Struct, frozen=True):
    """One commission as it stands, in minor units of its agreement's currency."""

    id: int
    kind: str
    partner_id: UUID
    partner: str
    component: str
    period: str
    currency: str
    agreement_id: UUID
    agreement_number: str
    contract_name: str
    contract_version: str
    terms_toml: str
    earned_at: datetime
    matures_at: datetime
    matured_at: datetime | None
    rate: str | None
    rate_of: date | None
    rate_how: str | None
    rate_via: str | None
    order_currency: str | None
    charity: str | None = None
    """Whom it pays in place of the partner: it is a donation."""


class Revision(Struct, frozen=True):
    """One state of what a commission should be, and what was recorded since the one before."""

    rev: int
    recorded_at: datetime
    previous_minor: int
    target_minor: int
    inputs: str
    clause: str
    cause: str | None
    reason: str | None
    refunded_minor: int | None


class Hold(Struct, frozen=True):
    """A hold, since when and why, and how it ended."""

    n: int
    at: datetime
    reason: str
    released_at: datetime | None
    release_reason: str | None


class Adjusted(Struct, frozen=True):
    """An adjustment: what a person decided that the order pays more or less."""

    at: datetime
    minor: int
    reason: str


class Stated(Struct, frozen=True):
    """What of a commission stands on one statement."""

    statement_id: UUID
    number: str
    kind: str
    amount_minor: int
    is_paid: bool


class Taken(Struct, frozen=True):
    """A clawback, why it was made, what became of it, and whether it is contested."""

    id: int
    amount_minor: int
    due_minor: int
    recovered_minor: int
    contest_until: datetime
    cause: str | None
    reason: str | None
    contested_at: datetime | None
    contest_reason: str | None
    outcome: str | None
    decision_reason: str | None
    lapsed_minor: int
    written_off_minor: int
    """What of it the network bears, in place of the advertiser."""


class Lying(Struct, frozen=True):
    """Where the money of a commission lies, in minor units."""

    pending_minor: int = 0
    held_minor: int = 0
    disputed_minor: int = 0
    payable_minor: int = 0


async def rows_on(connection: Connection, conversion_id: UUID, partner_id: UUID | None) -> list[Row]:
    """Return commissions on a conversion and bonuses that it earned first: a partner's own, or all (None)."""
    rows = await connection.fetch(
        f"""SELECT c.id, c.kind, c.partner_id, b.name AS partner, c.component, c.period, c.currency,
               c.agreement_id, g.number AS agreement_number, g.contract_name, g.contract_version,
               g.terms_toml, c.earned_at, c.matures_at, c.matured_at,
               o.numerator::text || '/' || o.denominator::text AS rate, o.published_on AS rate_of,
               o.how AS rate_how, o.via AS rate_via, v.currency AS order_currency,
               h.name AS charity
           FROM commissions c JOIN brands b ON b.id = c.partner_id
           LEFT JOIN charity_names h ON h.brand_id = c.charity_id
           JOIN agreements g ON g.id = c.agreement_id
           LEFT JOIN conversions v ON v.id = c.conversion_id
           LEFT JOIN order_rates o ON o.conversion_id = c.conversion_id AND o.quote = c.currency
           WHERE ($2::uuid IS NULL OR c.partner_id = $2) AND c.id IN (
               SELECT id FROM commissions WHERE conversion_id = $1
               UNION ALL SELECT b.id FROM conversions v JOIN partnerships p ON p.program_id = v.program_id
                   JOIN commissions b ON b.partnership_id = p.id AND b.earned_at = v.occurred_at
                   WHERE v.id = $1 AND b.kind = 'bonus' AND {bonus_queries.earned_by("b")} = v.id)
           ORDER BY b.name, c.id""",
        conversion_id,
        partner_id,
    )
    return [Row(**row) for row in rows]


async def revisions_of(connection: Connection, commission_ids: Sequence[int]) -> dict[int, list[Revision]]:
    """Return the newest revisions of each commission, each with the nearest cause, the newest first."""
    rows = await connection.fetch(
        """SELECT r.commission_id, r.rev, r.recorded_at, r.previous_target_minor AS previous_minor,
               r.target_minor, r.inputs, r.clause, w.cause, w.reason, w.minor AS refunded_minor
           FROM commission_revisions r JOIN commissions c ON c.id = r.commission_id
           LEFT JOIN commission_revisions p ON p.commission_id = r.commission_id AND p.rev = r.rev - 1
           LEFT JOIN LATERAL (
               SELECT cause, reason, minor FROM (
                   SELECT 1 AS place, CASE WHEN f.cancels IS NULL THEN 'refund'
                       ELSE 'refund undone' END AS cause, f.reason, f.net_minor AS minor, f.recorded_at
                   FROM refunds f WHERE f.conversion_id = c.conversion_id
                       AND f.recorded_at >= p.recorded_at AND f.recorded_at <= r.recorded_at
                   UNION ALL SELECT 2, 'adjustment', a.reason, NULL, a.recorded_at FROM adjustments a
                   WHERE a.conversion_id = c.conversion_id AND a.partnership_id = c.partnership_id
                       AND a.recorded_at >= p.recorded_at AND a.recorded_at <= r.recorded_at
                   UNION ALL SELECT 3, 'attribution', NULL, NULL, d.decided_at FROM decisions d
                   WHERE d.conversion_id = c.conversion_id AND d.rev > 1
                       AND d.decided_at >= p.recorded_at AND d.decided_at <= r.recorded_at
                   UNION ALL SELECT 4, 'terms', NULL, NULL, lower(t.recorded) FROM terms t
                   WHERE t.partnership_id = c.partnership_id
                       AND lower(t.recorded) > p.recorded_at AND lower(t.recorded) <= r.recorded_at) found
               ORDER BY recorded_at > p.recorded_at DESC, place, recorded_at DESC
               LIMIT 1) w ON p.rev IS NOT NULL
           WHERE r.commission_id = ANY($1::bigint[]) AND r.rev > (
               SELECT max(n.rev) FROM commission_revisions n WHERE n.commission_id = r.commission_id) - $2
           ORDER BY r.commission_id, r.rev DESC""",
        commission_ids,
        REVISIONS_MAX,
    )
    found: defaultdict[int, list[Revision]] = defaultdict(list)
    for row in rows:
        found[row["commission_id"]].append(Revision(*list(row)[1:]))
    return found


async def holds_of(connection: Connection, commission_ids: Sequence[int]) -> dict[int, list[Hold]]:
    """Return the holds of commissions, the newest first."""
    rows = await connection.fetch(
        """SELECT h.commission_id, h.n, h.at, h.reason, r.at AS released_at, r.reason AS release_reason
           FROM commission_holds h LEFT JOIN commission_releases r USING (commission_id, n)
           WHERE h.commission_id = ANY($1::bigint[]) ORDER BY h.commission_id, h.n DESC""",
        commission_ids,
    )
    found: defaultdict[int, list[Hold]] = defaultdict(list)
    for row in rows:
        found[row["commission_id"]].append(Hold(*list(row)[1:]))
    return found


async def adjustments_on(
    connection: Connection, conversion_id: UUID
) -> dict[UUID, list[tuple[str | None, bool, Adjusted]]]:
    """Return the adjustments of a conversion by partner, the oldest first.

    Each comes with the name of its component or bonus, and whether it is a bonus.
    """
    rows = await connection.fetch(
        """SELECT p.partner_id, coalesce(a.bonus, a.component) AS name, a.bonus IS NOT NULL AS is_bonus, a.at,
               a.minor, a.reason
           FROM adjustments a
           JOIN partnerships p ON p.id = a.partnership_id
           WHERE a.conversion_id = $1 ORDER BY a.at, a.id""",
        conversion_id,
    )
    found: defaultdict[UUID, list[tuple[str | None, bool, Adjusted]]] = defaultdict(list)
    for row in rows:
        adjusted = Adjusted(row["at"], row["minor"], row["reason"])
        found[row["partner_id"]].append((row["name"], row["is_bonus"], adjusted))
    return found


async def stated_of(connection: Connection, commission_ids: Sequence[int]) -> dict[int, list[Stated]]:
    """Return the lines of statements that commissions stand on, the oldest statement first."""
    rows = await connection.fetch(
        """SELECT t.commission_id, s.id, s.number, l.kind, l.amount_minor,
               EXISTS (SELECT FROM payouts o JOIN payout_attempts a ON a.payout_id = o.id
                       JOIN statements later ON later.id = o.statement_id
                       WHERE later.account_id = s.account_id AND later.seq >= s.seq
                           AND a.status IN ('accepted', 'settled')) AS is_paid
           FROM ledger_transfers t JOIN statement_lines l ON l.transfer_id = t.id
           JOIN statements s ON s.id = l.statement_id
           WHERE t.commission_id = ANY($1::bigint[]) ORDER BY t.commission_id, s.ends_at, t.id""",
        commission_ids,
    )
    found: defaultdict[int, list[Stated]] = defaultdict(list)
    for row in rows:
        found[row["commission_id"]].append(Stated(*list(row)[1:]))
    return found


async def taken_of(connection: Connection, commission_ids: Sequence[int]) -> dict[int, list[Taken]]:
    """Return the clawbacks of commissions, the oldest first."""
    rows = await connection.fetch(
        """SELECT k.commission_id, k.transfer_id, k.amount_minor, o.due_minor, o.recovered_minor,
               k.contest_until, k.cause, k.reason, x.at, x.reason, d.outcome, d.reason,
               (SELECT coalesce(sum(s.amount_minor), 0)::bigint FROM clawback_settlements s
                WHERE s.clawback_id = k.transfer_id AND s.kind IN ('forgiven', 'written_off')),
               (SELECT coalesce(sum(s.amount_minor), 0)::bigint FROM clawback_settlements s
                WHERE s.clawback_id = k.transfer_id AND s.kind = 'written_off')
           FROM clawbacks k JOIN open_clawbacks o ON o.transfer_id = k.transfer_id
           LEFT JOIN clawback_contests x ON x.clawback_id = k.transfer_id
           LEFT JOIN contest_decisions d ON d.clawback_id = k.transfer_id
           WHERE k.commission_id = ANY($1::bigint[]) ORDER BY k.commission_id, k.transfer_id""",
        commission_ids,
    )
    found: defaultdict[int, list[Taken]] = defaultdict(list)
    for row in rows:
        found[row["commission_id"]].append(Taken(*list(row)[1:]))
    return found


async def lying_of(connection: Connection, commission_ids: Sequence[int]) -> dict[int, Lying]:
    """Return where the money of commissions lies that stands on no statement yet."""
    rows = await connection.fetch(
        """SELECT t.commission_id, a.kind, sum(t.minor)::bigint AS minor
           FROM (SELECT id, commission_id, credit_account_id AS account_id, amount_minor AS minor
                 FROM ledger_transfers WHERE phase = 'posted' AND commission_id = ANY($1::bigint[])
                 UNION ALL SELECT id, commission_id, debit_account_id, -amount_minor
                 FROM ledger_transfers WHERE phase = 'posted' AND commission_id = ANY($1::bigint[])) t
           JOIN ledger_accounts a ON a.id = t.account_id
           WHERE a.kind IN ('pay_pending', 'pay_held', 'pay_disputed') OR a.kind = 'pay' AND NOT EXISTS (
               SELECT FROM statement_lines l WHERE l.account_id = a.id AND l.transfer_id = t.id)
           GROUP BY 1, 2""",
        commission_ids,
    )
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row["commission_id"]][row["kind"]] = row["minor"]
    return {
        commission_id: Lying(
            of.get("pay_pending", 0), of.get("pay_held", 0), of.get("pay_disputed", 0), of.get("pay", 0)
        )
        for commission_id, of in found.items()
    }
