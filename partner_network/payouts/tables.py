"""How Piccolo sees money on its way, and what Stripe told us."""

from piccolo.columns import UUID, BigInt, Bytea, Date, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections
from partner_network.identity.tables import Member
from partner_network.ledger.tables import LedgerEntry, LedgerTransfer
from partner_network.statements.tables import Statement


class StripeAccount(Table, tablename="stripe_accounts", db=connections.engine):
    """A brand at Stripe, as we last read it there."""

    brand_id = UUID(primary_key=True, default=None)
    account_id = Text(unique=True, default=None, null=True)
    transfers_status = Text(default=None, null=True)
    customer_id = Text(unique=True, default=None, null=True)
    payment_method_id = Text(default=None, null=True)
    read_at = Timestamptz(default=None)


class Funding(Table, tablename="fundings", db=connections.engine):
    """A payment of an advertiser to the network."""

    id = UUID(primary_key=True, default=None)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    amount_minor = BigInt(default=None)
    currency = Text(default=None)
    idempotency_key = Text(unique=True, default=None)
    payment_intent_id = Text(unique=True, default=None, null=True)
    status = Text(default=None)
    failure = Text(default=None, null=True)
    failure_code = Text(default=None, null=True)
    customer_id = Text(default=None, null=True)
    payment_method_id = Text(default=None, null=True)
    asked_at = Timestamptz(default=None, null=True)
    read_at = Timestamptz(default=None, null=True)
    requested_by = ForeignKey(Member, default=None, null=False)
    requested_at = Timestamptz(default=None)
    settled_at = Timestamptz(default=None, null=True)
    repaid_minor = BigInt(default=0)
    way = Text(default="charge")
    days_until_due = Integer(default=None, null=True)
    invoice_id = Text(unique=True, default=None, null=True)
    invoice_number = Text(default=None, null=True)
    invoice_url = Text(default=None, null=True)
    invoice_due_at = Timestamptz(default=None, null=True)
    invoice_sent_at = Timestamptz(default=None, null=True)
    void_asked_by = ForeignKey(Member, default=None, null=True)
    void_asked_at = Timestamptz(default=None, null=True)


class PrepaidReturn(Table, tablename="prepaid_returns", db=connections.engine):
    """A part of what is given back to an advertiser of its unused prepaid: of one payment."""

    id = UUID(primary_key=True, default=None)
    ask_id = UUID(default=None)
    funding_id = ForeignKey(Funding, default=None, null=False)
    amount_minor = BigInt(default=None)
    reason = Text(default=None)
    asked_by = ForeignKey(Member, default=None, null=False)
    asked_at = Timestamptz(default=None)
    status = Text(default=None)
    decided_by = ForeignKey(Member, default=None, null=True)
    decided_at = Timestamptz(default=None, null=True)
    decided_reason = Text(default=None, null=True)
    sent_at = Timestamptz(default=None, null=True)
    refund_id = Text(unique=True, default=None, null=True)
    answer = Text(default=None, null=True)
    entry_id = ForeignKey(LedgerEntry, unique=True, default=None, null=True)
    finished_at = Timestamptz(default=None, null=True)
    came_back_at = Timestamptz(default=None, null=True)


class Payout(Table, tablename="payouts", db=connections.engine):
    """Money reserved for one approved statement."""

    id = UUID(primary_key=True, default=None)
    statement_id = ForeignKey(Statement, default=None, null=False)
    content_hash = Bytea(default=None)
    closing_minor = BigInt(default=None)
    currency = Text(default=None)
    payee_id = ForeignKey(Brand, default=None, null=False)
    payer_id = ForeignKey(Brand, default=None, null=False)
    amount_minor = BigInt(default=None)
    fund_entry_id = ForeignKey(LedgerEntry, default=None, null=False)
    reserved_at = Timestamptz(default=None)
    held_reason = Text(default=None, null=True)


class PayoutAttempt(Table, tablename="payout_attempts", db=connections.engine):
    """One try to send a payout."""

    id = UUID(primary_key=True, default=None)
    payout_id = ForeignKey(Payout, default=None, null=False)
    n = Integer(default=None)
    idempotency_key = Text(unique=True, default=None)
    amount_minor = BigInt(default=None)
    destination = Text(default=None)
    status = Text(default=None)
    pending_transfer_id = ForeignKey(LedgerTransfer, default=None, null=False)
    stripe_transfer_id = Text(unique=True, default=None, null=True)
    answer = Text(default=None, null=True)
    started_at = Timestamptz(default=None)
    finished_at = Timestamptz(default=None, null=True)
    reversed_minor = BigInt(default=0)
    bank_status = Text(default="none")


class BankPayout(Table, tablename="bank_payouts", db=connections.engine):
    """A payout of a partner's own account at Stripe to its bank."""

    id = Text(primary_key=True, default=None)
    brand_id = ForeignKey(Brand, default=None, null=False)
    account_id = Text(default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    status = Text(default=None)
    failure = Text(default=None, null=True)
    arrives_on = Date(default=None)
    made_at = Timestamptz(default=None)
    read_at = Timestamptz(default=None)


class BankPayoutTransfer(Table, tablename="bank_payout_transfers", db=connections.engine):
    """Which of our transfers a payout to a bank took along."""

    bank_payout_id = ForeignKey(BankPayout, primary_key=True, default=None, null=False)
    attempt_id = ForeignKey(PayoutAttempt, primary_key=True, default=None, null=False)


class PayoutRelease(Table, tablename="payout_releases", db=connections.engine):
    """Somebody's decision to let a held payout go, and why."""

    payout_id = ForeignKey(Payout, primary_key=True, default=None, null=False)
    n = Integer(default=None)
    attempt_n = Integer(default=None)
    held_reason = Text(default=None)
    reason = Text(default=None)
    released_by = ForeignKey(Member, default=None, null=False)
    released_at = Timestamptz(default=None)


class Case(Table, tablename="cases", db=connections.engine):
    """Something about money that a person of the operator has to clear up."""

    id = UUID(primary_key=True, default=None)
    kind = Text(default=None)
    subject = Text(default=None)
    said = Text(default=None)
    owner_id = ForeignKey(Member, default=None, null=True)
    opened_at = Timestamptz(default=None)
    closed_at = Timestamptz(default=None, null=True)
    closed_by = ForeignKey(Member, default=None, null=True)
    reason = Text(default=None, null=True)


class StripeMovement(Table, tablename="stripe_movements", db=connections.engine):
    """Money that moved at Stripe without a request of ours: taken back, brought, or kept as a fee."""

    id = Text(primary_key=True, default=None)
    kind = Text(default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    attempt_id = ForeignKey(PayoutAttempt, default=None, null=True)
    funding_id = ForeignKey(Funding, default=None, null=True)
    covered_minor = BigInt(default=0)
    entry_id = ForeignKey(LedgerEntry, default=None, null=False)
    at = Timestamptz(default=None)


class StripeTransaction(Table, tablename="stripe_transactions", db=connections.engine):
    """A balance transaction, kept as Stripe showed it when it was new."""

    id = Text(primary_key=True, default=None)
    seq = BigInt(default=None)
    kind = Text(default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    fee_minor = BigInt(default=None)
    source_id = Text(default=None)
    about = Text(default=None, null=True)
    said = Text(default=None)
    created = Timestamptz(default=None)


class Reconciliation(Table, tablename="reconciliations", db=connections.engine):
    """A night in which our books were compared with Stripe's."""

    night = Date(primary_key=True, default=None)
    began_at = Timestamptz(default=None)


class FormerStripeAccount(Table, tablename="former_stripe_accounts", db=connections.engine):
    """An account at Stripe that was closed and that another one has replaced."""

    account_id = Text(primary_key=True, default=None)
    brand_id = ForeignKey(Brand, default=None, null=False)
    replaced_at = Timestamptz(default=None)


class StripeEvent(Table, tablename="stripe_events", db=connections.engine):
    """What Stripe told us, kept raw before anything is made of it."""

    event_id = Text(primary_key=True, default=None)
    type = Text(default=None)
    object_id = Text(default=None)
    payload = Bytea(default=None)
    received_at = Timestamptz(default=None)
    handled_at = Timestamptz(default=None, null=True)
