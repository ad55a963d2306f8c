from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t10_00_00"
VERSION = "1.38.0"
DESCRIPTION = "A session says in which language, and by whose clock, its person reads."

SQL = """
DROP FUNCTION session_behind(bytea);
CREATE FUNCTION session_behind(hashed bytea)
RETURNS TABLE (session sessions, name text, email text, roles text[], language text, time_zone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT s, m.name, m.email, array(
            SELECT r.role FROM memberships r
            WHERE r.member_id = s.member_id AND r.brand_id IS NOT DISTINCT FROM s.brand_id),
            m.language, m.time_zone
        FROM sessions s JOIN members m ON m.id = s.member_id WHERE s.token_hash = hashed;
END $$;
REVOKE EXECUTE ON FUNCTION session_behind(bytea) FROM public;
GRANT EXECUTE ON FUNCTION session_behind(bytea) TO partner_network_web;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
