"""Read what waits for a brand's people, in one round trip: the facts behind what to do next."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

LISTED_MAX = 5


class Waiting(msgspec.Struct, frozen=True):
    """Something that waits: an invitation, an agreement or a partnership, with whom and for which program."""

    id: UUID
    brand: str
    program: str


class Paused(msgspec.Struct, frozen=True):
    """A program that is paused, since statements were not funded in time."""

    program: str
    brand: str
    is_own: bool
    since: datetime


class FailedPayment(msgspec.Struct, frozen=True):
    """The newest payment of an advertiser, when it failed; minor units."""

    amount_minor: int
    currency: str
    failure: str
    requested_at: datetime
    code: str | None = None


class OpenInvoice(msgspec.Struct, frozen=True):
    """An invoice that waits to be paid; minor units."""

    amount_minor: int
    currency: str
    due_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """How a brand stands in the network; of long lists the first few."""

    promotes: bool
    advertises: bool
    has_earned: bool
    """Whether anything was ever booked for it as a payee."""
    invitations: tuple[Waiting, ...]
    """Partnerships that wait for its answer."""
    to_sign: tuple[Waiting, ...]
    """The newest drafts that wait for its signature."""
    to_countersign: tuple[Waiting, ...]
    """Drafts that it signed and the other side has not."""
    without_link: tuple[Waiting, ...]
    """Active partnerships in which it promotes by no link yet."""
    account_id: str | None
    transfers_status: str | None
    payment_method_id: str | None
    failed_payment: FailedPayment | None
    open_invoices: tuple[OpenInvoice, ...] = ()
    paused: tuple[Paused, ...] = ()
    """Programs that it advertises or promotes, and that wait for money."""
    to_read: tuple[UUID, ...] = ()
    """The oldest statements that it is to pay and nobody has approved yet: it may object to their lines."""

    @property
    def can_be_paid(self) -> bool:
        """Say whether Stripe accepts transfers to it."""
        return self.transfers_status == "active"


_PAIR = """'brand', CASE p.advertiser_id WHEN $1 THEN r.name ELSE a.name END, 'program', n.name"""
_PARTNERSHIPS = """partnerships p JOIN program_names n ON n.id = p.program_id
    JOIN brands a ON a.id = p.advertiser_id JOIN brands r ON r.id = p.partner_id"""
_NEWEST_DRAFTS = f"""agreements g JOIN ({_PARTNERSHIPS}) ON p.id = g.partnership_id
    WHERE $1 IN (p.advertiser_id, p.partner_id) AND p.status NOT IN ('ended', 'declined')
        AND NOT EXISTS (SELECT FROM agreements later WHERE later.partnership_id = p.id AND later.id > g.id)"""
_SIGNED = "SELECT FROM signatures s WHERE s.agreement_id = g.id AND s.brand_id"


def _listed(id_: str, source: str) -> str:
    """Return the first few rows of a source as JSON."""
    return f"""(SELECT coalesce(json_agg(one.said), '[]') FROM (
        SELECT json_build_object('id', {id_}, {_PAIR}) AS said FROM {source}
        ORDER BY {id_} LIMIT {LISTED_MAX}) one)"""


_STANDING = f"""
    SELECT json_build_object(
        'promotes', EXISTS (SELECT FROM partnerships p WHERE p.partner_id = $1
                            AND p.status IN ('active', 'paused', 'ended')),
        'advertises', EXISTS (SELECT FROM programs WHERE brand_id = $1),
        'has_earned', EXISTS (SELECT FROM ledger_accounts a
                              WHERE a.holder_id = $1 AND a.kind = 'pay_pending'),
        'invitations', {_listed("p.id", f"{_PARTNERSHIPS} WHERE p.partner_id = $1 AND p.status = 'invited'")},
        'to_sign', {_listed("g.id", f"{_NEWEST_DRAFTS} AND NOT EXISTS ({_SIGNED} = $1)")},
        'to_countersign', {
    _listed("g.id", f"{_NEWEST_DRAFTS} AND EXISTS ({_SIGNED} = $1) AND NOT EXISTS ({_SIGNED} <> $1)")
},
        'without_link', {
    _listed(
        "p.id",
        f'''{_PARTNERSHIPS} WHERE p.partner_id = $1 AND p.status = 'active' AND NOT EXISTS (
                SELECT FROM links l WHERE l.partnership_id = p.id AND l.disabled_at IS NULL)''',
    )
},
        'to_read', (SELECT coalesce(json_agg(one.id), '[]') FROM (
            SELECT m.id FROM statements m JOIN statement_preparations q ON q.statement_id = m.id
            WHERE m.payer_id = $1 AND NOT EXISTS (
                SELECT FROM statement_approvals a WHERE a.statement_id = m.id)
            ORDER BY m.ends_at, m.id LIMIT {LISTED_MAX}) one),
        'account_id', s.account_id, 'transfers_status', s.transfers_status,
        'payment_method_id', s.payment_method_id,
        'paused', (SELECT coalesce(json_agg(json_build_object('program', n.name, 'brand', b.name,
                'is_own', b.id = $1, 'since', z.began_at) ORDER BY z.began_at, z.id), '[]')
            FROM program_pauses z JOIN program_names n ON n.id = z.program_id
            JOIN programs g ON g.id = z.program_id JOIN brands b ON b.id = g.brand_id
            WHERE z.ended_at IS NULL AND (b.id = $1 OR EXISTS (SELECT FROM partnerships p
                WHERE p.program_id = g.id AND p.partner_id = $1 AND p.status NOT IN ('ended', 'declined')))),
        'failed_payment', (SELECT json_build_object('amount_minor', f.amount_minor, 'currency', f.currency,
                'failure', coalesce(f.failure, ''), 'code', f.failure_code,
                'requested_at', f.requested_at)
            FROM (SELECT * FROM fundings WHERE advertiser_id = $1 ORDER BY id DESC LIMIT 1) f
            WHERE f.status = 'failed' AND f.failure_code IS DISTINCT FROM 'voided'),
        'open_invoices', (SELECT coalesce(json_agg(json_build_object('amount_minor', f.amount_minor,
                'currency', f.currency, 'due_at', f.invoice_due_at) ORDER BY f.id), '[]')
            FROM fundings f WHERE f.advertiser_id = $1 AND f.way = 'invoice' AND f.status = 'processing'
                AND f.payment_intent_id IS NULL AND f.void_asked_at IS NULL))
    FROM (SELECT 1) one LEFT JOIN stripe_accounts s ON s.brand_id = $1
"""


async def standing_of(connection: Connection, brand_id: UUID) -> Standing:
    """Return how a brand stands, and what waits for its people."""
    return msgspec.json.decode(await connection.fetchval(_STANDING, brand_id), type=Standing)
