from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t01_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Whose eyes look, the walls that ask it, and sessions that can be named and strengthened."

SQL = """
-- Set for one transaction by database.transaction(eyes=...); without them the web role sees nothing.
CREATE FUNCTION looking_brand() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('app.brand_id', true), '')::uuid
$$;
CREATE FUNCTION operator_looks() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.eyes', true), '') = 'operator'
$$;
CREATE FUNCTION doorkeeper_looks() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.eyes', true), '') = 'doorkeeper'
$$;

-- Put a wall around a table: the web role reads and writes the rows for which the condition holds and, for the
-- operator, all; the worker, which works for every brand, and the owner of the tables see all. In a condition
-- write (SELECT looking_brand()), so that it is asked once for a query and not once for a row.
CREATE PROCEDURE wall_off(target regclass, seen_when text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY everything_for_the_owner ON %s TO %I USING (true)', target, current_user);
    EXECUTE format('CREATE POLICY everything_for_the_worker ON %s TO partner_network_worker USING (true)', target);
    EXECUTE format('CREATE POLICY walls ON %s TO partner_network_web USING ((SELECT operator_looks()) OR (%s))',
        target, seen_when);
END $$;

ALTER TABLE sessions
    ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    ADD COLUMN factor_given_at timestamptz,
    ADD COLUMN network_prefix text,
    ADD COLUMN user_agent text;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
