from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t11_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Messages to people, and when each of them wants letters; nobody reads another's."

SQL = """
-- Set for one transaction by notifications.queries.looking_as: a person's own rows are for that person alone,
-- not for their brand and not for the operator.
CREATE FUNCTION looking_member() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('app.member_id', true), '')::uuid
$$;

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members,
    -- as whom the person is told: about their own account, for a brand, or for the operator
    side text NOT NULL CHECK (side IN ('person', 'brand', 'operator')),
    brand_id uuid REFERENCES brands,
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z-]{1,60}$'),
    fact text NOT NULL CHECK (length(fact) BETWEEN 1 AND 200),
    said jsonb NOT NULL,
    happened_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    read_at timestamptz,
    -- when somebody looks whether a letter goes; empty: one went, or none will
    mail_due_at timestamptz,
    letter_id uuid,
    CHECK ((side = 'brand') = (brand_id IS NOT NULL)),
    CHECK (letter_id IS NULL OR mail_due_at IS NULL),
    -- One fact is told to one person once, however often and by however many workers it is told.
    UNIQUE (member_id, kind, fact)
);
CREATE INDEX notifications_of_member ON notifications (member_id, id);
CREATE INDEX notifications_unread ON notifications (member_id) WHERE read_at IS NULL;
CREATE INDEX notifications_to_mail ON notifications (mail_due_at) WHERE mail_due_at IS NOT NULL;

CREATE TABLE notification_choices (
    member_id uuid NOT NULL REFERENCES members,
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z-]{1,60}$'),
    mail text NOT NULL CHECK (mail IN ('at once', 'daily', 'weekly', 'never')),
    PRIMARY KEY (member_id, kind)
);
CREATE TABLE notification_hours (
    member_id uuid PRIMARY KEY REFERENCES members,
    quiet_from time,
    quiet_until time,
    digest_at time NOT NULL DEFAULT '08:00',
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);

DO $$
DECLARE walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['notifications', 'notification_choices', 'notification_hours'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', walled);
        EXECUTE format('CREATE POLICY everything_for_the_owner ON %I TO %I USING (true)', walled, current_user);
        EXECUTE format('CREATE POLICY everything_for_the_worker ON %I TO partner_network_worker USING (true)', walled);
        EXECUTE format('CREATE POLICY walls ON %I TO partner_network_web
            USING ((SELECT doorkeeper_looks()) OR member_id = (SELECT looking_member()))', walled);
    END LOOP;
END $$;

-- Tell a fact to the people of one side who have one of the roles at this moment, or to one person, and return
-- to how many it was new. Whoever does the thing does not see the other side's people; this does, and says no
-- more of them than how many. Ids are UUIDv7 of the instant of telling.
CREATE FUNCTION notify_people(
    what text, which text, as_side text, for_brand uuid, with_roles text[], one uuid, but uuid, with_values jsonb,
    at timestamptz, wall_at timestamptz, is_mailed boolean
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE told integer;
BEGIN
    INSERT INTO notifications (id, member_id, side, brand_id, kind, fact, said, happened_at, told_at, mail_due_at)
    SELECT encode(substring(uuid_send(first_click_id(wall_at)) FOR 6) || '\\x70'::bytea
               || substring(uuid_send(gen_random_uuid()) FROM 8), 'hex')::uuid,
           people.id, as_side, for_brand, what, which, with_values, at, wall_at,
           CASE WHEN is_mailed THEN wall_at END
    FROM (SELECT one AS id WHERE as_side = 'person'
          UNION SELECT r.member_id FROM memberships r
              WHERE as_side = 'brand' AND r.brand_id = for_brand AND r.role = ANY(with_roles)
          UNION SELECT r.member_id FROM memberships r
              WHERE as_side = 'operator' AND r.brand_id IS NULL AND r.role = ANY(with_roles)) people
    WHERE people.id IS DISTINCT FROM but
    ON CONFLICT (member_id, kind, fact) DO NOTHING;
    GET DIAGNOSTICS told = ROW_COUNT;
    RETURN told;
END $$;
REVOKE EXECUTE ON FUNCTION notify_people(text, text, text, uuid, text[], uuid, uuid, jsonb, timestamptz,
    timestamptz, boolean) FROM public;
GRANT EXECUTE ON FUNCTION notify_people(text, text, text, uuid, text[], uuid, uuid, jsonb, timestamptz,
    timestamptz, boolean) TO partner_network_web, partner_network_worker;

GRANT SELECT, UPDATE (read_at, mail_due_at), DELETE ON notifications TO partner_network_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON notification_choices, notification_hours TO partner_network_web;
GRANT SELECT, UPDATE (mail_due_at, letter_id), DELETE ON notifications TO partner_network_worker;
GRANT SELECT ON notification_choices, notification_hours TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
