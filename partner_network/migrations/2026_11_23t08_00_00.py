from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t08_00_00"
VERSION = "1.38.0"
DESCRIPTION = "What Stripe says of our balance is kept, so that it is walked once and compared set by set."

SQL = """
CREATE TABLE stripe_transactions (
    id text PRIMARY KEY,
    -- those of one second stand in the order in which they happened
    seq bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    source_id text NOT NULL,
    about text,
    said text NOT NULL,
    created timestamptz NOT NULL
);
CREATE INDEX stripe_transactions_by_time ON stripe_transactions (created);
CREATE INDEX stripe_transactions_about ON stripe_transactions (about) WHERE kind = 'charge';
CREATE INDEX stripe_transactions_to_book ON stripe_transactions (created, seq)
    WHERE kind NOT IN ('charge', 'transfer');
CALL make_append_only('stripe_transactions');
GRANT SELECT ON stripe_transactions TO partner_network_web, partner_network_worker;
GRANT INSERT ON stripe_transactions TO partner_network_worker;
CALL wall_off('stripe_transactions', 'false');

-- What was found stands as it was found; nobody writes it anew.
REVOKE UPDATE (said) ON cases FROM partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
