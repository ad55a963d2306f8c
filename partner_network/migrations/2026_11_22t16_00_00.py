from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t16_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Other terms tried on the past: who asked what of which period, and what came out."

SQL = """
-- A trial books nothing; its result is a copy for whoever asked, and goes after a while.
CREATE TABLE trials (
    id uuid PRIMARY KEY,
    program_id uuid NOT NULL REFERENCES programs,
    -- empty: all partnerships of the program
    partnership_id uuid REFERENCES partnerships,
    advertiser_id uuid NOT NULL REFERENCES brands,
    -- whose it is: the advertiser's, also when the operator asked for it, or the partner's that asked
    brand_id uuid NOT NULL REFERENCES brands,
    -- empty: a machine of the brand
    asked_by uuid REFERENCES members,
    is_by_operator boolean NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on > starts_on),
    -- whose midnights part the days
    time_zone text NOT NULL,
    terms_toml text NOT NULL CHECK (length(terms_toml) <= 100000),
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    result jsonb,
    error jsonb,
    -- A partner asks about its own partnership alone.
    CHECK (brand_id = advertiser_id OR partnership_id IS NOT NULL),
    CHECK ((finished_at IS NULL) = (result IS NULL AND error IS NULL)),
    CHECK (result IS NULL OR error IS NULL)
);
CREATE INDEX trials_of_brand ON trials (brand_id, id);
CREATE INDEX trials_open ON trials (brand_id) WHERE finished_at IS NULL;
CREATE INDEX trials_to_let_go ON trials (finished_at) WHERE finished_at IS NOT NULL;

GRANT SELECT, INSERT ON trials TO partner_network_web;
GRANT SELECT, UPDATE (started_at, finished_at, result, error), DELETE ON trials TO partner_network_worker;
CALL wall_off('trials', $$brand_id = (SELECT looking_brand())$$);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
