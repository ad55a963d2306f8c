"""Which rows each brand may read, table by table, said once more and without the walls' own words.

A condition is about the row ``t`` of its table and the brand ``$1``; the owner of the tables asks it.
"""

from collections.abc import Mapping

_OF_PARTNERSHIP = "$1 IN (SELECT unnest(ARRAY[advertiser_id, partner_id]) FROM partnerships WHERE id = {})"
_OF_AGREEMENT = f"""EXISTS (SELECT FROM agreements a WHERE a.id = t.agreement_id
    AND {_OF_PARTNERSHIP.format("a.partnership_id")})"""
_OF_STATEMENT = (
    "EXISTS (SELECT FROM statements s WHERE s.id = t.statement_id AND $1 IN (s.payee_id, s.payer_id))"
)
_OF_COMMISSION = """EXISTS (SELECT FROM commissions c WHERE c.id = t.commission_id
    AND $1 IN (c.advertiser_id, c.partner_id, c.charity_id))"""
_DUE_OF_TAX = """EXISTS (SELECT FROM ledger_transfers x JOIN ledger_accounts a ON a.id = x.debit_account_id
    WHERE x.id = {0}.transfer_id AND {0}.commission_id IS NULL AND $1 IN (a.holder_id, a.counterparty_id))"""
_CLAWBACK = f"{_OF_COMMISSION} OR {_DUE_OF_TAX.format('t')}"
_OF_CLAWBACK = f"""EXISTS (SELECT FROM clawbacks b LEFT JOIN commissions c ON c.id = b.commission_id
    WHERE b.transfer_id = t.clawback_id
    AND ($1 IN (c.advertiser_id, c.partner_id, c.charity_id) OR {_DUE_OF_TAX.format("b")}))"""
_OF_CONVERSION = """$1 IN (SELECT brand_id FROM conversions WHERE id = {0} UNION ALL
    SELECT p.partner_id FROM credits c JOIN partnerships p ON p.id = c.partnership_id
    WHERE c.conversion_id = {0} UNION ALL
    SELECT (jsonb_path_query(d.candidates, '$[*].partner') #>> '{{}}')::uuid FROM decisions d
    WHERE d.conversion_id = {0})"""
_OF_OWN_PROGRAM = "$1 = (SELECT brand_id FROM programs WHERE id = t.program_id)"
_OF_PARTNERED = "EXISTS (SELECT FROM partnerships p WHERE p.program_id = {} AND p.partner_id = $1 AND ({}))"
_OF_ACCOUNT = (
    "EXISTS (SELECT FROM ledger_accounts a WHERE a.id IN ({}) AND $1 IN (a.holder_id, a.counterparty_id))"
)
_WHILE_PARTNERS = "p.status NOT IN ('ended', 'declined')"
_WHILE_USED = "p.status IN ('in_review', 'active', 'paused')"
_NO_BRAND = "false"

ROWS_OF: Mapping[str, str] = {
    "adjustments": _OF_PARTNERSHIP.format("t.partnership_id"),
    "agreement_charities": "$1 IN (t.advertiser_id, t.partner_id, t.charity_id)",
    "agreement_documents": _OF_AGREEMENT,
    "agreement_parties": _OF_AGREEMENT,
    "agreements": _OF_PARTNERSHIP.format("t.partnership_id"),
    "api_keys": "t.brand_id = $1",
    "approval_limits": _NO_BRAND,
    "audit_records": "$1 IN (t.brand_id, t.other_brand_id)",
    "audit_salts": _NO_BRAND,
    "audit_seal_members": """EXISTS (SELECT FROM audit_records r
        WHERE r.id = t.record_id AND $1 IN (r.brand_id, r.other_brand_id))""",
    "audit_seals": "true",
    "brands": """t.id = $1 OR EXISTS (SELECT FROM partnerships p
        WHERE (p.advertiser_id, p.partner_id) IN ((t.id, $1), ($1, t.id)))
        OR EXISTS (SELECT FROM agreement_charities x WHERE t.id = x.charity_id
            AND $1 IN (x.advertiser_id, x.partner_id) OR (t.id, $1) = (x.advertiser_id, x.charity_id))""",
    "candidacies": "t.partner_id = $1",
    "charities": _NO_BRAND,
    "clawback_settlements": _OF_CLAWBACK,
    "clawbacks": _CLAWBACK,
    "clicks": "$1 IN (t.advertiser_id, t.partner_id)",
    "cases": _NO_BRAND,
    "codes": "$1 IN (t.advertiser_id, t.partner_id)",
    "clawback_contests": _OF_CLAWBACK,
    "commission_holds": _OF_COMMISSION,
    "commission_releases": _OF_COMMISSION,
    "commission_revisions": _OF_COMMISSION,
    "commissions": "$1 IN (t.advertiser_id, t.partner_id, t.charity_id)",
    "contest_decisions": _OF_CLAWBACK,
    "conversions": _OF_CONVERSION.format("t.id"),
    "creatives": f"""{_OF_OWN_PROGRAM} OR (t.withdrawn_at IS NULL AND
        {_OF_PARTNERED.format("t.program_id", _WHILE_USED)})""",
    "credits": _OF_PARTNERSHIP.format("t.partnership_id"),
    "credit_redemption_cancels": """EXISTS (SELECT FROM credit_redemptions r
        WHERE r.id = t.redemption_id AND $1 IN (r.advertiser_id, r.partner_id))""",
    "credit_redemptions": "$1 IN (t.advertiser_id, t.partner_id)",
    "customer_keys": "$1 = (SELECT brand_id FROM customers WHERE id = t.customer_id)",
    "customers": "t.brand_id = $1",
    "decisions": _OF_CONVERSION.format("t.conversion_id"),
    "ended_memberships": "t.brand_id = $1",
    "entitlement_ends": """EXISTS (SELECT FROM entitlements e
        WHERE e.id = t.entitlement_id AND $1 IN (e.advertiser_id, e.partner_id))""",
    "entitlements": "$1 IN (t.advertiser_id, t.partner_id)",
    "erasures": "t.brand_id = $1",
    "exchange_rates": _NO_BRAND,
    "first_approvals": _OF_STATEMENT,
    "bank_payout_transfers": """EXISTS (SELECT FROM bank_payouts b
        WHERE b.id = t.bank_payout_id AND b.brand_id = $1)""",
    "bank_payouts": "t.brand_id = $1",
    "former_stripe_accounts": "t.brand_id = $1",
    "fundings": "t.advertiser_id = $1",
    "identifications": "$1 = (SELECT brand_id FROM customers WHERE id = t.customer_id)",
    "invitations": """t.brand_id = $1
        OR $1 = (SELECT advertiser_id FROM partnerships WHERE id = t.partnership_id)""",
    "kept_forms": _NO_BRAND,
    "ledger_accounts": "$1 IN (t.holder_id, t.counterparty_id)",
    "ledger_balances": _OF_ACCOUNT.format("t.account_id"),
    "ledger_checks": _NO_BRAND,
    "ledger_entries": f"""EXISTS (SELECT FROM ledger_transfers l WHERE l.entry_id = t.id
        AND {_OF_ACCOUNT.format("l.debit_account_id, l.credit_account_id")})""",
    "ledger_transfers": _OF_ACCOUNT.format("t.debit_account_id, t.credit_account_id"),
    "letters": _NO_BRAND,
    "links": "$1 IN (t.advertiser_id, t.partner_id)",
    "members": "t.id IN (SELECT member_id FROM memberships WHERE brand_id = $1)",
    "memberships": "t.brand_id = $1",
    "notification_choices": _NO_BRAND,
    "notification_hours": _NO_BRAND,
    "notifications": _NO_BRAND,
    "order_rates": _OF_CONVERSION.format("t.conversion_id"),
    "partnership_notices": "$1 IN (t.advertiser_id, t.partner_id)",
    "partnerships": "$1 IN (t.advertiser_id, t.partner_id)",
    "passkey_challenges": _NO_BRAND,
    "password_resets": _NO_BRAND,
    "payout_attempts": """EXISTS (SELECT FROM payouts o
        WHERE o.id = t.payout_id AND $1 IN (o.payee_id, o.payer_id))""",
    "payout_releases": """EXISTS (SELECT FROM payouts o
        WHERE o.id = t.payout_id AND $1 IN (o.payee_id, o.payer_id))""",
    "payouts": "$1 IN (t.payee_id, t.payer_id)",
    "pending_sign_ins": _NO_BRAND,
    "pgqueuer_log": _NO_BRAND,
    "objection_answers": """EXISTS (SELECT FROM statement_objections o JOIN statements s
        ON s.id = o.statement_id WHERE o.id = t.objection_id AND $1 IN (s.payee_id, s.payer_id))""",
    "program_pauses": f"""{_OF_OWN_PROGRAM} OR {_OF_PARTNERED.format("t.program_id", _WHILE_PARTNERS)}""",
    "program_versions": f"""{_OF_OWN_PROGRAM} OR
        {_OF_PARTNERED.format("t.program_id", f"{_WHILE_PARTNERS} OR t.recorded_at < p.ended_at")}""",
    "programs": f"t.brand_id = $1 OR {_OF_PARTNERED.format('t.id', _WHILE_PARTNERS)}",
    "rate_limits": "true",
    "quality_measures": _OF_PARTNERSHIP.format("t.partnership_id"),
    "rate_loads": _NO_BRAND,
    "receipts": """$1 IN (SELECT brand_id FROM conversions WHERE id = t.conversion_id UNION ALL
        SELECT p.partner_id FROM credits c JOIN partnerships p ON p.id = c.partnership_id
        WHERE (c.conversion_id, c.rev) = (t.conversion_id, t.rev) UNION ALL
        SELECT (jsonb_path_query(d.candidates, '$[*].partner') #>> '{}')::uuid FROM decisions d
        WHERE (d.conversion_id, d.rev) = (t.conversion_id, t.rev))""",
    "reconciliations": _NO_BRAND,
    "recovery_codes": _NO_BRAND,
    "refunds": """$1 IN (SELECT brand_id FROM conversions WHERE id = t.conversion_id UNION ALL
        SELECT p.partner_id FROM credits c JOIN partnerships p ON p.id = c.partnership_id
        WHERE c.conversion_id = t.conversion_id)""",
    "replays": _OF_OWN_PROGRAM,
    "retentions": _NO_BRAND,
    "reward_credits": "$1 IN (t.advertiser_id, t.partner_id)",
    "reward_moves": """EXISTS (SELECT FROM reward_credits c
        WHERE c.id = t.credit_id AND $1 IN (c.advertiser_id, c.partner_id))""",
    "rewarded_programs": _OF_OWN_PROGRAM,
    "second_factors": _NO_BRAND,
    "self_billing_agreements": "$1 IN (t.payee_id, t.payer_id)",
    "sessions": "t.brand_id = $1",
    "signatures": _OF_AGREEMENT,
    "statement_approvals": _OF_STATEMENT,
    "statement_objections": _OF_STATEMENT,
    "statement_documents": _OF_STATEMENT,
    "statement_lines": _OF_STATEMENT,
    "prepaid_returns": """EXISTS (SELECT FROM fundings f
        WHERE f.id = t.funding_id AND f.advertiser_id = $1)""",
    "statement_preparations": _OF_STATEMENT,
    "write_offs": f"t.status = 'approved' AND {_OF_CLAWBACK}",
    "statements": "$1 IN (t.payee_id, t.payer_id)",
    "stopped_streams": _NO_BRAND,
    "stream_checkpoints": _NO_BRAND,
    "stripe_accounts": "t.brand_id = $1",
    "stripe_events": _NO_BRAND,
    "stripe_transactions": _NO_BRAND,
    "stripe_movements": """EXISTS (SELECT FROM fundings f
        WHERE f.id = t.funding_id AND f.advertiser_id = $1) OR EXISTS (
            SELECT FROM payout_attempts a JOIN payouts o ON o.id = a.payout_id
            WHERE a.id = t.attempt_id AND $1 IN (o.payee_id, o.payer_id))""",
    "tax_profiles": """t.brand_id = $1 OR EXISTS (SELECT FROM partnerships p
        WHERE (p.advertiser_id, p.partner_id) IN ((t.brand_id, $1), ($1, t.brand_id)))""",
    "terms": _OF_PARTNERSHIP.format("t.partnership_id"),
    "test_facts": "t.brand_id = $1",
    "touches": "$1 IN (t.brand_id, t.partner_id)",
    "trials": "t.brand_id = $1",
    "unaccrued_conversions": "$1 = (SELECT advertiser_id FROM partnerships WHERE id = t.partnership_id)",
    "undecided_conversions": "$1 = (SELECT brand_id FROM conversions WHERE id = t.conversion_id)",
    "unmeasured_perks": "$1 = (SELECT advertiser_id FROM partnerships WHERE id = t.partnership_id)",
    "unmoved_commissions": _OF_COMMISSION,
    "unposted_moves": "$1 = (SELECT advertiser_id FROM reward_credits WHERE id = t.credit_id)",
    "unrewarded_customers": "$1 = (SELECT brand_id FROM customers WHERE id = t.customer_id)",
    "unsealed_audit_records": _NO_BRAND,
}

VIEWS: Mapping[str, str] = {
    "charity_names": "true",
    "contracts_of_gifts": """$1 IN (t.advertiser_id, t.charity_id) OR $1 IN (
        SELECT p.partner_id FROM partnerships p JOIN agreements g ON g.partnership_id = p.id
        WHERE g.id = t.agreement_id)""",
    "current_decisions": f"""{_OF_CONVERSION.format("t.conversion_id")}""",
    "current_targets": _OF_COMMISSION,
    "member_names": """t.id IN (SELECT member_id FROM memberships WHERE brand_id = $1)
        OR EXISTS (SELECT FROM statements s LEFT JOIN statement_preparations o ON o.statement_id = s.id
            LEFT JOIN statement_approvals a ON a.statement_id = s.id
            WHERE t.id IN (o.preparer_id, a.approver_id) AND $1 IN (s.payee_id, s.payer_id))""",
    "open_clawbacks": _CLAWBACK,
    "payees": _OF_PARTNERSHIP.format("t.partnership_id"),
    "set_apart": _OF_COMMISSION,
    "refunds_in_force": ROWS_OF["refunds"],
    "program_names": f"""t.id IN (SELECT id FROM programs WHERE brand_id = $1)
        OR {_OF_PARTNERED.format("t.id", "true")}""",
}

READABLE: Mapping[str, str] = {**ROWS_OF, **VIEWS}

WITHOUT_WALL: Mapping[str, str] = {
    "migration": "says which migrations ran",
    "pgqueuer": "the web role adds jobs and may not read what they carry; the rest is numbers and times",
    "pgqueuer_schedules": "the web role may not read it",
    "pgqueuer_statistics": "the web role may not read it",
    "simulated_clock": "one row says what time it is for everybody",
    "visitor_salts": "the redirect's own; the web role may not read it",
}

FOR_EVERYBODY: Mapping[str, str] = {
    "charity_names": "what the operator publishes, so that terms can name a charity",
    "audit_seals": "counts and hashes, which both sides of a partnership may keep elsewhere",
    "rate_limits": "keyed hashes of nobody in particular, counted before anybody is known",
}

ADDED_BY_EVERY_BRAND: Mapping[str, str] = {"brands": "an advertiser brings a company in that is new here"}

ADDED_BY_ANYBODY: Mapping[str, str] = {
    "audit_records": "what is done before anybody is known is recorded too",
    "letters": "a letter may be posted before anybody is known; nobody but the worker opens it",
    "pgqueuer_log": "the queue notes each job that is asked for",
    "rate_limits": "counted before anybody is known",
}

RUN_WITH_THE_OWNERS_RIGHTS: Mapping[str, str] = {
    "api_key_behind": "one key, to whoever holds it",
    "audit_actor_name": "one name, to the brands that the record concerns",
    "ensure_click_partition": "makes an empty partition and hides it",
    "forget_for_audit": "destroys salts, which nobody reads",
    "has_people": "whether a brand has any people, and not who",
    "hash_for_audit": "a salted hash of what the caller knows already",
    "known_behind": "whether anybody stands behind a click, to the brands that it led from and to",
    "notify_people": "how many people learn a fact that the caller makes",
    "number_of_version": "the number of a version whose id the caller read in a decision",
    "ordered_after": "conversions after a click, of those that the brand sees anyhow",
    "orders_received": "whether an advertiser received an order, to a partner of its program at the time",
    "session_behind": "one session, to whoever holds its token",
}
"""Functions that look past the walls and that the web role may call, each with what little it tells."""
