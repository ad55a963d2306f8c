from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t07_00_00"
VERSION = "1.38.0"
DESCRIPTION = "What comes back of a transfer is sent again, as often as some of it comes back."

SQL = """
-- Beside an arrived transfer another may go out for what came back of the first; only one is on its way.
DROP INDEX one_live_attempt;
CREATE UNIQUE INDEX one_live_attempt ON payout_attempts (payout_id) WHERE status IN ('submitting', 'unknown');

-- An attempt is for all that is left of what was approved: nobody sends a payout in parts.
CREATE FUNCTION refuse_a_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved bigint;
BEGIN
    SELECT amount_minor INTO approved FROM payouts WHERE id = NEW.payout_id FOR UPDATE;
    IF approved > (SELECT sum(amount_minor - reversed_minor) FROM payout_attempts
                   WHERE payout_id = NEW.payout_id AND status <> 'failed') THEN
        RAISE EXCEPTION 'payout % would be sent in parts', NEW.payout_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'never_in_parts';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER never_in_parts AFTER INSERT ON payout_attempts
    FOR EACH ROW WHEN (NEW.status <> 'failed') EXECUTE FUNCTION refuse_a_part();
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
