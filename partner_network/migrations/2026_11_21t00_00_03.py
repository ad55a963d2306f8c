from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_21t00_00_03"
VERSION = "1.38.0"
DESCRIPTION = "Programs, partnerships, agreements, creatives, links and clicks."

SQL = """
CREATE TABLE programs (
    id uuid PRIMARY KEY,
    brand_id uuid NOT NULL REFERENCES brands,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{2,60}$'),
    name text NOT NULL,
    offer text NOT NULL,
    default_url text NOT NULL,
    destination_hosts text[] NOT NULL CHECK (cardinality(destination_hosts) > 0),
    created_at timestamptz NOT NULL,
    UNIQUE (id, brand_id)
);

CREATE TABLE program_versions (
    id uuid PRIMARY KEY,
    program_id uuid NOT NULL REFERENCES programs,
    version integer NOT NULL CHECK (version >= 1),
    policy_toml text NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (program_id, version)
);
CALL make_append_only('program_versions');

CREATE TABLE partnerships (
    id uuid PRIMARY KEY,
    program_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL REFERENCES brands,
    status text NOT NULL CHECK (status IN
        ('applied', 'invited', 'in_review', 'active', 'paused', 'ended', 'declined')),
    mirror_id uuid REFERENCES partnerships DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    active_from timestamptz,
    ended_at timestamptz,
    UNIQUE (program_id, partner_id),
    UNIQUE (id, advertiser_id, partner_id),
    FOREIGN KEY (program_id, advertiser_id) REFERENCES programs (id, brand_id),
    CHECK (advertiser_id <> partner_id)
);

CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    partnership_id uuid REFERENCES partnerships,
    brand_id uuid REFERENCES brands,
    role text NOT NULL,
    email text NOT NULL,
    invited_by uuid NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid REFERENCES members
);

CREATE TABLE agreements (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    partnership_id uuid NOT NULL REFERENCES partnerships,
    program_version_id uuid NOT NULL REFERENCES program_versions,
    contract_name text NOT NULL,
    contract_version text NOT NULL,
    terms_toml text NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    drafted_by uuid NOT NULL REFERENCES members,
    drafted_at timestamptz NOT NULL,
    UNIQUE (id, content_hash),
    UNIQUE (id, partnership_id)
);
CALL make_append_only('agreements');

CREATE TABLE signatures (
    agreement_id uuid NOT NULL,
    brand_id uuid NOT NULL REFERENCES brands,
    signed_hash bytea NOT NULL,
    member_id uuid NOT NULL REFERENCES members,
    name text NOT NULL,
    role text NOT NULL,
    signed_at timestamptz NOT NULL,
    address_prefix text NOT NULL,
    user_agent text NOT NULL,
    PRIMARY KEY (agreement_id, brand_id),
    -- what is signed is exactly what was drafted
    FOREIGN KEY (agreement_id, signed_hash) REFERENCES agreements (id, content_hash)
);
CALL make_append_only('signatures');

CREATE TABLE agreement_documents (
    agreement_id uuid PRIMARY KEY REFERENCES agreements,
    pdf_sha256 bytea NOT NULL CHECK (length(pdf_sha256) = 32),
    file_key text NOT NULL,
    size_bytes bigint NOT NULL,
    rendered_at timestamptz NOT NULL
);
CALL make_append_only('agreement_documents');

-- Which signed terms hold when (valid), as known when (recorded): never two at once.
CREATE TABLE terms (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    valid tstzrange NOT NULL CHECK (NOT isempty(valid)),
    recorded tstzrange NOT NULL,
    FOREIGN KEY (agreement_id, partnership_id) REFERENCES agreements (id, partnership_id),
    CONSTRAINT one_version_at_a_time
        EXCLUDE USING gist (partnership_id WITH =, valid WITH &&, recorded WITH &&)
);
CREATE FUNCTION close_terms_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (NEW.id, NEW.partnership_id, NEW.agreement_id, NEW.valid) = (OLD.id, OLD.partnership_id, OLD.agreement_id, OLD.valid)
        AND lower(NEW.recorded) = lower(OLD.recorded) AND upper_inf(OLD.recorded) AND NOT upper_inf(NEW.recorded) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'terms are append-only: only the end of the recorded range may be set, once'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_close BEFORE UPDATE OR DELETE ON terms FOR EACH ROW EXECUTE FUNCTION close_terms_only();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON terms FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE creatives (
    id uuid PRIMARY KEY,
    program_id uuid NOT NULL REFERENCES programs,
    title text NOT NULL,
    file_name text NOT NULL,
    content_type text NOT NULL,
    file_key text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    uploaded_by uuid NOT NULL REFERENCES members,
    uploaded_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE INDEX creatives_of_program ON creatives (program_id);

CREATE TABLE links (
    id uuid PRIMARY KEY,
    token text NOT NULL UNIQUE,
    partnership_id uuid NOT NULL,
    program_id uuid NOT NULL REFERENCES programs,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    name text NOT NULL,
    destination_url text NOT NULL,
    created_by uuid NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    FOREIGN KEY (partnership_id, advertiser_id, partner_id)
        REFERENCES partnerships (id, advertiser_id, partner_id)
);
CREATE INDEX links_of_partnership ON links (partnership_id);
CREATE FUNCTION announce_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('links', NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON links FOR EACH ROW EXECUTE FUNCTION announce_link();

-- click_id is a UUIDv7, so its first 48 bits are the click's millisecond and months are ranges of it.
CREATE TABLE clicks (
    click_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    link_id uuid NOT NULL,
    partnership_id uuid NOT NULL,
    program_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    visitor_key bytea,
    consent text NOT NULL CHECK (consent IN ('granted', 'denied', 'unknown')),
    excluded text CHECK (excluded IN ('bot', 'prefetch')),
    country text,
    network_prefix text,
    subs text[] NOT NULL DEFAULT '{}',
    CHECK (consent <> 'denied' OR visitor_key IS NULL)
) PARTITION BY RANGE (click_id);
CREATE TABLE clicks_default PARTITION OF clicks DEFAULT;
CREATE INDEX clicks_of_partnership ON clicks (partnership_id, at);

CREATE FUNCTION first_click_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION ensure_click_partition(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    starts timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    ends timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    name text := 'clicks_' || to_char(month, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(name, 0));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF clicks FOR VALUES FROM (%L) TO (%L)',
            name, first_click_id(starts), first_click_id(ends));
        EXECUTE format('CALL make_append_only(%L)', name);
    END IF;
END $$;
CALL make_append_only('clicks_default');

-- What a document may say of a person: the worker sees no address and no password hash.
CREATE VIEW member_names AS SELECT id, name FROM members;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO partner_network_web, partner_network_worker;
GRANT SELECT ON links, simulated_clock TO partner_network_redirect;
GRANT INSERT, SELECT (click_id) ON clicks TO partner_network_redirect;
GRANT INSERT, UPDATE ON simulated_clock TO partner_network_web, partner_network_worker;
GRANT INSERT, UPDATE ON brands, members, memberships, sessions, api_keys, programs, partnerships,
    invitations, creatives, links TO partner_network_web;
GRANT DELETE ON sessions TO partner_network_web;
GRANT INSERT ON program_versions, agreements, signatures, agreement_documents, terms TO partner_network_web;
GRANT UPDATE (recorded) ON terms TO partner_network_web;
GRANT INSERT, SELECT ON clicks TO partner_network_web, partner_network_worker;
REVOKE SELECT ON members, sessions FROM partner_network_worker;
GRANT INSERT ON agreement_documents TO partner_network_worker;
GRANT EXECUTE ON FUNCTION ensure_click_partition(date) TO partner_network_worker, partner_network_web;
REVOKE EXECUTE ON FUNCTION ensure_click_partition(date) FROM public;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
