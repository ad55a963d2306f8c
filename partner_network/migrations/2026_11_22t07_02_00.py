from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t07_02_00"
VERSION = "1.38.0"
DESCRIPTION = "What has grown old goes: a click's origin can be forgotten and nothing else of it changed."

SQL = """
-- How far each kind of letting go has come, and when it last ran: of many workers one does it.
CREATE TABLE retentions (
    task text PRIMARY KEY,
    ran_at timestamptz NOT NULL,
    place uuid
);
CALL wall_off('retentions', 'false');

-- Clicks are append-only, but that they may lose where they came from. What is done decides, not who does it:
-- there is no setting that opens this door, and no role is granted to try but through the function below.
CREATE FUNCTION forget_origin_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.network_prefix IS NULL AND NEW.country IS NULL AND NEW.subs = '{}'
        AND to_jsonb(NEW) - '{network_prefix,country,subs}'::text[] = to_jsonb(OLD) - '{network_prefix,country,subs}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused; a click may only lose its origin', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE PROCEDURE make_forgettable(partition regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS append_only ON %s', partition);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s
                    FOR EACH ROW EXECUTE FUNCTION forget_origin_only()', partition);
END $$;
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'clicks'::regclass LOOP
        CALL make_forgettable(partition);
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION ensure_click_partition(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
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
        EXECUTE format('CALL make_forgettable(%L)', name);
        EXECUTE format('CALL hide_partition(%L)', name);
    END IF;
END $$;

-- Forget the origin of the next clicks beyond an id that are older than an instant; return the last id looked
-- at, none when there are no more. Ids carry their instant, so a click that is old lies before one that is not.
CREATE FUNCTION forget_click_origins(beyond uuid, older_than timestamptz, most integer) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE reached uuid;
BEGIN
    SELECT click_id INTO reached FROM (
        SELECT click_id FROM clicks WHERE click_id > beyond AND click_id < first_click_id(older_than)
        ORDER BY click_id LIMIT most) next ORDER BY click_id DESC LIMIT 1;
    UPDATE clicks SET network_prefix = NULL, country = NULL, subs = '{}'
        WHERE click_id > beyond AND click_id <= reached
            AND (network_prefix IS NOT NULL OR country IS NOT NULL OR subs <> '{}');
    RETURN reached;
END $$;
REVOKE EXECUTE ON FUNCTION forget_click_origins(uuid, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_click_origins(uuid, timestamptz, integer) TO partner_network_worker;

GRANT SELECT, INSERT, UPDATE ON retentions TO partner_network_worker;
GRANT SELECT (id, expires_at, last_seen_at), DELETE ON sessions TO partner_network_worker;
GRANT SELECT (token_hash, expires_at), DELETE ON pending_sign_ins TO partner_network_worker;
GRANT SELECT (challenge, expires_at), DELETE ON passkey_challenges TO partner_network_worker;
GRANT SELECT (id, removed_at), DELETE ON second_factors TO partner_network_worker;
-- The walls around these let nobody but the doorkeeper in; without a policy the worker would delete nothing
-- and be told so by nobody.
CREATE POLICY taken_away_by_the_worker ON pending_sign_ins TO partner_network_worker USING (true);
CREATE POLICY taken_away_by_the_worker ON passkey_challenges TO partner_network_worker USING (true);
CREATE POLICY taken_away_by_the_worker ON second_factors TO partner_network_worker USING (true);
GRANT SELECT, DELETE ON invitations TO partner_network_worker;
GRANT UPDATE (payload) ON stripe_events TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
