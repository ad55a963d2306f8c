from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t13_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Unused prepaid money that goes back to an advertiser, by two people's word."

SQL = """
-- One part of what one person asked to give back: of one payment, by one refund under a key made of its id.
CREATE TABLE prepaid_returns (
    id uuid PRIMARY KEY,
    ask_id uuid NOT NULL,
    funding_id uuid NOT NULL REFERENCES fundings,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    reason text NOT NULL,
    asked_by uuid NOT NULL REFERENCES members,
    asked_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('asked', 'declined', 'approved', 'accepted', 'failed')),
    decided_by uuid REFERENCES members,
    decided_at timestamptz,
    decided_reason text,
    -- by the clock on the wall, since Stripe counts the life of a key by it
    sent_at timestamptz,
    refund_id text UNIQUE,
    answer text,
    entry_id bigint UNIQUE REFERENCES ledger_entries,
    finished_at timestamptz,
    CONSTRAINT one_part_of_a_payment UNIQUE (ask_id, funding_id),
    CONSTRAINT returned_by_two_people CHECK (status = 'declined' OR decided_by <> asked_by),
    CONSTRAINT decided_in_whole CHECK (
        num_nulls(decided_by, decided_at, decided_reason) = CASE status WHEN 'asked' THEN 3 ELSE 0 END),
    CONSTRAINT returned_and_booked CHECK (
        num_nulls(refund_id, entry_id) = CASE status WHEN 'accepted' THEN 0 ELSE 2 END),
    CONSTRAINT finished_when_over CHECK ((finished_at IS NOT NULL) = (status IN ('accepted', 'failed')))
);
CREATE INDEX prepaid_returns_of_funding ON prepaid_returns (funding_id);
CREATE INDEX prepaid_returns_under_way ON prepaid_returns (id) WHERE status IN ('asked', 'approved');
GRANT SELECT ON prepaid_returns TO partner_network_web, partner_network_worker;
GRANT INSERT ON prepaid_returns TO partner_network_web;
GRANT UPDATE (status, decided_by, decided_at, decided_reason) ON prepaid_returns TO partner_network_web;
GRANT UPDATE (status, sent_at, refund_id, answer, entry_id, finished_at) ON prepaid_returns
    TO partner_network_worker;
CALL wall_off('prepaid_returns',
    $$EXISTS (SELECT FROM fundings f WHERE f.id = prepaid_returns.funding_id)$$, 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
