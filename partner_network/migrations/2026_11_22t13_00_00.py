from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t13_00_00"
VERSION = "1.38.0"
DESCRIPTION = "A receipt for each decision: its own copy of the facts, under a root; read by every candidate."

ME = "(SELECT looking_brand())"

# The array says who may read one receipt; no index serves it, since a condition on an array may not be tried
# before a wall is. "What concerns me" is found by the candidacies instead, whose conditions may.
SQL = f"""
CREATE TABLE receipts (
    conversion_id uuid NOT NULL,
    rev integer NOT NULL,
    -- as text, not as jsonb: these bytes are hashed and decided again
    facts text NOT NULL CHECK (facts <> ''),
    salt bytea NOT NULL CHECK (length(salt) = 32),
    root bytea NOT NULL CHECK (length(root) = 32),
    partner_ids uuid[] NOT NULL CHECK (array_position(partner_ids, NULL) IS NULL),
    PRIMARY KEY (conversion_id, rev),
    FOREIGN KEY (conversion_id, rev) REFERENCES decisions (conversion_id, rev)
);
CALL make_append_only('receipts');

-- No decision without its receipt, from now on; those from before are decided once more by the worker.
ALTER TABLE decisions ADD CONSTRAINT has_its_receipt FOREIGN KEY (conversion_id, rev)
    REFERENCES receipts (conversion_id, rev) DEFERRABLE INITIALLY DEFERRED NOT VALID;
INSERT INTO undecided_conversions SELECT conversion_id FROM current_decisions ON CONFLICT DO NOTHING;

-- Which conversions a partner is, or was, a candidate of, or inherited a credit on.
CREATE TABLE candidacies (
    partner_id uuid NOT NULL REFERENCES brands,
    conversion_id uuid NOT NULL REFERENCES conversions,
    PRIMARY KEY (partner_id, conversion_id)
);
CALL make_append_only('candidacies');
INSERT INTO candidacies (partner_id, conversion_id)
    SELECT (c.candidate ->> 'partner')::uuid, d.conversion_id
    FROM decisions d CROSS JOIN LATERAL jsonb_array_elements(d.candidates) AS c (candidate)
    WHERE c.candidate ->> 'partner' IS NOT NULL
    UNION SELECT p.partner_id, c.conversion_id FROM credits c JOIN partnerships p ON p.id = c.partnership_id;

CALL wall_off('candidacies', $$partner_id = {ME}$$, 'false');
-- The advertiser's, and of each partner that was ever a candidate: what was decided stays on its receipts.
ALTER POLICY walls ON conversions USING ((SELECT operator_looks()) OR brand_id = {ME}
    OR EXISTS (SELECT FROM candidacies c WHERE c.conversion_id = conversions.id AND c.partner_id = {ME}));
CALL wall_off('receipts', $$partner_ids @> ARRAY[{ME}] OR EXISTS (
    SELECT FROM conversions v WHERE v.id = receipts.conversion_id AND v.brand_id = {ME})$$, 'false');

GRANT SELECT ON receipts, candidacies TO partner_network_web, partner_network_worker;
GRANT INSERT ON receipts, candidacies TO partner_network_worker;

-- What came of deciding a program's last closed period again, night by night. Whichever worker adds the night's
-- row does it; one that began and has no end was broken off.
CREATE TABLE replays (
    program_id uuid NOT NULL REFERENCES programs,
    night date NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    orders integer CHECK (orders >= 0),
    decisions integer CHECK (decisions >= 0),
    waiting integer CHECK (waiting >= 0),
    without_receipt integer CHECK (without_receipt >= 0),
    differing integer CHECK (differing >= 0),
    differences text[] NOT NULL DEFAULT '{{}}',
    digest bytea CHECK (length(digest) = 32),
    PRIMARY KEY (program_id, night),
    CHECK (num_nulls(ended_at, orders, decisions, waiting, without_receipt, differing, digest) IN (0, 7))
);
CALL wall_off('replays', $$program_id IN (SELECT g.id FROM programs g WHERE g.brand_id = {ME})$$, 'false');
GRANT SELECT ON replays TO partner_network_web, partner_network_worker;
GRANT INSERT, UPDATE ON replays TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
