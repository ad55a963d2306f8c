"""What can never happen with money, tried as the roles that the application has; the database refuses."""

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.statements import jobs as statements
from tests import builders
from tests.builders import SHOP, SMALL, at, numbered
from tests.conftest import FreshDatabase
from tests.payouts.conftest import Sale

REFUSALS = (
    asyncpg.RestrictViolationError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.CheckViolationError,
    asyncpg.ExclusionViolationError,
)

APPEND_ONLY = [
    "conversions",
    "refunds",
    "decisions",
    "credits",
    "commission_revisions",
    "agreements",
    "signatures",
    "statements",
    "statement_lines",
    "statement_preparations",
    "statement_approvals",
    "program_versions",
    "identifications",
    "clawbacks",
    "clawback_settlements",
    "adjustments",
    "clicks",
]

FORBIDDEN = {
    "a second commission for one conversion, partner, terms and component": """
        INSERT INTO commissions (kind, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id,
            component, period, currency, earned_at, matures_at)
        SELECT kind, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id, component,
            'another', currency, earned_at, matures_at FROM commissions LIMIT 1""",
    "a commission that is changed": "UPDATE commissions SET currency = 'EUR'",
    "a recompute that forks from an old figure": """
        INSERT INTO commission_revisions (commission_id, rev, previous_rev, previous_target_minor,
            target_minor, entry_id, inputs, clause, engine_version, recorded_at)
        SELECT commission_id, rev + 1, rev, target_minor + 1, target_minor, entry_id, inputs, clause,
            engine_version, recorded_at FROM commission_revisions LIMIT 1""",
    "a revision that changes the figure without an entry": """
        INSERT INTO commission_revisions (commission_id, rev, previous_rev, previous_target_minor,
            target_minor, inputs, clause, engine_version, recorded_at)
        SELECT commission_id, rev + 1, rev, target_minor, target_minor + 1, inputs, clause,
            engine_version, recorded_at FROM commission_revisions LIMIT 1""",
    "the same order booked twice": """
        INSERT INTO conversions (id, brand_id, program_id, customer_id, event, order_id, occurred_at,
            recorded_at, currency, net_minor, payload_hash)
        SELECT gen_random_uuid(), brand_id, program_id, customer_id, event, order_id, occurred_at,
            recorded_at, currency, net_minor + 1, payload_hash FROM conversions LIMIT 1""",
    "a line on two statements": """
        INSERT INTO statement_lines (account_id, transfer_id, statement_id, kind, amount_minor)
        SELECT account_id, transfer_id, statement_id, kind, amount_minor FROM statement_lines LIMIT 1""",
    "a statement that does not open with the last one's closing": """
        INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, previous_seq,
            period, starts_at, ends_at, opening_minor, closing_minor, minimum_minor, totals, content_hash,
            closed_at)
        SELECT gen_random_uuid(), 'forged', payee_id, payer_id, currency, account_id, seq + 1, seq, 'forged',
            ends_at, ends_at + interval '1 month', closing_minor + 1, closing_minor + 1, 0, totals,
            content_hash, closed_at FROM statements LIMIT 1""",
    "a statement that does not add up": """
        INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, previous_seq,
            period, starts_at, ends_at, opening_minor, closing_minor, minimum_minor, totals, content_hash,
            closed_at)
        SELECT gen_random_uuid(), 'forged', payee_id, payer_id, currency, account_id, seq + 1, seq, 'forged',
            ends_at, ends_at + interval '1 month', closing_minor, closing_minor + 1, 0, totals,
            content_hash, closed_at FROM statements LIMIT 1""",
    "a second live attempt for one payout": """
        INSERT INTO payout_attempts (id, payout_id, n, idempotency_key, amount_minor, destination, status,
            pending_transfer_id, started_at)
        SELECT gen_random_uuid(), payout_id, n + 1, 'forged', amount_minor, destination, 'submitting',
            (SELECT min(id) FROM ledger_transfers), started_at FROM payout_attempts LIMIT 1""",
    "a second payout for one statement": """
        INSERT INTO payouts (id, statement_id, content_hash, closing_minor, currency, payee_id, payer_id,
            amount_minor, fund_entry_id, reserved_at)
        SELECT gen_random_uuid(), statement_id, content_hash, closing_minor, currency, payee_id, payer_id,
            amount_minor, (SELECT min(id) FROM ledger_entries), reserved_at FROM payouts LIMIT 1""",
    "a payout that disappears": "DELETE FROM payouts",
    "a payout of another amount": "UPDATE payouts SET amount_minor = amount_minor + 1",
    "an attempt that disappears": "DELETE FROM payout_attempts",
    "terms that hold beside others": """
        INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
        SELECT gen_random_uuid(), partnership_id, agreement_id, valid, recorded FROM terms LIMIT 1""",
    "terms that are rewritten": "UPDATE terms SET valid = tstzrange(NULL, NULL)",
    "a funding of another amount": "UPDATE fundings SET amount_minor = amount_minor + 1",
}


@pytest.fixture
async def paid(sale: Sale) -> Sale:
    """The sale after its statement was closed, approved, funded and paid."""
    await builders.set_clock(at(3, 1, 0, 30))
    await statements.close_periods(await clock.now())
    await sale.sign_off()
    await sale.pay_in()
    return sale


async def test_nothing_that_must_never_happen_is_let_through(database: FreshDatabase, paid: Sale) -> None:
    assert await paid.transfers_minor() == [1_500]
    let_through: list[str] = []
    for role in ("worker", "web", "redirect", "owner"):
        connection = await database.connect(role)
        # The web's widest eyes, so that what refuses is no wall.
        await connection.execute("SELECT set_config('app.eyes', 'operator', false)")
        try:
            for what, sql in FORBIDDEN.items():
                # The application has no right to these columns; only migrations run as their owner.
                if role == "owner" and what.endswith("of another amount"):
                    continue
                try:
                    await connection.execute(sql)
                except REFUSALS:
                    continue
                let_through.append(f"{role}: {what}")
        finally:
            await connection.close()
    assert let_through == []


async def test_what_is_append_only_is_so_for_everybody(database: FreshDatabase, paid: Sale) -> None:
    await _add_what_is_missing(paid)
    let_through: list[str] = []
    for role in ("worker", "web", "redirect", "owner"):
        connection = await database.connect(role)
        try:
            for table in APPEND_ONLY:
                for sql in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                    try:
                        await connection.execute(sql)
                    except REFUSALS:
                        continue
                    let_through.append(f"{role}: {sql}")
        finally:
            await connection.close()
    assert let_through == []


async def _add_what_is_missing(paid: Sale) -> None:
    """Give every table a row: a guard fires for rows, so an empty table would prove nothing."""
    async with connections.transaction() as connection:
        click_id = await connection.fetchval("SELECT click_id FROM clicks LIMIT 1")
        await connection.execute(
            """INSERT INTO adjustments
                   (id, conversion_id, partnership_id, at, recorded_at, minor, reason, decided_by)
               SELECT gen_random_uuid(), c.conversion_id, c.partnership_id, now(), now(), 1, 'goodwill', m.id
               FROM commissions c, members m LIMIT 1"""
        )
    await paid.identify(SHOP, {click_id: "ada"})
    (click,) = await paid.click(SHOP, SMALL, at(3, 2))
    await builders.set_clock(at(3, 4))
    await paid.order(SHOP, *numbered([("bea", at(3, 3), 90_000, click)], start=2))
    await paid.refund(SHOP, "00001", 5_000, at(3, 4))
    await paid.work()
    await builders.set_clock(at(5, 1, 0, 30))
    await statements.close_periods(await clock.now())
    async with connections.transaction() as connection:
        for table in APPEND_ONLY:
            assert await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"), table
