"""How Piccolo sees statements, their lines and who signed them off."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Bytea, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.commissions.tables import Adjustment, Clawback
from partner_network.database import connections
from partner_network.database.columns import Xid8
from partner_network.identity.tables import Member
from partner_network.ledger.tables import LedgerAccount, LedgerTransfer


class Statement(Table, tablename="statements", db=connections.engine):
    """The frozen account of one payee with one payer for one period and currency."""

    id = UUID(primary_key=True, default=None)
    number = Text(unique=True, default=None)
    payee_id = ForeignKey(Brand, default=None, null=False)
    payer_id = ForeignKey(Brand, default=None, null=False)
    currency = Text(default=None)
    account_id = ForeignKey(LedgerAccount, default=None, null=False)
    seq = Integer(default=None)
    previous_seq = Integer(default=None, null=True)
    period = Text(default=None)
    starts_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    opening_minor = BigInt(default=None)
    closing_minor = BigInt(default=None)
    minimum_minor = BigInt(default=None)
    carried_reason = Text(default=None, null=True)
    ignores_minimum = Boolean(default=False)
    totals = JSONB(default=None)
    content_hash = Bytea(default=None)
    closed_at = Timestamptz(default=None)
    made_in = Xid8(default=None)


class StatementLine(Table, tablename="statement_lines", db=connections.engine):
    """One posting on a statement."""

    account_id = ForeignKey(LedgerAccount, primary_key=True, default=None, null=False)
    transfer_id = ForeignKey(LedgerTransfer, primary_key=True, default=None, null=False)
    statement_id = ForeignKey(Statement, default=None, null=False)
    kind = Text(default=None)
    amount_minor = BigInt(default=None)
    earning_period = Text(default=None, null=True)


class StatementDocument(Table, tablename="statement_documents", db=connections.engine):
    """One of the documents of a statement: PDF, CSV, workbook, JSON, or its invoice."""

    statement_id = ForeignKey(Statement, primary_key=True, default=None, null=False)
    kind = Text(primary_key=True, default=None)
    file_key = Text(default=None)
    sha256 = Bytea(default=None)
    size_bytes = BigInt(default=None)
    rendered_at = Timestamptz(default=None)


class StatementPreparation(Table, tablename="statement_preparations", db=connections.engine):
    """Who signed a computed statement off first."""

    statement_id = UUID(primary_key=True, default=None)
    content_hash = Bytea(default=None)
    closing_minor = BigInt(default=None)
    currency = Text(default=None)
    preparer_id = ForeignKey(Member, default=None, null=False)
    prepared_at = Timestamptz(default=None)


class StatementApproval(Table, tablename="statement_approvals", db=connections.engine):
    """Who approved exactly that content, and why."""

    statement_id = UUID(primary_key=True, default=None)
    content_hash = Bytea(default=None)
    closing_minor = BigInt(default=None)
    currency = Text(default=None)
    preparer_id = ForeignKey(Member, default=None, null=False)
    approver_id = ForeignKey(Member, default=None, null=False)
    reason = Text(default=None)
    approved_at = Timestamptz(default=None)


class StatementObjection(Table, tablename="statement_objections", db=connections.engine):
    """A payer's objection to one line of a statement."""

    id = UUID(primary_key=True, default=None)
    statement_id = ForeignKey(Statement, default=None, null=False)
    transfer_id = BigInt(default=None)
    reason = Text(default=None)
    objected_by = ForeignKey(Member, default=None, null=False)
    at = Timestamptz(default=None)


class ObjectionAnswer(Table, tablename="objection_answers", db=connections.engine):
    """What the operator's finance answered; upheld, by the adjustment that takes the amount back."""

    objection_id = UUID(primary_key=True, default=None)
    outcome = Text(default=None)
    adjustment_id = ForeignKey(Adjustment, unique=True, default=None)
    reason = Text(default=None)
    answered_by = ForeignKey(Member, default=None, null=False)
    at = Timestamptz(default=None)


class WriteOff(Table, tablename="write_offs", db=connections.engine):
    """That the network bears what nothing recovers of a clawback: who proposed it, and who decided."""

    id = UUID(primary_key=True, default=None)
    clawback_id = ForeignKey(Clawback, default=None, null=False)
    limit_minor = BigInt(default=None)
    reason = Text(default=None)
    proposed_by = ForeignKey(Member, default=None, null=False)
    proposed_at = Timestamptz(default=None)
    status = Text(default=None)
    decided_by = ForeignKey(Member, default=None)
    decided_at = Timestamptz(default=None, null=True)
    decided_reason = Text(default=None, null=True)


class ApprovalLimit(Table, tablename="approval_limits", db=connections.engine):
    """From which amount on two people approve a statement in a currency, since when."""

    currency = Text(primary_key=True, default=None)
    at = Timestamptz(primary_key=True, default=None)
    above_minor = BigInt(default=None, null=True)
    reason = Text(default=None)
    set_by = ForeignKey(Member, default=None, null=False)


class FirstApproval(Table, tablename="first_approvals", db=connections.engine):
    """The first of the two people who approve a large statement, and why."""

    statement_id = UUID(primary_key=True, default=None)
    content_hash = Bytea(default=None)
    closing_minor = BigInt(default=None)
    currency = Text(default=None)
    preparer_id = ForeignKey(Member, default=None, null=False)
    approver_id = ForeignKey(Member, default=None, null=False)
    reason = Text(default=None)
    approved_at = Timestamptz(default=None)
