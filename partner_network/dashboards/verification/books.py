"""Everything that money depends on, read at one instant of the database, and look-ups in it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from functools import cached_property, lru_cache
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms as SignedTerms
from partner_network.dashboards.verification import fact_rows as facts
from partner_network.dashboards.verification import money_rows as money
from partner_network.database import connections
from partner_network.database.connections import Connection

Row = TypeVar("Row", bound=Struct)
Key = TypeVar("Key", bound=Hashable)


class Books(Struct, frozen=True, dict=True):
    """Rows by table."""

    brands: list[facts.Brand]
    programs: list[facts.Program]
    program_versions: list[facts.ProgramVersion]
    partnerships: list[facts.Partnership]
    memberships: list[facts.Membership]
    agreements: list[facts.Agreement]
    signatures: list[facts.Signature]
    terms: list[facts.Terms]
    customers: list[facts.Customer]
    clicks: list[facts.Click]
    identifications: list[facts.Identification]
    conversions: list[facts.Conversion]
    refunds: list[facts.Refund]
    adjustments: list[facts.Adjustment]
    decisions: list[facts.Decision]
    credits: list[facts.Credit]
    waiting: list[facts.Waiting]
    accounts: list[money.Account]
    entries: list[money.Entry]
    transfers: list[money.Transfer]
    commissions: list[money.Commission]
    revisions: list[money.Revision]
    clawbacks: list[money.Clawback]
    clawback_settlements: list[money.ClawbackSettlement]
    statements: list[money.Statement]
    statement_lines: list[money.StatementLine]
    preparations: list[money.Preparation]
    approvals: list[money.Approval]
    fundings: list[money.Funding]
    payouts: list[money.Payout]
    attempts: list[money.Attempt]
    stripe_accounts: list[money.StripeAccount]
    clicks_in_all: int
    misfiled_click: UUID | None

    @cached_property
    def slug_of(self) -> dict[UUID, str]:
        """What brands are called."""
        return {brand.id: brand.slug for brand in self.brands}

    @cached_property
    def partnership(self) -> dict[UUID, facts.Partnership]:
        """Partnerships by id."""
        return {one.id: one for one in self.partnerships}

    @cached_property
    def conversion(self) -> dict[UUID, facts.Conversion]:
        """Conversions by id."""
        return {one.id: one for one in self.conversions}

    @cached_property
    def terms_of(self) -> dict[UUID, SignedTerms]:
        """What each agreement says, by its id."""
        return {one.id: read_terms(one.terms_toml) for one in self.agreements}

    @cached_property
    def current_terms(self) -> list[facts.Terms]:
        """The terms that are known to hold, by partnership and in the order in which they hold."""
        known = [row for row in self.terms if row.known_until is None]
        return sorted(known, key=lambda row: (row.partnership_id, row.valid_from is not None, row.valid_from))

    @cached_property
    def entry_of_key(self) -> dict[str, money.Entry]:
        """Entries by key."""
        return {entry.key: entry for entry in self.entries}

    @cached_property
    def entry(self) -> dict[int, money.Entry]:
        """Entries by id."""
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def transfer(self) -> dict[int, money.Transfer]:
        """Transfers by id."""
        return {transfer.id: transfer for transfer in self.transfers}

    @cached_property
    def legs_of(self) -> dict[int, list[money.Transfer]]:
        """Transfers by entry, in the order of their legs."""
        return grouped(self.transfers, lambda transfer: transfer.entry_id)

    @cached_property
    def account(self) -> dict[int, money.Account]:
        """Accounts by id."""
        return {account.id: account for account in self.accounts}

    @cached_property
    def commission(self) -> dict[int, money.Commission]:
        """Commissions by id."""
        return {one.id: one for one in self.commissions}

    @cached_property
    def revisions_of(self) -> dict[int, list[money.Revision]]:
        """Revisions by commission, oldest first."""
        return grouped(self.revisions, lambda revision: revision.commission_id)

    @cached_property
    def statement(self) -> dict[UUID, money.Statement]:
        """Statements by id."""
        return {one.id: one for one in self.statements}

    @cached_property
    def _debits(self) -> dict[int, list[money.Transfer]]:
        moved = [one for one in self.transfers if one.phase in {"posted", "post"}]
        return grouped(moved, lambda transfer: transfer.debit_account_id)

    def debits_of(self, account_id: int) -> list[money.Transfer]:
        """What left an account."""
        return self._debits.get(account_id, [])

    @cached_property
    def _stated(self) -> dict[int, list[tuple[int, int]]]:
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for line in self.statement_lines:
            found[line.account_id].append((self.statement[line.statement_id].seq, line.transfer_id))
        return dict(found)

    def stated_until(self, account_id: int, seq: int) -> set[int]:
        """The transfers that the statements of an account list up to one of them."""
        return {transfer_id for at, transfer_id in self._stated.get(account_id, []) if at <= seq}

    def order_name(self, conversion_id: UUID) -> str:
        """Say which order of whom."""
        conversion = self.conversion[conversion_id]
        return f"{conversion.event} {conversion.order_id} of {self.slug_of[conversion.brand_id]}"


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    """Return rows by a key, in their order."""
    groups: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


@lru_cache(maxsize=4096)
def read_terms(terms_toml: str) -> SignedTerms:
    """Read a terms file once however many agreements share it."""
    return terms_reading.read_terms(terms_toml)


# The milliseconds of a click's id are those of its instant, and its parties those of its partnership.
_MISFILED = """SELECT k.click_id FROM clicks k LEFT JOIN partnerships p ON p.id = k.partnership_id
    WHERE (p.program_id, p.advertiser_id, p.partner_id)
            IS DISTINCT FROM (k.program_id, k.advertiser_id, k.partner_id)
        OR k.recorded_at < k.at
        OR left(replace(k.click_id::text, '-', ''), 12)
            <> lpad(to_hex(floor(extract(epoch FROM k.at) * 1000)::bigint), 12, '0')
    ORDER BY k.click_id LIMIT 1"""
_TERMS = """(SELECT partnership_id, agreement_id, lower(valid) AS valid_from, upper(valid) AS valid_until,
    lower(recorded) AS known_from, upper(recorded) AS known_until FROM terms) t"""
_AGREEMENTS = "agreements LEFT JOIN agreement_parties ON agreement_id = id ORDER BY id"
_CLICKS = """clicks k WHERE EXISTS (SELECT FROM identifications i WHERE i.click_id = k.click_id)
    OR EXISTS (SELECT FROM conversions v WHERE v.click_id = k.click_id)"""
_WAITING = """(SELECT conversion_id, NULL::uuid AS partnership_id FROM undecided_conversions
    UNION ALL SELECT conversion_id, partnership_id FROM unaccrued_conversions) w"""
_ENTRIES = """(SELECT id, kind, currency, key, payload_hash, effective_at, recorded_at, clause, reason,
    made_in::text::bigint AS made_in FROM ledger_entries) e ORDER BY id"""
_STATEMENTS = """(SELECT id, number, payee_id, payer_id, currency, account_id, seq, period, starts_at,
    ends_at, opening_minor, closing_minor, minimum_minor, carried_reason, totals, content_hash, closed_at,
    made_in::text::bigint AS made_in FROM statements) s ORDER BY account_id, seq"""
_ACCOUNTS = """(SELECT a.*, b.may_go_negative, b.debits_posted_minor, b.credits_posted_minor,
    b.debits_pending_minor, b.credits_pending_minor
    FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id) a ORDER BY id"""


async def read_books() -> Books:
    """Read everything at one instant of the database: nothing that is booked meanwhile is seen in part."""
    async with connections.transaction(isolation="repeatable_read") as connection:
        await connection.execute("SET TRANSACTION READ ONLY")
        return await read_within(connection)


async def read_within(connection: Connection) -> Books:
    """Read everything within the caller's transaction, which has to be REPEATABLE READ."""
    return Books(
        brands=await _read(connection, facts.Brand, "brands"),
        programs=await _read(connection, facts.Program, "programs ORDER BY id"),
        program_versions=await _read(
            connection, facts.ProgramVersion, "program_versions ORDER BY program_id, version"
        ),
        partnerships=await _read(connection, facts.Partnership, "partnerships ORDER BY id"),
        memberships=await _read(connection, facts.Membership, "memberships"),
        agreements=await _read(connection, facts.Agreement, _AGREEMENTS),
        signatures=await _read(connection, facts.Signature, "signatures ORDER BY signed_at, brand_id"),
        terms=await _read(connection, facts.Terms, _TERMS),
        customers=await _read(connection, facts.Customer, "customers"),
        clicks=await _read(connection, facts.Click, _CLICKS),
        identifications=await _read(
            connection, facts.Identification, "identifications ORDER BY customer_id, click_id DESC"
        ),
        conversions=await _read(connection, facts.Conversion, "conversions"),
        refunds=await _read(connection, facts.Refund, "refunds ORDER BY at, refund_id"),
        adjustments=await _read(connection, facts.Adjustment, "adjustments ORDER BY at, id"),
        decisions=await _read(connection, facts.Decision, "decisions ORDER BY conversion_id, rev"),
        credits=await _read(connection, facts.Credit, "credits"),
        waiting=await _read(connection, facts.Waiting, _WAITING),
        accounts=await _read(connection, money.Account, _ACCOUNTS),
        entries=await _read(connection, money.Entry, _ENTRIES),
        transfers=await _read(connection, money.Transfer, "ledger_transfers ORDER BY entry_id, leg"),
        commissions=await _read(connection, money.Commission, "commissions ORDER BY id"),
        revisions=await _read(connection, money.Revision, "commission_revisions ORDER BY commission_id, rev"),
        clawbacks=await _read(connection, money.Clawback, "clawbacks ORDER BY transfer_id"),
        clawback_settlements=await _read(
            connection, money.ClawbackSettlement, "clawback_settlements ORDER BY transfer_id, clawback_id"
        ),
        statements=await _read(connection, money.Statement, _STATEMENTS),
        statement_lines=await _read(
            connection, money.StatementLine, "statement_lines ORDER BY statement_id, transfer_id"
        ),
        preparations=await _read(connection, money.Preparation, "statement_preparations"),
        approvals=await _read(connection, money.Approval, "statement_approvals"),
        fundings=await _read(connection, money.Funding, "fundings ORDER BY id"),
        payouts=await _read(connection, money.Payout, "payouts ORDER BY id"),
        attempts=await _read(connection, money.Attempt, "payout_attempts ORDER BY payout_id, n"),
        stripe_accounts=await _read(connection, money.StripeAccount, "stripe_accounts"),
        clicks_in_all=await connection.fetchval("SELECT count(*) FROM clicks"),
        misfiled_click=await connection.fetchval(_MISFILED),
    )


async def _read(connection: Connection, kind: type[Row], source: str) -> list[Row]:
    columns = ", ".join(kind.__struct_fields__)
    return [kind(*record) for record in await connection.fetch(f"SELECT {columns} FROM {source}")]
