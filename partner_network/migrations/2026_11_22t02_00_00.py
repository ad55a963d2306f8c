from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t02_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Second factors, recovery codes, sign-ins that wait for them, and passkeys' challenges."

SQL = """
CREATE TABLE second_factors (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    kind text NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name text NOT NULL,
    sealed_key bytea,
    last_step bigint,
    credential_id bytea UNIQUE,
    public_key bytea,
    sign_count bigint,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_used_at timestamptz,
    removed_at timestamptz,
    -- What was removed can never open again: its key is gone with it.
    CONSTRAINT has_its_key_until_removed CHECK (
        CASE WHEN removed_at IS NOT NULL THEN num_nonnulls(sealed_key, credential_id, public_key) = 0
             WHEN kind = 'totp' THEN sealed_key IS NOT NULL AND num_nonnulls(credential_id, public_key, sign_count) = 0
             ELSE sealed_key IS NULL AND num_nonnulls(credential_id, public_key, sign_count) = 3 END)
);
CREATE INDEX second_factors_of_member ON second_factors (member_id) WHERE removed_at IS NULL;

CREATE TABLE recovery_codes (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    UNIQUE (member_id, code_hash)
);

-- The password was right; until the second factor comes too, this opens nothing.
CREATE TABLE pending_sign_ins (
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0
);

CREATE TABLE passkey_challenges (
    challenge bytea PRIMARY KEY,
    -- The hash of the token of the session or of the pending sign-in that asked: nobody else may answer.
    holder_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_of_holder ON passkey_challenges (holder_hash);

ALTER TABLE sessions ADD COLUMN factor_tries smallint NOT NULL DEFAULT 0;

GRANT SELECT, INSERT, UPDATE ON second_factors TO partner_network_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes, pending_sign_ins TO partner_network_web;
GRANT SELECT, INSERT, DELETE ON passkey_challenges TO partner_network_web;

-- Nobody but the doorkeeper looks at these, not even the operator or the worker: no wall_off(), which lets them.
DO $$
DECLARE walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['second_factors', 'recovery_codes', 'pending_sign_ins', 'passkey_challenges'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', walled);
        EXECUTE format('CREATE POLICY everything_for_the_owner ON %I TO %I USING (true)', walled, current_user);
        EXECUTE format('CREATE POLICY walls ON %I TO partner_network_web USING ((SELECT doorkeeper_looks()))', walled);
    END LOOP;
END $$;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
