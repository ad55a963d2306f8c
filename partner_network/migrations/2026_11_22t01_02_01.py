from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t01_02_01"
VERSION = "1.38.0"
DESCRIPTION = "Walls around the facts and the money of each brand, and views that look with the eyes asking."

ME = "(SELECT looking_brand())"
MINE = f"(SELECT p.id FROM partnerships p WHERE p.advertiser_id = {ME} OR p.partner_id = {ME})"
ADVERTISED = f"(SELECT p.id FROM partnerships p WHERE p.advertiser_id = {ME})"
ACCOUNTS = f"(SELECT a.id FROM ledger_accounts a WHERE a.holder_id = {ME} OR a.counterparty_id = {ME})"

# Where a set is small (a brand's partnerships, its accounts) a condition asks `IN`, which is hashed once for a
# query; where it is large it asks `EXISTS`, for which the planner may choose: an index for some rows, a hash
# for many.
SQL = f"""
CREATE INDEX ledger_accounts_of_holder ON ledger_accounts (holder_id);
CREATE INDEX ledger_accounts_of_counterparty ON ledger_accounts (counterparty_id);
CREATE INDEX statements_of_payer ON statements (payer_id);

CALL wall_off('customers', $$brand_id = {ME}$$);
CALL wall_off('identifications', $$EXISTS (SELECT FROM customers u
    WHERE u.id = identifications.customer_id AND u.brand_id = {ME})$$);
CALL wall_off('credits', $$partnership_id IN {MINE}$$, 'false');
-- The advertiser's, and of each partner that a decision ever credited: what was reversed stays on statements.
CALL wall_off('conversions',
    $$brand_id = {ME} OR EXISTS (SELECT FROM credits c WHERE c.conversion_id = conversions.id)$$,
    $$brand_id = {ME}$$);
CALL wall_off('refunds', $$brand_id = {ME}$$);
CALL wall_off('adjustments', $$partnership_id IN {MINE}$$, $$partnership_id IN {ADVERTISED}$$);
CALL wall_off('undecided_conversions', $$EXISTS (SELECT FROM conversions v
    WHERE v.id = undecided_conversions.conversion_id AND v.brand_id = {ME})$$);
CALL wall_off('unaccrued_conversions', $$partnership_id IN {ADVERTISED}$$);
CALL wall_off('decisions',
    $$EXISTS (SELECT FROM conversions v WHERE v.id = decisions.conversion_id)$$, 'false');

CALL wall_off('commissions', $${ME} IN (advertiser_id, partner_id)$$, 'false');
CALL wall_off('commission_revisions',
    $$EXISTS (SELECT FROM commissions c WHERE c.id = commission_revisions.commission_id)$$, 'false');
CALL wall_off('clawbacks',
    $$EXISTS (SELECT FROM commissions c WHERE c.id = clawbacks.commission_id)$$, 'false');
CALL wall_off('clawback_settlements',
    $$EXISTS (SELECT FROM clawbacks c WHERE c.transfer_id = clawback_settlements.clawback_id)$$, 'false');

CALL wall_off('ledger_accounts', $${ME} IN (holder_id, counterparty_id)$$, 'false');
CALL wall_off('ledger_balances', $$account_id IN {ACCOUNTS}$$, 'false');
CALL wall_off('ledger_transfers',
    $$debit_account_id IN {ACCOUNTS} OR credit_account_id IN {ACCOUNTS}$$, 'false');
CALL wall_off('ledger_entries',
    $$EXISTS (SELECT FROM ledger_transfers t WHERE t.entry_id = ledger_entries.id)$$, 'false');

-- The operator's people prepare and approve; the worker closes, sets documents and pays.
CALL wall_off('statements', $${ME} IN (payee_id, payer_id)$$, 'false');
CALL wall_off('statement_lines',
    $$EXISTS (SELECT FROM statements s WHERE s.id = statement_lines.statement_id)$$, 'false');
CALL wall_off('statement_documents',
    $$EXISTS (SELECT FROM statements s WHERE s.id = statement_documents.statement_id)$$, 'false');
CALL wall_off('statement_preparations',
    $$EXISTS (SELECT FROM statements s WHERE s.id = statement_preparations.statement_id)$$, 'false');
CALL wall_off('statement_approvals',
    $$EXISTS (SELECT FROM statements s WHERE s.id = statement_approvals.statement_id)$$, 'false');
CALL wall_off('stripe_accounts', $$brand_id = {ME}$$);
CALL wall_off('fundings', $$advertiser_id = {ME}$$);
CALL wall_off('payouts', $${ME} IN (payee_id, payer_id)$$, 'false');
CALL wall_off('payout_attempts',
    $$EXISTS (SELECT FROM payouts o WHERE o.id = payout_attempts.payout_id)$$, 'false');
-- What Stripe tells names no brand: its door only stores it, and the operator alone reads it.
CALL wall_off('stripe_events', 'false', added_when => '(SELECT doorkeeper_looks())');

ALTER VIEW current_decisions SET (security_invoker = true);
ALTER VIEW current_targets SET (security_invoker = true);
ALTER VIEW open_clawbacks SET (security_invoker = true);

-- These two see more than the walls let through, and show no more than names. A barrier, so that no condition
-- of a query is tried on rows that they do not show.
DROP VIEW member_names;
CREATE VIEW member_names WITH (security_barrier = true) AS
    SELECT m.id, m.name FROM members m WHERE (SELECT sees_everything())
        OR m.id IN (SELECT r.member_id FROM memberships r WHERE r.brand_id = {ME})
        -- who signed a statement off signed it to both of its brands
        OR m.id IN (SELECT o.preparer_id FROM statement_preparations o
                    JOIN statements s ON s.id = o.statement_id WHERE s.payee_id = {ME} OR s.payer_id = {ME})
        OR m.id IN (SELECT o.approver_id FROM statement_approvals o
                    JOIN statements s ON s.id = o.statement_id WHERE s.payee_id = {ME} OR s.payer_id = {ME});
CREATE VIEW program_names WITH (security_barrier = true) AS
    SELECT g.id, g.slug, g.name FROM programs g WHERE (SELECT sees_everything()) OR g.brand_id = {ME}
        -- agreements and statements name it for good, also when the partnership has ended
        OR g.id IN (SELECT p.program_id FROM partnerships p WHERE p.partner_id = {ME});
GRANT SELECT ON member_names, program_names TO partner_network_web, partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
