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

-- The web process looks through the walls; the worker and the owner of the tables work for every brand.
CREATE FUNCTION sees_everything() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT operator_looks() OR pg_has_role(current_user, 'partner_network_worker', 'usage')
        OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'brands'::regclass), 'usage')
$$;

-- Put a wall around a table: the web role reads the rows for which `seen_when` holds, changes and removes those
-- for which `changed_when` holds (left out: those it sees) and adds those for which `added_when` holds (left
-- out: those it may change); for the operator, all. The worker and the owner of the tables see all.
-- In a condition write (SELECT looking_brand()), so that it is asked once for a query and not once for a row.
CREATE PROCEDURE wall_off(
    target regclass, seen_when text, changed_when text DEFAULT NULL, added_when text DEFAULT NULL
) LANGUAGE plpgsql AS $$
DECLARE
    web text := 'TO partner_network_web';
    seen text := format('((SELECT operator_looks()) OR (%s))', seen_when);
    changed text := format('((SELECT operator_looks()) OR (%s))', coalesce(changed_when, seen_when));
    added text := format('((SELECT operator_looks()) OR (%s))', coalesce(added_when, changed_when, seen_when));
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY everything_for_the_owner ON %s TO %I USING (true)', target, current_user);
    EXECUTE format('CREATE POLICY everything_for_the_worker ON %s TO partner_network_worker USING (true)', target);
    IF changed_when IS NULL AND added_when IS NULL THEN
        EXECUTE format('CREATE POLICY walls ON %s %s USING %s', target, web, seen);
        RETURN;
    END IF;
    EXECUTE format('CREATE POLICY walls ON %s FOR SELECT %s USING %s', target, web, seen);
    EXECUTE format('CREATE POLICY added ON %s FOR INSERT %s WITH CHECK %s', target, web, added);
    EXECUTE format('CREATE POLICY changed ON %s FOR UPDATE %s USING %s', target, web, changed);
    EXECUTE format('CREATE POLICY removed ON %s FOR DELETE %s USING %s', target, web, changed);
END $$;

ALTER TABLE sessions
    ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    ADD COLUMN factor_given_at timestamptz,
    ADD COLUMN network_prefix text,
    ADD COLUMN user_agent text;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
