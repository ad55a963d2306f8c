"""What accounts, balances, entries and legs refuse."""

from tests.ledger.guards.forbidden import (
    FUNDED,
    OF_ACCOUNTS,
    PENDING,
    RESERVED,
    Guard,
    a_leg,
    an_entry,
    append_only,
    changed,
    legs,
    one,
)
from tests.ledger.guards.named import BLOGS, NOBODY, SHOPS, account, entry, leg
from tests.ledger.guards.written import Insert

ACCOUNTS = [
    one("ledger_accounts", "ledger_accounts_kind_check", kind="'bank'"),
    one(
        "ledger_accounts",
        "ledger_accounts_currency_check",
        kind="'credit_partner'",
        currency=f"'X-EUR-toolong-' || upper(right({BLOGS}, 12))",
    ),
    one("ledger_accounts", "ledger_accounts_check", counterparty_id=SHOPS),
    one("ledger_accounts", "credit_is_no_money", currency="'X-EUR-1'"),
    one("ledger_accounts", "ledger_accounts_holder_id_fkey", holder_id=NOBODY),
    one("ledger_accounts", "ledger_accounts_counterparty_id_fkey", counterparty_id=NOBODY),
    one("ledger_accounts", "ledger_accounts_kind_holder_id_counterparty_id_currency_key", currency="'EUR'"),
    one(
        "ledger_accounts",
        "ledger_accounts_pkey",
        "ledger_balances_pkey",
        id=account("pay"),
    ),
    append_only("ledger_accounts", "currency"),
    changed(
        "ledger_balances",
        "ledger_balances_debits_posted_minor_check",
        f"UPDATE ledger_balances SET debits_posted_minor = -1 WHERE account_id = {account('pay')}",
        "",
    ),
    changed(
        "ledger_balances",
        "ledger_balances_credits_posted_minor_check",
        f"UPDATE ledger_balances SET credits_posted_minor = -1 WHERE account_id = {account('recv')}",
        "",
    ),
    changed(
        "ledger_balances",
        "ledger_balances_debits_pending_minor_check",
        f"UPDATE ledger_balances SET debits_pending_minor = -1 WHERE account_id = {account('pay')}",
        "",
    ),
    changed(
        "ledger_balances",
        "ledger_balances_credits_pending_minor_check",
        f"UPDATE ledger_balances SET credits_pending_minor = -1 WHERE account_id = {account('recv')}",
        "",
    ),
    Guard(
        "ledger_balances",
        "never_more_than_there_is",
        [
            Insert("ledger_entries"),
            Insert(
                "ledger_transfers",
                {
                    "debit_account_id": account("pay_pending"),
                    "credit_account_id": account("pay"),
                    "amount_minor": "301",
                },
            ),
        ],
    ),
    changed(
        "ledger_balances",
        "ledger_balances_account_id_currency_is_debit_normal_fkey",
        "UPDATE ledger_balances SET currency = 'USD'",
        "",
    ),
    one("ledger_balances", "ledger_balances_pkey"),
    changed("ledger_balances", "balances_stay", "DELETE FROM ledger_balances", "as long as its account"),
]
ENTRIES = [
    an_entry("ledger_entries_kind_check", kind="'gift'"),
    an_entry("ledger_entries_made_in_check", "keep_balances", made_in="'1'"),
    an_entry("ledger_entries_pkey", "keep_balances", *OF_ACCOUNTS, id=entry("accrue"), currency="'USD'"),
    an_entry("ledger_entries_key_key", key="'march accrue'"),
    Guard("ledger_entries", "has_legs", [Insert("ledger_entries")], says="has no legs"),
    append_only("ledger_entries", "kind", "ledger_entries_made_in_check"),
    a_leg("ledger_transfers_amount_minor_check", amount_minor="0"),
    a_leg("ledger_transfers_leg_check", leg="0"),
    a_leg("ledger_transfers_phase_check", phase="'perhaps'", **FUNDED),
    a_leg("ledger_transfers_check", credit_account_id=account("recv")),
    a_leg("ledger_transfers_check1", "never_more_than_there_is", **RESERVED),
    a_leg("ledger_transfers_commission_id_fkey", commission_id="9999"),
    a_leg("ledger_transfers_debit_account_id_currency_fkey", debit_account_id="9999"),
    a_leg("ledger_transfers_credit_account_id_currency_fkey", credit_account_id="9999"),
    a_leg("ledger_transfers_pending_id_fkey", phase="'void'", pending_id="9999", **FUNDED),
    Guard("ledger_transfers", "ledger_transfers_entry_id_currency_fkey", [Insert("ledger_transfers")]),
    a_leg("ledger_transfers_pkey", id=leg("accrue")),
    legs("ledger_transfers_entry_id_leg_key", {}, {"id": "9001"}),
    legs(
        "a_pending_leg_ends_once",
        {**RESERVED, "phase": "'void'"},
        {**RESERVED, "phase": "'void'", "id": "9001", "leg": "2"},
        *PENDING,
    ),
    append_only("ledger_transfers", "leg"),
    Guard(
        "ledger_transfers",
        "keep_balances",
        [Insert("ledger_transfers", {"entry_id": entry("accrue"), "leg": "2"})],
        says="a leg joins only in the transaction that makes its entry",
    ),
]
