from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t16_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Notice that ends a partnership, and the end that follows from it."

ME = "(SELECT looking_brand())"

SQL = f"""
-- Either party gives notice; a notice never changes but for being withdrawn once, before it takes effect.
CREATE TABLE partnership_notices (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    -- whose terms say how long the notice is, and whose clause it is given under
    agreement_id uuid NOT NULL,
    clause text NOT NULL CHECK (length(clause) BETWEEN 1 AND 20),
    given_for uuid NOT NULL,
    given_by uuid NOT NULL REFERENCES members,
    -- a manager of the network acts for the advertiser, and the partner reads that
    by_operator boolean NOT NULL,
    given_at timestamptz NOT NULL,
    for_good_cause boolean NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    ends_at timestamptz NOT NULL CHECK (ends_at >= given_at),
    withdrawn_at timestamptz CHECK (withdrawn_at >= given_at),
    withdrawn_by uuid REFERENCES members,
    CONSTRAINT at_once_for_good_cause CHECK (NOT for_good_cause OR ends_at = given_at),
    CONSTRAINT withdrawn_before_the_end CHECK (withdrawn_at < ends_at),
    CONSTRAINT of_a_party CHECK (given_for IN (advertiser_id, partner_id)),
    CONSTRAINT operator_for_the_advertiser CHECK (NOT by_operator OR given_for = advertiser_id),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    FOREIGN KEY (partnership_id, advertiser_id, partner_id)
        REFERENCES partnerships (id, advertiser_id, partner_id),
    FOREIGN KEY (agreement_id, partnership_id) REFERENCES agreements (id, partnership_id)
);
CREATE UNIQUE INDEX one_standing_notice ON partnership_notices (partnership_id, given_for)
    WHERE withdrawn_at IS NULL AND NOT for_good_cause;
CREATE UNIQUE INDEX one_good_cause ON partnership_notices (partnership_id) WHERE for_good_cause;
CREATE INDEX partnership_notices_of_partnership ON partnership_notices (partnership_id, given_at);

CREATE FUNCTION withdraw_notice_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
        AND to_jsonb(NEW) - 'withdrawn_at' - 'withdrawn_by' = to_jsonb(OLD) - 'withdrawn_at' - 'withdrawn_by' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a notice never changes but for being withdrawn once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_withdraw BEFORE UPDATE OR DELETE ON partnership_notices
    FOR EACH ROW EXECUTE FUNCTION withdraw_notice_once();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON partnership_notices
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The end is that of the earliest notice that stands: a second one never moves it later, and only withdrawing does.
CREATE FUNCTION must_be_running() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE running partnerships;
BEGIN
    SELECT * INTO running FROM partnerships WHERE id = NEW.partnership_id FOR UPDATE;
    IF running.status NOT IN ('active', 'paused') OR running.active_from > NEW.given_at
        OR running.ended_at <= NEW.given_at THEN
        RAISE EXCEPTION 'notice is given of a partnership that is active' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER must_be_running BEFORE INSERT ON partnership_notices
    FOR EACH ROW EXECUTE FUNCTION must_be_running();
CREATE FUNCTION end_by_notice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE partnerships SET ended_at = (
        SELECT min(n.ends_at) FROM partnership_notices n
        WHERE n.partnership_id = NEW.partnership_id AND n.withdrawn_at IS NULL)
    WHERE id = NEW.partnership_id;
    RETURN NULL;
END $$;
CREATE TRIGGER end_by_notice AFTER INSERT OR UPDATE ON partnership_notices
    FOR EACH ROW EXECUTE FUNCTION end_by_notice();

GRANT SELECT, INSERT ON partnership_notices TO partner_network_web;
GRANT UPDATE (withdrawn_at, withdrawn_by) ON partnership_notices TO partner_network_web;
GRANT SELECT ON partnership_notices TO partner_network_worker;
CALL wall_off('partnership_notices', $${ME} IN (advertiser_id, partner_id)$$, $$given_for = {ME}$$);

-- Nobody but a notice says when a partnership ends, and once it has ended nothing of that changes.
ALTER TABLE partnerships
    ADD CONSTRAINT ends_after_it_began CHECK (ended_at >= active_from),
    ADD CONSTRAINT ended_at_an_instant CHECK (status <> 'ended' OR ended_at IS NOT NULL);
REVOKE INSERT, UPDATE ON partnerships FROM partner_network_web;
GRANT INSERT (id, program_id, advertiser_id, partner_id, status, mirror_id, created_at, active_from),
    UPDATE (status, mirror_id, active_from) ON partnerships TO partner_network_web;
GRANT UPDATE (status) ON partnerships TO partner_network_worker;
CREATE FUNCTION end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a partnership that has ended stays so' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER end_once BEFORE UPDATE OF status, ended_at, active_from ON partnerships FOR EACH ROW
    WHEN (OLD.status = 'ended' AND (OLD.status, OLD.ended_at, OLD.active_from)
        IS DISTINCT FROM (NEW.status, NEW.ended_at, NEW.active_from))
    EXECUTE FUNCTION end_once();

-- The redirect sends visitors on without credit from the end on, and hears of it as of any change of a link. What
-- occurred in the moment in which it was given for good cause may have been decided without it.
GRANT SELECT (id, ended_at) ON partnerships TO partner_network_redirect;
CREATE POLICY seen_by_the_redirect ON partnerships FOR SELECT TO partner_network_redirect USING (true);
CREATE FUNCTION follow_the_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('links', id::text) FROM links WHERE partnership_id = NEW.id AND disabled_at IS NULL;
    INSERT INTO undecided_conversions AS u (conversion_id)
    SELECT v.id FROM conversions v
    WHERE v.program_id = NEW.program_id AND v.occurred_at >= least(OLD.ended_at, NEW.ended_at) ORDER BY 1
    ON CONFLICT (conversion_id) DO UPDATE SET conversion_id = u.conversion_id;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_the_end AFTER UPDATE OF ended_at ON partnerships FOR EACH ROW
    WHEN (OLD.ended_at IS DISTINCT FROM NEW.ended_at) EXECUTE FUNCTION follow_the_end();
REVOKE EXECUTE ON FUNCTION must_be_running(), end_by_notice(), follow_the_end() FROM PUBLIC;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
