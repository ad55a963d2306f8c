from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t23_30_00"
VERSION = "1.38.0"
DESCRIPTION = "Refunds that are undone, and orders priced anew when terms begin at the very moment they came."

SQL = """
-- A refund that never happened stays on record; the fact that undoes it names it, and gives nothing back.
ALTER TABLE refunds ADD COLUMN cancels text CHECK (cancels <> refund_id),
    DROP CONSTRAINT refunds_net_minor_check,
    ADD CONSTRAINT refunds_net_minor_check
        CHECK (CASE WHEN cancels IS NULL THEN net_minor > 0 ELSE net_minor = 0 AND line IS NULL END),
    ADD CONSTRAINT refunds_of_one_conversion UNIQUE (brand_id, refund_id, conversion_id),
    ADD CONSTRAINT undone_of_the_same_conversion FOREIGN KEY (brand_id, cancels, conversion_id)
        REFERENCES refunds (brand_id, refund_id, conversion_id);
CREATE UNIQUE INDEX a_refund_is_undone_once ON refunds (brand_id, cancels) WHERE cancels IS NOT NULL;

CREATE VIEW refunds_in_force WITH (security_invoker = true) AS
    SELECT r.* FROM refunds r
    WHERE r.cancels IS NULL AND NOT EXISTS (
        SELECT FROM refunds u WHERE u.brand_id = r.brand_id AND u.cancels = r.refund_id);
GRANT SELECT ON refunds_in_force TO partner_network_web, partner_network_worker;

-- Between the instant a second signature is dated and its commit, an order may come and be priced by the
-- terms before. Whatever occurred since terms began, as far as it is decided, is priced once more.
CREATE FUNCTION price_again_since_terms_began() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO unaccrued_conversions AS u (partnership_id, conversion_id)
    SELECT DISTINCT c.partnership_id, c.conversion_id
    FROM partnerships p JOIN conversions v ON v.program_id = p.program_id AND v.occurred_at >= lower(NEW.valid)
    JOIN current_decisions d ON d.conversion_id = v.id
    JOIN credits c ON c.conversion_id = d.conversion_id AND c.rev = d.rev AND c.partnership_id = p.id
    WHERE p.id = NEW.partnership_id ORDER BY 1, 2
    ON CONFLICT (partnership_id, conversion_id) DO UPDATE SET partnership_id = u.partnership_id;
    RETURN NULL;
END $$;
CREATE TRIGGER price_again AFTER INSERT ON terms
    FOR EACH ROW WHEN (upper_inf(NEW.valid)) EXECUTE FUNCTION price_again_since_terms_began();
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
