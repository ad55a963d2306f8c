"""Read what of commissions was to be taken back and lapsed at the end of their partnership."""

from collections.abc import Sequence

from partner_network.database.connections import Connection


async def lapsed_minor(connection: Connection, commission_ids: Sequence[int]) -> dict[int, int]:
    """Return by commission what of its clawbacks lapsed, less what it earned again since; in minor units.

    What is earned again makes it due once more, which no other `restore` does.
    """
    if not commission_ids:
        return {}
    rows = await connection.fetch(
        """SELECT i.id, x.lapsed - y.again AS minor FROM unnest($1::bigint[]) AS i (id)
           CROSS JOIN LATERAL (SELECT coalesce(sum(s.amount_minor), 0)::bigint AS lapsed
               FROM clawbacks c JOIN clawback_settlements s
                   ON s.clawback_id = c.transfer_id AND s.kind IN ('forgiven', 'written_off')
               WHERE c.commission_id = i.id) x
           CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount_minor), 0)::bigint AS again
               FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id AND e.kind = 'restore'
               JOIN ledger_accounts a ON a.id = t.debit_account_id AND a.kind = 'clawback_due'
               WHERE x.lapsed > 0 AND t.commission_id = i.id) y
           WHERE x.lapsed > y.again""",
        commission_ids,
    )
    return {row["id"]: row["minor"] for row in rows}
