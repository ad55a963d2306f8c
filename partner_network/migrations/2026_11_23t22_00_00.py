from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t22_00_00"
VERSION = "1.38.0"
DESCRIPTION = (
    "What is kept of Stripe's balance says where each transfer went, so that transfers are compared by it."
)

SQL = """
-- What was kept until now does not say where transfers went. It is a copy of what Stripe lists: the next look
-- reads the whole list once more, and what is booked stays booked by Stripe's own ids.
ALTER TABLE stripe_transactions DISABLE TRIGGER append_only;
DELETE FROM stripe_transactions;
ALTER TABLE stripe_transactions ENABLE TRIGGER append_only;

CREATE INDEX stripe_transactions_of_transfer ON stripe_transactions (source_id) WHERE kind = 'transfer';
CREATE INDEX payout_attempts_to_settle ON payout_attempts (id) WHERE status = 'accepted';
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
