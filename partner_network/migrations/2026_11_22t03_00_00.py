from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t03_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Letters on their way, sealed while they wait and empty once they are sent."

SQL = """
CREATE TABLE letters (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    sealed bytea,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    trying_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    held_at timestamptz,
    last_error text,
    -- What was sent or given up says nothing any more.
    CONSTRAINT waits_sealed_or_is_over_and_empty CHECK (num_nonnulls(sealed, sent_at, held_at) = 1)
);
CREATE INDEX letters_that_wait ON letters (due_at) WHERE sealed IS NOT NULL;

-- Whoever works for a brand or for nobody may post; of what was posted, the operator sees all but the content.
CALL wall_off('letters', 'false');
CREATE POLICY everybody_posts ON letters FOR INSERT TO partner_network_web WITH CHECK (true);
GRANT INSERT, SELECT (id, kind, created_at, due_at, trying_until, attempts, sent_at, held_at, last_error)
    ON letters TO partner_network_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON letters TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
