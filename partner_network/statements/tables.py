"""How Piccolo sees statements, their lines and who signed them off."""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
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
    """The PDF or CSV of an approved statement."""

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
