from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t03_02_00"
VERSION = "1.38.0"
DESCRIPTION = "Forms that came when their session had ended, sealed until their sender is back."

SQL = """
CREATE TABLE kept_forms (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    member_id uuid REFERENCES members,
    brand_id uuid REFERENCES brands,
    sealed bytea NOT NULL CHECK (length(sealed) < 100000),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX kept_forms_of_member ON kept_forms (member_id);
CREATE INDEX kept_forms_by_end ON kept_forms (expires_at);
-- A form names the session in which it was shown, also when the browser has forgotten that one.
CREATE INDEX sessions_by_form ON sessions (csrf_token);

CALL wall_off('kept_forms', 'false');
ALTER POLICY walls ON kept_forms USING ((SELECT doorkeeper_looks()));
GRANT SELECT, INSERT, DELETE ON kept_forms TO partner_network_web;
GRANT SELECT (expires_at), DELETE ON kept_forms TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
