from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t18_00_00"
VERSION = "1.38.0"
DESCRIPTION = "The last statement of a partnership is paid though it is below the minimum."

SQL = """
ALTER TABLE statements ADD COLUMN ignores_minimum boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ignores_a_minimum_that_it_is_below
        CHECK (NOT ignores_minimum OR carried_reason IS NULL AND closing_minor > 0 AND closing_minor < minimum_minor);

-- Below the minimum the last statement alone is paid: every partnership that could still bring the payee money of
-- the payer in that currency has ended by then, and nothing is set apart from which more could come.
CREATE FUNCTION check_minimum() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT NEW.ignores_minimum THEN
        RAISE EXCEPTION 'statement % is below the minimum, so it is carried', NEW.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (
        SELECT FROM payees y JOIN partnerships p ON p.id = y.partnership_id
        JOIN terms t ON t.partnership_id = p.id AND upper_inf(t.recorded)
        JOIN agreements g ON g.id = t.agreement_id
        WHERE y.payee_id = NEW.payee_id AND y.advertiser_id = NEW.payer_id
            AND g.terms_toml ~ ('currency\\s*=\\s*["'']' || NEW.currency)
            AND (p.ended_at IS NULL OR p.ended_at > NEW.ends_at)
    ) OR EXISTS (
        SELECT FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
        WHERE a.kind IN ('pay_pending', 'pay_held', 'pay_disputed') AND a.holder_id = NEW.payee_id
            AND a.counterparty_id = NEW.payer_id AND a.currency = NEW.currency
            AND b.credits_posted_minor <> b.debits_posted_minor
    ) THEN
        RAISE EXCEPTION 'statement % is not the last one, so it cannot ignore the minimum', NEW.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER last_ones_ignore_the_minimum AFTER INSERT ON statements
    FOR EACH ROW WHEN (NEW.ignores_minimum OR NEW.carried_reason IS NULL AND NEW.closing_minor < NEW.minimum_minor)
    EXECUTE FUNCTION check_minimum();
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
