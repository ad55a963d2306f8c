from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t11_00_00"
VERSION = "1.38.0"
DESCRIPTION = "What occurred since terms began is decided by their windows, too, and priced where it was adjusted alone."

SQL = """
-- Windows are terms: an order of the moment in which they begin may have been decided by those before. And what
-- was adjusted for a partner, its credit being another's, is paid under the terms of its order as well.
CREATE OR REPLACE FUNCTION price_again_since_terms_began() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO undecided_conversions AS u (conversion_id)
    SELECT v.id FROM partnerships p
    JOIN conversions v ON v.program_id = p.program_id AND v.occurred_at >= lower(NEW.valid)
    WHERE p.id = NEW.partnership_id ORDER BY 1
    ON CONFLICT (conversion_id) DO UPDATE SET conversion_id = u.conversion_id;
    INSERT INTO unaccrued_conversions AS u (partnership_id, conversion_id)
    SELECT p.id, v.id
    FROM partnerships p
    JOIN conversions v ON v.program_id = p.program_id AND v.occurred_at >= lower(NEW.valid)
    WHERE p.id = NEW.partnership_id AND (
        EXISTS (SELECT FROM current_decisions d JOIN credits c USING (conversion_id, rev)
                WHERE d.conversion_id = v.id AND c.partnership_id = p.id)
        OR EXISTS (SELECT FROM adjustments a WHERE a.conversion_id = v.id AND a.partnership_id = p.id))
    ORDER BY 1, 2
    ON CONFLICT (partnership_id, conversion_id) DO UPDATE SET partnership_id = u.partnership_id;
    RETURN NULL;
END $$;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
