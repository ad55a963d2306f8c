from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t04_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Objections to lines of a statement, and amounts from which two people approve."

ME = "(SELECT looking_brand())"

SQL = f"""
CREATE TABLE statement_objections (
    id uuid PRIMARY KEY,
    statement_id uuid NOT NULL REFERENCES statements,
    transfer_id bigint NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    objected_by uuid NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    -- a line is objected to once; what was answered is answered
    UNIQUE (statement_id, transfer_id)
);
CALL make_append_only('statement_objections');

CREATE TABLE objection_answers (
    objection_id uuid PRIMARY KEY REFERENCES statement_objections,
    outcome text NOT NULL CHECK (outcome IN ('upheld', 'declined')),
    adjustment_id uuid UNIQUE REFERENCES adjustments,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    answered_by uuid NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    CHECK ((outcome = 'upheld') = (adjustment_id IS NOT NULL))
);
CALL make_append_only('objection_answers');

-- The newest row of a currency holds: a statement that closes above it is approved by two people.
CREATE TABLE approval_limits (
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{{3}}$'),
    at timestamptz NOT NULL,
    above_minor bigint CHECK (above_minor >= 0),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    set_by uuid NOT NULL REFERENCES members,
    PRIMARY KEY (currency, at)
);
CALL make_append_only('approval_limits');

CREATE TABLE first_approvals (
    statement_id uuid PRIMARY KEY,
    content_hash bytea NOT NULL,
    closing_minor bigint NOT NULL,
    currency text NOT NULL,
    preparer_id uuid NOT NULL,
    approver_id uuid NOT NULL REFERENCES members,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    approved_at timestamptz NOT NULL,
    FOREIGN KEY (statement_id, preparer_id) REFERENCES statement_preparations (statement_id, preparer_id),
    FOREIGN KEY (statement_id, content_hash, closing_minor, currency)
        REFERENCES statements (id, content_hash, closing_minor, currency),
    CONSTRAINT first_of_two_people CHECK (approver_id <> preparer_id)
);
CALL make_append_only('first_approvals');

CREATE FUNCTION check_objection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM statement_lines l JOIN statement_preparations p USING (statement_id)
                   WHERE l.statement_id = NEW.statement_id AND l.transfer_id = NEW.transfer_id) THEN
        RAISE EXCEPTION 'transfer % is no line of an issued statement to object to', NEW.transfer_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- after the row, so that the walls are asked first
CREATE TRIGGER objects_to_a_line AFTER INSERT ON statement_objections
    FOR EACH ROW EXECUTE FUNCTION check_objection();

-- The locks of the application order an objection and an approval of one statement; this holds without them.
CREATE FUNCTION check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE limit_minor bigint;
BEGIN
    -- a statement opens with what the ones before it closed with, so an objection to one of them counts too
    IF EXISTS (SELECT FROM statements s JOIN statements e ON e.account_id = s.account_id AND e.seq <= s.seq
               JOIN statement_objections o ON o.statement_id = e.id WHERE s.id = NEW.statement_id
               AND NOT EXISTS (SELECT FROM objection_answers a WHERE a.objection_id = o.id)) THEN
        RAISE EXCEPTION 'an objection to statement % is not answered', NEW.statement_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT above_minor INTO limit_minor FROM approval_limits
        WHERE currency = NEW.currency AND at <= NEW.approved_at ORDER BY at DESC LIMIT 1;
    IF NEW.closing_minor > limit_minor AND NOT EXISTS (
            SELECT FROM first_approvals f WHERE f.statement_id = NEW.statement_id
                AND f.approver_id <> NEW.approver_id AND f.approved_at <= NEW.approved_at) THEN
        RAISE EXCEPTION 'statement % is above the limit of one approver', NEW.statement_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_are_due BEFORE INSERT ON statement_approvals
    FOR EACH ROW EXECUTE FUNCTION check_approval();

GRANT SELECT ON statement_objections, objection_answers, approval_limits, first_approvals
    TO partner_network_web, partner_network_worker;
GRANT INSERT ON statement_objections, objection_answers, approval_limits, first_approvals
    TO partner_network_web;

-- Who pays may object; the operator's people answer, set limits and approve.
CALL wall_off('statement_objections',
    $$EXISTS (SELECT FROM statements s WHERE s.id = statement_objections.statement_id)$$,
    $$EXISTS (SELECT FROM statements s WHERE s.id = statement_objections.statement_id
        AND s.payer_id = {ME})$$);
CALL wall_off('objection_answers',
    $$EXISTS (SELECT FROM statement_objections o WHERE o.id = objection_answers.objection_id)$$, 'false');
CALL wall_off('approval_limits', 'false', 'false');
CALL wall_off('first_approvals',
    $$EXISTS (SELECT FROM statements s WHERE s.id = first_approvals.statement_id)$$, 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
