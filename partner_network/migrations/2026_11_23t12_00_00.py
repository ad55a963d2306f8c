from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t12_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Turns at Stripe, which all workers take from one row."

SQL = """
-- Each call gets the next turn, one distance after the last one, and how long it is until then. The database's
-- clock alone counts: those of several machines may be apart. The key is of no one's account, as all others.
CREATE FUNCTION turn_at_stripe(distance interval) RETURNS interval LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    INSERT INTO rate_limits AS r (key, empty_at)
    VALUES (substr(sha256('turns at stripe'), 1, 16), clock_timestamp() + distance)
    ON CONFLICT (key) DO UPDATE SET empty_at = greatest(r.empty_at, clock_timestamp()) + distance
    RETURNING empty_at - distance - clock_timestamp()
$$;
REVOKE ALL ON FUNCTION turn_at_stripe(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION turn_at_stripe(interval) TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
