from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t23_40_00"
VERSION = "1.38.0"
DESCRIPTION = "Balances are kept by plans that serve one leg and a hundred thousand alike."

SQL = """
-- Plans are kept for as long as a connection lives, and one made for a bulk insert would pass over whole tables
-- for each single posting after it. Told to look each row up by its index, they cost what there is to do.
CREATE OR REPLACE FUNCTION keep_ledger_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE wrong bigint;
BEGIN
    SELECT e.id INTO wrong FROM new_legs t JOIN ledger_entries e ON e.id = t.entry_id
        WHERE e.made_in <> this_transaction() OR e.effective_at <> t.effective_at LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'entry % is closed or dated otherwise: a leg joins only in the transaction that makes its entry',
            wrong USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT t.id INTO wrong FROM new_legs t JOIN ledger_transfers p ON p.id = t.pending_id
        WHERE p.phase <> 'pending' OR (p.debit_account_id, p.credit_account_id, p.amount_minor)
            <> (t.debit_account_id, t.credit_account_id, t.amount_minor) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'leg % does not end the pending leg that it names', wrong
            USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM FROM ledger_balances WHERE account_id IN (
        SELECT debit_account_id FROM new_legs UNION SELECT credit_account_id FROM new_legs)
        ORDER BY account_id FOR UPDATE;
    UPDATE ledger_balances b SET
        debits_posted_minor = debits_posted_minor + d.debits_posted,
        credits_posted_minor = credits_posted_minor + d.credits_posted,
        debits_pending_minor = debits_pending_minor + d.debits_pending,
        credits_pending_minor = credits_pending_minor + d.credits_pending
    FROM (SELECT account_id,
              sum(CASE WHEN is_debit AND phase IN ('posted', 'post') THEN amount_minor ELSE 0 END)::bigint AS debits_posted,
              sum(CASE WHEN NOT is_debit AND phase IN ('posted', 'post') THEN amount_minor ELSE 0 END)::bigint AS credits_posted,
              sum(CASE WHEN is_debit THEN pending ELSE 0 END)::bigint AS debits_pending,
              sum(CASE WHEN NOT is_debit THEN pending ELSE 0 END)::bigint AS credits_pending
          FROM (SELECT s.account_id, s.is_debit, t.phase, t.amount_minor,
                    CASE t.phase WHEN 'pending' THEN t.amount_minor WHEN 'posted' THEN 0
                         ELSE -t.amount_minor END AS pending
                FROM new_legs t CROSS JOIN LATERAL (VALUES (t.debit_account_id, true),
                    (t.credit_account_id, false)) AS s (account_id, is_debit)) legs
          GROUP BY account_id) d
    WHERE b.account_id = d.account_id;
    RETURN NULL;
END $$;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
