from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t07_00_00"
VERSION = "1.38.0"
DESCRIPTION = "People can leave: roles that ended stay known, and each erasure leaves a mark without a name."

SQL = """
-- Who held which role, after it ended: what was signed or approved then is still proved to have been allowed.
CREATE TABLE ended_memberships (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    brand_id uuid REFERENCES brands,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL
);
CALL make_append_only('ended_memberships');
CALL wall_off('ended_memberships', 'brand_id = (SELECT looking_brand())');

-- A trigger, so that no way to end a role forgets it.
CREATE FUNCTION keep_ended_membership() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    -- by the business time, as roles begin; only a sandbox has a row that simulates it
    INSERT INTO ended_memberships (id, member_id, brand_id, role, created_at, ended_at)
    SELECT gen_random_uuid(), OLD.member_id, OLD.brand_id, OLD.role, OLD.created_at, coalesce(
        (SELECT simulated_at + CASE WHEN is_running THEN clock_timestamp() - wall_at ELSE interval '0' END
         FROM simulated_clock), clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER keep_what_ended AFTER DELETE ON memberships
    FOR EACH ROW EXECUTE FUNCTION keep_ended_membership();
CREATE TRIGGER keep_what_changed AFTER UPDATE ON memberships
    FOR EACH ROW WHEN ((OLD.member_id, OLD.brand_id, OLD.role) IS DISTINCT FROM (NEW.member_id, NEW.brand_id, NEW.role))
    EXECUTE FUNCTION keep_ended_membership();

-- That somebody was erased, for whom it was asked and how much went: never who it was.
CREATE TABLE erasures (
    id uuid PRIMARY KEY,
    about text NOT NULL CHECK (about IN ('member', 'customer')),
    subject_id uuid NOT NULL,
    brand_id uuid REFERENCES brands,
    asked_by text NOT NULL CHECK (asked_by IN ('the person', 'the brand', 'the operator')),
    erased_at timestamptz NOT NULL,
    counts jsonb NOT NULL,
    UNIQUE (about, subject_id),
    CHECK ((about = 'customer') = (brand_id IS NOT NULL))
);
CALL make_append_only('erasures');
CALL wall_off('erasures', 'brand_id = (SELECT looking_brand())');

GRANT SELECT ON ended_memberships, erasures TO partner_network_web, partner_network_worker;
GRANT INSERT ON erasures TO partner_network_web;
GRANT DELETE ON memberships, invitations, second_factors TO partner_network_web;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
