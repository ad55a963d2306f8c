from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_21t00_00_01"
VERSION = "1.38.0"
DESCRIPTION = "Roles, guards, brands and people."

SQL = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['partner_network_web', 'partner_network_redirect', 'partner_network_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
        END IF;
        BEGIN
            -- so that the owner's connection can start as this role where it has no log-in of its own
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;  -- the server's administrator made the role with its own log-in
        END;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', wanted);
    END LOOP;
END $$;

-- Facts and postings are only ever added; this says so to everybody, the owner of the tables included.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused; record a new fact instead', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE PROCEDURE make_append_only(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s
                    FOR EACH ROW EXECUTE FUNCTION refuse_change()', target);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', target);
END $$;

CREATE TABLE simulated_clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    simulated_at timestamptz NOT NULL,
    wall_at timestamptz NOT NULL,
    is_running boolean NOT NULL
);

CREATE TABLE brands (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{2,40}$'),
    name text NOT NULL,
    legal_name text NOT NULL,
    address text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    tax_rate_ppm bigint NOT NULL DEFAULT 0 CHECK (tax_rate_ppm BETWEEN 0 AND 1000000),
    tax_id text,
    created_at timestamptz NOT NULL
);

CREATE TABLE members (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    brand_id uuid REFERENCES brands,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (member_id, brand_id, role),
    CHECK (CASE WHEN brand_id IS NULL THEN role IN ('manager', 'finance', 'admin')
           ELSE role IN ('owner', 'marketer', 'finance', 'developer', 'viewer') END)
);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    brand_id uuid REFERENCES brands,
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_of_member ON sessions (member_id);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    brand_id uuid NOT NULL REFERENCES brands,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
