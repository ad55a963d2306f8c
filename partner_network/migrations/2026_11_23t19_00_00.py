from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t19_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Clawbacks that the network bears at the end of a partnership, by two people's word."

SQL = """
CREATE TABLE write_offs (
    id uuid PRIMARY KEY,
    clawback_id bigint NOT NULL REFERENCES clawbacks,
    -- what was due of it then: no more than that is ever borne
    limit_minor bigint NOT NULL CHECK (limit_minor > 0),
    reason text NOT NULL,
    proposed_by uuid NOT NULL REFERENCES members,
    proposed_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('proposed', 'withdrawn', 'declined', 'approved')),
    decided_by uuid REFERENCES members,
    decided_at timestamptz,
    decided_reason text,
    CONSTRAINT decided_in_whole CHECK (
        num_nulls(decided_by, decided_at, decided_reason) = CASE status WHEN 'proposed' THEN 3 ELSE 0 END),
    CONSTRAINT another_person_decides CHECK ((decided_by = proposed_by) = (status = 'withdrawn'))
);
CREATE UNIQUE INDEX one_live_write_off ON write_offs (clawback_id) WHERE status IN ('proposed', 'approved');
CREATE FUNCTION keep_decided_write_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'write-off % is decided for good', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER decided_for_good BEFORE UPDATE ON write_offs
    FOR EACH ROW WHEN (OLD.status <> 'proposed') EXECUTE FUNCTION keep_decided_write_off();
GRANT SELECT ON write_offs TO partner_network_web, partner_network_worker;
GRANT INSERT ON write_offs TO partner_network_web;
GRANT UPDATE (status, decided_by, decided_at, decided_reason) ON write_offs TO partner_network_web;
-- What both brands are told in the end is what was decided; what was only proposed is the operator's.
CALL wall_off('write_offs', $$status = 'approved' AND EXISTS (
    SELECT FROM clawbacks c WHERE c.transfer_id = write_offs.clawback_id)$$, 'false');

ALTER TABLE clawback_settlements DROP CONSTRAINT clawback_settlements_kind_check,
    ADD CONSTRAINT clawback_settlements_kind_check
        CHECK (kind IN ('recovered', 'restored', 'returned', 'forgiven', 'written_off'));
CREATE OR REPLACE VIEW open_clawbacks WITH (security_invoker = true) AS
    SELECT c.transfer_id, c.commission_id, c.amount_minor, c.contest_until, c.max_share_ppm, c.clause,
        c.amount_minor - coalesce(s.ended_minor, 0) AS due_minor,
        coalesce(s.recovered_minor, 0) AS recovered_minor
    FROM clawbacks c LEFT JOIN LATERAL (
        SELECT sum(amount_minor) FILTER (
                WHERE kind IN ('recovered', 'restored', 'forgiven', 'written_off'))::bigint AS ended_minor,
            (coalesce(sum(amount_minor) FILTER (WHERE kind = 'recovered'), 0)
             - coalesce(sum(amount_minor) FILTER (WHERE kind = 'returned'), 0))::bigint AS recovered_minor
        FROM clawback_settlements WHERE clawback_id = c.transfer_id) s ON true;

CREATE FUNCTION check_written_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM write_offs w WHERE w.clawback_id = NEW.clawback_id AND w.status = 'approved'
            AND w.limit_minor >= NEW.amount_minor) THEN
        RAISE EXCEPTION 'nobody has approved that the network bears clawback %', NEW.clawback_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER written_off_by_two_people AFTER INSERT ON clawback_settlements
    FOR EACH ROW WHEN (NEW.kind = 'written_off') EXECUTE FUNCTION check_written_off();
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
