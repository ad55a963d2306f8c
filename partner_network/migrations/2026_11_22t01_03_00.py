from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t01_03_00"
VERSION = "1.38.0"
DESCRIPTION = "Who is behind a token: one question for each request, for whoever holds the token."

# Every request asks who is behind it. Behind the walls that would be four round trips (begin, the eyes, the
# question, commit); a function that takes the hash of 256 bits of chance and returns its one row needs no eyes.
SQL = """
CREATE FUNCTION session_behind(hashed bytea)
RETURNS TABLE (session sessions, name text, email text, roles text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT s, m.name, m.email, array(
            SELECT r.role FROM memberships r
            WHERE r.member_id = s.member_id AND r.brand_id IS NOT DISTINCT FROM s.brand_id)
        FROM sessions s JOIN members m ON m.id = s.member_id WHERE s.token_hash = hashed;
END $$;
CREATE FUNCTION api_key_behind(hashed bytea) RETURNS SETOF api_keys
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT k.* FROM api_keys k WHERE k.key_hash = hashed;
END $$;
REVOKE EXECUTE ON FUNCTION session_behind(bytea), api_key_behind(bytea) FROM public;
GRANT EXECUTE ON FUNCTION session_behind(bytea), api_key_behind(bytea) TO partner_network_web;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
