"""Money as the database holds it; each struct names the columns that are read. Amounts are minor units."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import AccountKind, EntryKind, Phase
from partner_network.statements.rules import LineKind


class Account(Struct, frozen=True, gc=False):
    """An account of the ledger, with its balance as the database keeps it."""

    id: int
    kind: AccountKind
    holder_id: UUID | None
    counterparty_id: UUID | None
    currency: str
    is_debit_normal: bool
    may_go_negative: bool
    debits_posted_minor: int
    credits_posted_minor: int
    debits_pending_minor: int
    credits_pending_minor: int


class Entry(Struct, frozen=True, gc=False):
    """An entry of the ledger, without its legs."""

    id: int
    kind: EntryKind
    currency: str
    key: str
    payload_hash: bytes
    effective_at: datetime
    recorded_at: datetime
    clause: str | None
    reason: str | None
    made_in: int


class Transfer(Struct, frozen=True, gc=False):
    """A leg of an entry."""

    id: int
    entry_id: int
    debit_account_id: int
    credit_account_id: int
    amount_minor: int
    phase: Phase
    pending_id: int | None
    commission_id: int | None
    effective_at: datetime


class Commission(Struct, frozen=True, gc=False):
    """What one order, or one bonus, pays one partnership by one component."""

    id: int
    kind: str
    conversion_id: UUID | None
    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    agreement_id: UUID
    component: str
    period: str
    currency: str
    earned_at: datetime
    matures_at: datetime
    matured_at: datetime | None
    charity_id: UUID | None

    @property
    def payee_id(self) -> UUID:
        """Whom it pays: the charity of a donation, else the partner."""
        return self.charity_id or self.partner_id

    @property
    def pair(self) -> Pair:
        """Between whom it is owed."""
        return Pair(self.payee_id, self.advertiser_id, self.currency)


class Revision(Struct, frozen=True, gc=False):
    """One figure of a commission, with the entry that booked the difference."""

    commission_id: int
    rev: int
    previous_target_minor: int
    target_minor: int
    entry_id: int | None
    inputs: str
    clause: str
    recorded_at: datetime


class Clawback(Struct, frozen=True, gc=False):
    """Matured money that came back, or tax of a credit note, which is of no commission."""

    transfer_id: int
    commission_id: int | None
    amount_minor: int
    contest_until: datetime
    max_share_ppm: int
    clause: str


class StreamCheckpoint(Struct, frozen=True, gc=False):
    """What the orders of a span come to up to one of them, with the state as JSON."""

    partnership_id: UUID
    starts_at: datetime
    ends_at: datetime
    terms_key: str
    last_at: datetime
    last_order: str
    state: str


class ClawbackSettlement(Struct, frozen=True, gc=False):
    """How part of a clawback ended."""

    clawback_id: int
    transfer_id: int
    kind: str
    amount_minor: int


class Hold(Struct, frozen=True, gc=False):
    """Somebody's decision to hold a commission back, and when it ended."""

    commission_id: int
    n: int
    at: datetime
    reason: str
    released_at: datetime | None
    release_reason: str | None


class Contest(Struct, frozen=True, gc=False):
    """A contested clawback, from when until when nobody had decided, and what an upheld one gave back."""

    clawback_id: int
    at: datetime
    made_in: int
    decided_at: datetime | None
    decided_in: int | None
    outcome: str | None
    adjustment_id: UUID | None


class Statement(Struct, frozen=True, gc=False):
    """A closed statement, with its totals as JSON."""

    id: UUID
    number: str
    payee_id: UUID
    payer_id: UUID
    currency: str
    account_id: int
    seq: int
    period: str
    starts_at: datetime
    ends_at: datetime
    opening_minor: int
    closing_minor: int
    minimum_minor: int
    carried_reason: str | None
    ignores_minimum: bool
    totals: str
    content_hash: bytes
    closed_at: datetime
    made_in: int


class StatementLine(Struct, frozen=True, gc=False):
    """A posting as a statement lists it."""

    statement_id: UUID
    account_id: int
    transfer_id: int
    kind: LineKind
    amount_minor: int
    earning_period: str | None


class Preparation(Struct, frozen=True, gc=False):
    """Who signed off what the close computed."""

    statement_id: UUID
    content_hash: bytes
    closing_minor: int
    currency: str
    preparer_id: UUID
    prepared_at: datetime


class Approval(Struct, frozen=True, gc=False):
    """Who approved it."""

    statement_id: UUID
    content_hash: bytes
    closing_minor: int
    currency: str
    preparer_id: UUID
    approver_id: UUID
    approved_at: datetime


class Funding(Struct, frozen=True, gc=False):
    """A payment by an advertiser."""

    id: UUID
    advertiser_id: UUID
    amount_minor: int
    currency: str
    payment_intent_id: str | None
    status: str
    settled_at: datetime | None
    repaid_minor: int
    way: str = "charge"
    invoice_id: str | None = None


class Payout(Struct, frozen=True, gc=False):
    """A funded statement on its way."""

    id: UUID
    statement_id: UUID
    content_hash: bytes
    closing_minor: int
    currency: str
    payee_id: UUID
    payer_id: UUID
    amount_minor: int
    fund_entry_id: int
    reserved_at: datetime


class Attempt(Struct, frozen=True, gc=False):
    """One try to send a payout."""

    id: UUID
    payout_id: UUID
    n: int
    idempotency_key: str
    amount_minor: int
    destination: str
    status: str
    pending_transfer_id: int
    stripe_transfer_id: str | None
    finished_at: datetime | None
    reversed_minor: int


class Movement(Struct, frozen=True, gc=False):
    """Money that moved at Stripe without a request of ours."""

    id: str
    kind: str
    currency: str
    amount_minor: int
    attempt_id: UUID | None
    funding_id: UUID | None
    covered_minor: int
    entry_id: int
    at: datetime


class PrepaidReturn(Struct, frozen=True, gc=False):
    """A part of what was given back to an advertiser of its unused prepaid: of one payment."""

    id: UUID
    funding_id: UUID
    amount_minor: int
    asked_by: UUID
    status: str
    decided_by: UUID | None
    entry_id: int | None
    finished_at: datetime | None


class FormerAccount(Struct, frozen=True, gc=False):
    """An account at Stripe that was closed and replaced."""

    account_id: str
    brand_id: UUID


class StripeAccount(Struct, frozen=True, gc=False):
    """Where a brand is paid."""

    brand_id: UUID
    account_id: str | None
