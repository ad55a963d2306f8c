"""Read everything that money depends on, at one instant of the database."""

from typing import TypeVar

from msgspec import Struct

from partner_network.dashboards.verification import audit, rate_rows, receipts, reward_rows, sign_off_rows
from partner_network.dashboards.verification import fact_rows as facts
from partner_network.dashboards.verification import money_rows as money
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.notice_rows import PartnershipNotice
from partner_network.dashboards.verification.sign_off_rows import WriteOff
from partner_network.dashboards.verification.tax_rows import TaxProfile
from partner_network.database import connections
from partner_network.database.connections import Connection

Row = TypeVar("Row", bound=Struct)

# The milliseconds of a click's id are those of its instant, and its parties those of its partnership.
_MISFILED = """SELECT k.click_id FROM clicks k LEFT JOIN partnerships p ON p.id = k.partnership_id
    WHERE (p.program_id, p.advertiser_id, p.partner_id)
            IS DISTINCT FROM (k.program_id, k.advertiser_id, k.partner_id)
        OR k.recorded_at < k.at
        OR left(replace(k.click_id::text, '-', ''), 12)
            <> lpad(to_hex(floor(extract(epoch FROM k.at) * 1000)::bigint), 12, '0')
    ORDER BY k.click_id LIMIT 1"""
_MEMBERSHIPS = """(SELECT member_id, brand_id, role, created_at, NULL::timestamptz AS ended_at
    FROM memberships
    UNION ALL SELECT member_id, brand_id, role, created_at, ended_at FROM ended_memberships) r"""
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
    ends_at, opening_minor, closing_minor, minimum_minor, carried_reason, ignores_minimum, totals,
    content_hash, closed_at,
    made_in::text::bigint AS made_in FROM statements) s ORDER BY account_id, seq"""
_HOLDS = """(SELECT h.commission_id, h.n, h.at, h.reason, r.at AS released_at, r.reason AS release_reason
    FROM commission_holds h LEFT JOIN commission_releases r USING (commission_id, n)) h
    ORDER BY commission_id, n"""
_CONTESTS = """(SELECT c.clawback_id, c.at, c.made_in::text::bigint AS made_in, d.at AS decided_at,
    d.made_in::text::bigint AS decided_in, d.outcome, d.adjustment_id FROM clawback_contests c
    LEFT JOIN contest_decisions d USING (clawback_id)) c ORDER BY clawback_id"""
_CREDITS = """(SELECT conversion_id, rev, touch_id, partnership_id, touched_at,
    weight_numerator::text, weight_denominator::text FROM credits) c"""
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
        tax_profiles=await _read(connection, TaxProfile, "tax_profiles ORDER BY id"),
        programs=await _read(connection, facts.Program, "programs ORDER BY id"),
        program_versions=await _read(
            connection, facts.ProgramVersion, "program_versions ORDER BY program_id, version"
        ),
        partnerships=await _read(connection, facts.Partnership, "partnerships ORDER BY id"),
        memberships=await _read(connection, facts.Membership, _MEMBERSHIPS),
        agreements=await _read(connection, facts.Agreement, _AGREEMENTS),
        agreement_charities=await _read(
            connection, facts.AgreementCharity, "agreement_charities ORDER BY agreement_id, charity_id"
        ),
        charities={row["brand_id"] for row in await connection.fetch("SELECT brand_id FROM charities")},
        signatures=await _read(connection, facts.Signature, "signatures ORDER BY signed_at, brand_id"),
        partnership_notices=await _read(
            connection, PartnershipNotice, "partnership_notices ORDER BY given_at, id"
        ),
        terms=await _read(connection, facts.Terms, _TERMS),
        customers=await _read(
            connection, facts.Customer, "customers LEFT JOIN customer_keys ON customer_id = id"
        ),
        clicks=await _read(connection, facts.Click, _CLICKS),
        identifications=await _read(
            connection, facts.Identification, "identifications ORDER BY customer_id, click_id DESC"
        ),
        conversions=await _read(connection, facts.Conversion, "conversions"),
        codes=await _read(connection, facts.Code, "codes ORDER BY id"),
        touches=await _read(connection, facts.Touch, "touches ORDER BY customer_id, at DESC, id DESC"),
        refunds=await _read(connection, facts.Refund, "refunds ORDER BY at, refund_id"),
        adjustments=await _read(connection, facts.Adjustment, "adjustments ORDER BY at, id"),
        measures=await _read(
            connection,
            facts.QualityMeasure,
            "quality_measures ORDER BY partnership_id, rule, measured_on",
        ),
        decisions=await _read(connection, facts.Decision, "decisions ORDER BY conversion_id, rev"),
        credits=await _read(connection, facts.Credit, _CREDITS),
        waiting=await _read(connection, facts.Waiting, _WAITING),
        accounts=await _read(connection, money.Account, _ACCOUNTS),
        entries=await _read(connection, money.Entry, _ENTRIES),
        transfers=await _read(connection, money.Transfer, "ledger_transfers ORDER BY entry_id, leg"),
        commissions=await _read(connection, money.Commission, "commissions ORDER BY id"),
        revisions=await _read(connection, money.Revision, "commission_revisions ORDER BY commission_id, rev"),
        checkpoints=await _read(
            connection, money.StreamCheckpoint, "stream_checkpoints ORDER BY partnership_id, starts_at"
        ),
        clawbacks=await _read(connection, money.Clawback, "clawbacks ORDER BY transfer_id"),
        clawback_settlements=await _read(
            connection, money.ClawbackSettlement, "clawback_settlements ORDER BY transfer_id, clawback_id"
        ),
        holds=await _read(connection, money.Hold, _HOLDS),
        contests=await _read(connection, money.Contest, _CONTESTS),
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
        former_accounts=await _read(connection, money.FormerAccount, "former_stripe_accounts"),
        movements=await _read(connection, money.Movement, "stripe_movements ORDER BY entry_id"),
        prepaid_returns=await _read(connection, money.PrepaidReturn, "prepaid_returns ORDER BY id"),
        write_offs=await _read(connection, WriteOff, "write_offs ORDER BY id"),
        clicks_in_all=await connection.fetchval("SELECT count(*) FROM clicks"),
        misfiled_click=await connection.fetchval(_MISFILED),
        audit_trail=await audit.read(connection),
        receipts=await receipts.read(connection),
        rates=await rate_rows.read(connection),
        rewards=await reward_rows.read(connection),
        sign_offs=await sign_off_rows.read(connection),
    )


async def _read(connection: Connection, kind: type[Row], source: str) -> list[Row]:
    columns = ", ".join(kind.__struct_fields__)
    return [kind(*record) for record in await connection.fetch(f"SELECT {columns} FROM {source}")]
