from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t17_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Where streams stand, so that the last order is added alone; streams that cannot go on."

SQL = """
-- All orders of a span up to the last one, summed up. Only a short cut: whoever loses it reads them all again.
CREATE TABLE stream_checkpoints (
    partnership_id uuid NOT NULL REFERENCES partnerships,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    terms_key text NOT NULL,
    last_at timestamptz NOT NULL CHECK (last_at >= starts_at AND last_at < ends_at),
    last_order text NOT NULL,
    state jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (partnership_id, starts_at)
);

-- What the facts or terms of a stream are at fault with; gone when it goes through again.
CREATE TABLE stopped_streams (
    partnership_id uuid PRIMARY KEY REFERENCES partnerships,
    agreement_id uuid REFERENCES agreements,
    clause text NOT NULL CHECK (clause <> ''),
    sentence text NOT NULL CHECK (sentence <> ''),
    since timestamptz NOT NULL,
    tried_at timestamptz NOT NULL CHECK (tried_at >= since)
);

CREATE INDEX commissions_bonuses ON commissions (partnership_id) WHERE kind = 'bonus';

GRANT SELECT, INSERT, UPDATE, DELETE ON stream_checkpoints, stopped_streams TO partner_network_worker;
GRANT SELECT ON stream_checkpoints, stopped_streams TO partner_network_web;
CALL wall_off('stream_checkpoints', 'false', 'false');
CALL wall_off('stopped_streams', 'false', 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
