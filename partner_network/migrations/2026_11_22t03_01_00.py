from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t03_01_00"
VERSION = "1.38.0"
DESCRIPTION = "Links by which somebody who forgot their password sets a new one."

SQL = """
CREATE TABLE password_resets (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX password_resets_of_member ON password_resets (member_id, created_at);

-- The worker makes them, so that asking takes the web app as long for a stranger; for that it needs to find
-- whom an address belongs to, and how to greet them, and still reads nothing that opens an account.
GRANT SELECT, INSERT, DELETE ON password_resets TO partner_network_worker;
GRANT SELECT (id, email, name) ON members TO partner_network_worker;
GRANT SELECT, UPDATE (used_at), DELETE ON password_resets TO partner_network_web;
CALL wall_off('password_resets', 'false');
ALTER POLICY walls ON password_resets USING ((SELECT doorkeeper_looks()));
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
