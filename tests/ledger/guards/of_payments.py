"""What approvals, payouts and fundings refuse."""

from tests.ledger.guards.forbidden import Guard, append_only, changed, one
from tests.ledger.guards.named import ADA, AT, CAT, NOBODY, PAYOUT, STATEMENT, entry, leg
from tests.ledger.guards.written import ACCEPTED, Insert

SECOND = {"id": PAYOUT[8], "n": "2", "idempotency_key": "'pay-2-2'", "pending_transfer_id": leg("fund")}
INVOICE = {"way": "'invoice'", "days_until_due": "14", "status": "'failed'"}

PAYMENTS = [
    one("statement_preparations", "statement_preparations_preparer_id_fkey", preparer_id=NOBODY),
    one(
        "statement_preparations",
        "statement_preparations_statement_id_content_hash_closing_m_fkey",
        content_hash="sha256('y')",
    ),
    one("statement_preparations", "statement_preparations_pkey", statement_id=STATEMENT[1], preparer_id=CAT),
    append_only("statement_preparations", "currency"),
    one("statement_approvals", "two_people", approver_id=ADA),
    one("statement_approvals", "statement_approvals_approver_id_fkey", approver_id=NOBODY),
    one(
        "statement_approvals",
        "statement_approvals_statement_id_content_hash_closing_mino_fkey",
        content_hash="sha256('y')",
    ),
    one("statement_approvals", "statement_approvals_statement_id_preparer_id_fkey", preparer_id=CAT),
    one(
        "statement_approvals",
        "statement_approvals_pkey",
        "statement_approvals_statement_id_content_hash_closing_minor_key",
        statement_id=STATEMENT[1],
    ),
    append_only("statement_approvals", "reason"),
    Guard(
        "statement_approvals",
        "approvals_are_due",
        [
            f"""INSERT INTO approval_limits (currency, at, above_minor, reason, set_by)
                VALUES ('EUR', {AT}, 0, 'x', {ADA})""",
            Insert("statement_approvals"),
        ],
        says="is above the limit of one approver",
    ),
    one("payouts", "payouts_amount_minor_check", amount_minor="0"),
    one("payouts", "approved_content", statement_id=STATEMENT[4]),
    one("payouts", "payouts_fund_entry_id_fkey", fund_entry_id="9999"),
    one("payouts", "payouts_payee_id_fkey", payee_id=NOBODY),
    one("payouts", "payouts_payer_id_fkey", payer_id=NOBODY),
    one("payouts", "payouts_pkey", id=PAYOUT[1]),
    one("payouts", "payouts_fund_entry_id_key", fund_entry_id=entry("fund")),
    one("payouts", "payouts_statement_id_key", statement_id=STATEMENT[1]),
    Guard(
        "payouts",
        "never_removed",
        [Insert("payouts"), f"DELETE FROM payouts WHERE id = {PAYOUT[3]}"],
        says="payouts is append-only",
    ),
    one("payout_attempts", "payout_attempts_amount_minor_check", "never_in_parts", amount_minor="0"),
    one("payout_attempts", "payout_attempts_check", status="'settled'"),
    one("payout_attempts", "payout_attempts_n_check", n="0"),
    one("payout_attempts", "payout_attempts_status_check", status="'lost'"),
    one("payout_attempts", "payout_attempts_payout_id_fkey", payout_id=NOBODY),
    one("payout_attempts", "payout_attempts_pending_transfer_id_fkey", pending_transfer_id="9999"),
    one("payout_attempts", "payout_attempts_pkey", id=PAYOUT[5]),
    one("payout_attempts", "payout_attempts_idempotency_key_key", idempotency_key="'pay-1'"),
    one(
        "payout_attempts",
        "payout_attempts_payout_id_n_key",
        payout_id=PAYOUT[1],
        status="'failed'",
    ),
    one("payout_attempts", "payout_attempts_pending_transfer_id_key", pending_transfer_id=leg("reserve")),
    one("payout_attempts", "payout_attempts_stripe_transfer_id_key", **ACCEPTED),
    Guard(
        "payout_attempts",
        "one_live_attempt",
        [Insert("payout_attempts"), Insert("payout_attempts", SECOND)],
        ("never_more_than_approved",),
    ),
    Guard(
        "payout_attempts",
        "never_in_parts",
        [Insert("payout_attempts", {"amount_minor": "499"})],
        says="would be sent in parts",
    ),
    Guard(
        "payout_attempts",
        "never_more_than_approved",
        [Insert("payout_attempts", {"amount_minor": "501"})],
        says="would send more than was approved",
    ),
    one("payout_attempts", "reversed_in_bounds", "never_in_parts", reversed_minor="1"),
    one("payout_attempts", "payout_attempts_bank_status_check", bank_status="'lost'"),
    one("fundings", "repaid_in_bounds", repaid_minor="-1"),
    changed(
        "payout_attempts", "never_removed", "DELETE FROM payout_attempts", "payout_attempts is append-only"
    ),
    one("fundings", "fundings_amount_minor_check", amount_minor="0"),
    one("fundings", "fundings_status_check", status="'lost'"),
    one("fundings", "fundings_advertiser_id_fkey", advertiser_id=NOBODY),
    one("fundings", "fundings_requested_by_fkey", requested_by=NOBODY),
    one("fundings", "fundings_pkey", id="'00000000-0000-0000-0000-0000000000b5'"),
    one("fundings", "fundings_idempotency_key_key", idempotency_key="'funding-1'"),
    one("fundings", "fundings_payment_intent_id_key", payment_intent_id="'pi_1'"),
    one("fundings", "one_open_funding", status="'requested'"),
    one("fundings", "asked_with_a_method", asked_at=AT),
    one("fundings", "failed_for_a_code", failure_code="'declined'"),
    one("fundings", "known_way", way="'cash'", status="'failed'"),
    one("fundings", "due_within_a_year", **(INVOICE | {"days_until_due": "366"})),
    one("fundings", "invoiced_only_by_invoice", days_until_due="14"),
    one("fundings", "sent_in_whole", **INVOICE, invoice_number="'1'"),
    one("fundings", "settled_by_its_invoice", **(INVOICE | {"status": "'settled'"})),
    one("fundings", "void_asked_in_whole", **INVOICE, void_asked_at=AT),
    one("fundings", "fundings_void_asked_by_fkey", **INVOICE, void_asked_at=AT, void_asked_by=NOBODY),
    Guard(
        "fundings",
        "fundings_invoice_id_key",
        [
            """UPDATE fundings SET way = 'invoice', days_until_due = 14, status = 'failed',
                invoice_id = 'in_1'""",
            Insert("fundings", INVOICE | {"invoice_id": "'in_1'"}),
        ],
    ),
]
