"""How Piccolo sees the ledger; only its own actions post, and nobody changes what is posted."""

from piccolo.columns import Array, BigInt, Boolean, Bytea, Date, ForeignKey, SmallInt, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections
from partner_network.database.columns import Xid8


class LedgerAccount(Table, tablename="ledger_accounts", db=connections.engine):
    """One account in one currency, the network's own or between brands."""

    id = BigInt(primary_key=True, default=None)
    kind = Text(default=None)
    holder_id = ForeignKey(Brand, default=None)
    counterparty_id = ForeignKey(Brand, default=None)
    currency = Text(default=None)
    is_debit_normal = Boolean(default=None)


class LedgerBalance(Table, tablename="ledger_balances", db=connections.engine):
    """What an account holds, kept by the database as legs come in."""

    account_id = BigInt(primary_key=True, default=None)
    currency = Text(default=None)
    is_debit_normal = Boolean(default=None)
    may_go_negative = Boolean(default=None)
    debits_posted_minor = BigInt(default=0)
    credits_posted_minor = BigInt(default=0)
    debits_pending_minor = BigInt(default=0)
    credits_pending_minor = BigInt(default=0)


class LedgerEntry(Table, tablename="ledger_entries", db=connections.engine):
    """One event of money, with its clause and reason."""

    id = BigInt(primary_key=True, default=None)
    kind = Text(default=None)
    currency = Text(default=None)
    key = Text(unique=True, default=None)
    payload_hash = Bytea(default=None)
    effective_at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)
    clause = Text(default=None, null=True)
    reason = Text(default=None, null=True)
    made_in = Xid8(default=None)


class LedgerTransfer(Table, tablename="ledger_transfers", db=connections.engine):
    """One leg pair of an entry: from a credit account to a debit account."""

    id = BigInt(primary_key=True, default=None)
    entry_id = ForeignKey(LedgerEntry, default=None, null=False)
    leg = SmallInt(default=None)
    currency = Text(default=None)
    debit_account_id = ForeignKey(LedgerAccount, default=None, null=False)
    credit_account_id = ForeignKey(LedgerAccount, default=None, null=False)
    amount_minor = BigInt(default=None)
    phase = Text(default=None)
    pending_id = BigInt(default=None, null=True)
    commission_id = BigInt(default=None, null=True)
    effective_at = Timestamptz(default=None)


class LedgerCheck(Table, tablename="ledger_checks", db=connections.engine):
    """What one night's look at the whole ledger found."""

    night = Date(primary_key=True, default=None)
    began_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None, null=True)
    recorded_until = Timestamptz(default=None)
    digest = Bytea(default=None, null=True)
    accounts = BigInt(default=None, null=True)
    entries = BigInt(default=None, null=True)
    transfers = BigInt(default=None, null=True)
    differing = BigInt(default=None, null=True)
    differences = Array(base_column=Text(), default=list)
