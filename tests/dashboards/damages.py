"""What somebody might change behind everybody's back, a row at a time, and where the proof must see it."""

from msgspec import Struct

# In these, nothing is of consequence for money, or a row says only that work waits.
WITHOUT_MONEY = {
    "agreement_charities",
    "agreement_documents",
    "api_keys",
    "audit_salts",
    "charities",
    "creatives",
    "entitlement_ends",
    "erasures",
    "invitations",
    "kept_forms",
    "ledger_checks",
    "letters",
    "links",
    "members",
    "migration",
    "cases",
    "bank_payout_transfers",
    "bank_payouts",
    # nothing ends in the lived network; tests/agreements/test_ending_in_money damages them
    "partnership_notices",
    "program_pauses",
    "former_stripe_accounts",
    "passkey_challenges",
    "payout_releases",
    # in the lived network nothing that was paid in is over; tests/payouts/test_returns damages them
    "prepaid_returns",
    # in the lived network no partnership ends; tests/statements/test_write_offs damages them
    "write_offs",
    "pending_sign_ins",
    "password_resets",
    "pgqueuer",
    "pgqueuer_log",
    "pgqueuer_schedules",
    "pgqueuer_statistics",
    "notification_choices",
    "notification_hours",
    "notifications",
    "rate_limits",
    "replays",
    "rewarded_programs",
    "retentions",
    "reconciliations",
    "recovery_codes",
    "second_factors",
    "self_billing_agreements",
    "sessions",
    "simulated_clock",
    "statement_documents",
    "stopped_streams",
    "stripe_events",
    # a copy of Stripe's own list, which a comparison reads whole when it does not come to the balance
    "stripe_transactions",
    # the lived network charges the rates that its brands came with; tests/brands holds the dated ones
    "tax_profiles",
    "test_facts",
    "trials",
    "unaccrued_conversions",
    "undecided_conversions",
    "unmoved_commissions",
    "unmeasured_perks",
    "unposted_moves",
    "unrewarded_customers",
    "unsealed_audit_records",
    "visitor_salts",
}


class Damage(Struct, frozen=True):
    """One row changed; `kind` of the proof must fail with a sentence in which `names` is found."""

    table: str
    change: str
    where: str
    kind: str
    names: str


def _order(order_id: str) -> str:
    shop = "(SELECT id FROM brands WHERE slug = 'tune-house')"
    return f"(SELECT id FROM conversions WHERE order_id = '{order_id}' AND brand_id = {shop})"


BOB, EVE, JON, NED = _order("00002"), _order("00005"), _order("00008"), _order("00031")
LEA = _order("00043")
RADIO = "(SELECT id FROM brands WHERE slug = 'night-radio')"
WEEKLY = "(SELECT id FROM brands WHERE slug = 'vinyl-weekly')"
RADIO_FEBRUARY = "(SELECT id FROM statements WHERE number = 'TUNE-HOUSE-NIGHT-RADIO-2026-02-USD')"
SMALL_FEBRUARY = "(SELECT id FROM statements WHERE number = 'TUNE-HOUSE-NEEDLE-DROP-2026-02-USD')"
RADIO_PARTNERSHIP = f"(SELECT id FROM partnerships WHERE partner_id = {RADIO})"
BOBS = f"(SELECT id FROM commissions WHERE conversion_id = {BOB})"
BOBS_MATURITY = f"(SELECT id FROM ledger_entries WHERE key = 'mature:' || {BOBS})"
BOBS_CLAWBACK = f"(SELECT transfer_id FROM clawbacks WHERE commission_id = {BOBS})"
FIRST_SIGNING = "(SELECT min(id) FROM audit_records WHERE verb = 'sign')"
MIA = "(SELECT id FROM members WHERE email = 'mia@network.test')"
MEASURED = f"""measured_on = '2026-03-01' AND partnership_id = (
    SELECT id FROM partnerships WHERE partner_id = {WEEKLY})"""

DEES_CREDIT = (
    f"(SELECT id FROM reward_credits WHERE reward = 'welcome' AND conversion_id = {_order('00004')})"
)
FIRST_MOVE = f"credit_id = {DEES_CREDIT} AND rev = 1"
TILL = "key = 'till-1'"

LAST_OF_RADIO = f"""partnership_id = {RADIO_PARTNERSHIP} AND starts_at = (
    SELECT max(starts_at) FROM stream_checkpoints WHERE partnership_id = {RADIO_PARTNERSHIP})"""

DAMAGES = [
    Damage(
        "stream_checkpoints",
        "state = jsonb_set(state, '{components,sales,metric}', '1')",
        LAST_OF_RADIO,
        "commissions",
        "checkpoint of night-radio .* component 'sales' up as 1 in",
    ),
    Damage(
        "stream_checkpoints",
        "state = jsonb_set(state, '{components,sales,earned}', '1')",
        LAST_OF_RADIO,
        "commissions",
        "earning 1 millionths; the orders up to its last one come to",
    ),
    Damage(
        "stream_checkpoints",
        "last_order = 'x'",
        LAST_OF_RADIO,
        "commissions",
        "ends with an order at .* that the stream does not have",
    ),
    Damage(
        "stream_checkpoints",
        "ends_at = ends_at + interval '1 day'",
        LAST_OF_RADIO,
        "commissions",
        "checkpoint of night-radio with tune-house .* is of no span",
    ),
    Damage(
        "stream_checkpoints",
        'state = \'{"components": 1, "bonuses": {}}\'',
        LAST_OF_RADIO,
        "commissions",
        "cannot be read",
    ),
    Damage("reward_credits", "worth = '[]'", f"id = {DEES_CREDIT}", "rewards", "'welcome' on the sale 00004"),
    Damage("reward_credits", "kind = 'partner_credit'", f"id = {DEES_CREDIT}", "rewards", "another kind"),
    Damage("reward_credits", "currency = 'EUR'", f"id = {DEES_CREDIT}", "rewards", "currency"),
    Damage(
        "reward_moves", "face_minor = face_minor + 9", FIRST_MOVE, "rewards", "Move 1 .granted. of Credit"
    ),
    Damage("reward_moves", "at = at - interval '1 day'", FIRST_MOVE, "rewards", "sale 00004"),
    Damage("credit_redemptions", "amount_minor = 401", TILL, "rewards", "is of 401, but 400 was taken"),
    Damage("credit_redemptions", "redeemed_at = '2026-04-01'", TILL, "rewards", "of another time"),
    Damage("credit_redemption_cancels", "cancelled_at = '2026-04-01'", "true", "rewards", "of another time"),
    Damage("entitlements", "ends_at = '2026-12-01'", "period = '2026-01'", "rewards", "longer or shorter"),
    Damage("brands", "tax_rate_ppm = 98_750", f"id = {RADIO}", "statements", "NIGHT-RADIO-2026-02-USD.*tax:"),
    Damage(
        "programs", "created_at = '2026-06-01'", "slug = 'tune-house-records'", "conversions", "sale 0000"
    ),
    Damage(
        "program_versions",
        "policy_toml = replace(policy_toml, 'linear', 'time_decay')",
        "policy_toml ~ 'linear'",
        "agreements",
        "tune-house-records/.*another policy",
    ),
    Damage(
        "partnerships",
        "active_from = active_from + interval '1 s'",
        f"id = {RADIO_PARTNERSHIP}",
        "agreements",
        "night-radio with tune-house is active from",
    ),
    Damage(
        "partnerships",
        "ended_at = '2026-02-01'",
        f"id = {RADIO_PARTNERSHIP}",
        "agreements",
        "night-radio with tune-house ends at 2026-02-01.*the notice that stands says None",
    ),
    Damage(
        "memberships",
        "role = 'manager'",
        "member_id = (SELECT id FROM members WHERE email = 'art@network.test')",
        "approvals",
        "may not approve statements",
    ),
    Damage(
        "memberships",
        "role = 'viewer'",
        "member_id = (SELECT id FROM members WHERE email = 'olga@night-radio.test')",
        "agreements",
        "no owner",
    ),
    Damage("ended_memberships", "role = 'viewer'", "role = 'owner'", "agreements", "vinyl-weekly.*no owner"),
    Damage(
        "ended_memberships",
        "created_at = created_at + interval '1 day'",
        "role = 'owner'",
        "agreements",
        "vinyl-weekly.*no owner",
    ),
    Damage(
        "agreements",
        "terms_toml = replace(terms_toml, '100000', '110000')",
        f"partnership_id = {RADIO_PARTNERSHIP}",
        "agreements",
        "tune-house-records/night-radio/1 has the fingerprint",
    ),
    Damage(
        "agreements",
        "contract_version = '2026-10'",
        f"partnership_id = {RADIO_PARTNERSHIP}",
        "agreements",
        "tune-house-records/night-radio/1 can no longer be read",
    ),
    Damage(
        "agreement_parties",
        """parties = jsonb_set(parties, '{courts}', '"Elsewhere"')""",
        f"agreement_id = (SELECT id FROM agreements WHERE partnership_id = {RADIO_PARTNERSHIP})",
        "agreements",
        "night-radio/1 has the fingerprint",
    ),
    Damage(
        "signatures",
        "signed_at = signed_at + interval '1 day'",
        f"brand_id = {RADIO}",
        "agreements",
        "night-radio with tune-house is active from",
    ),
    Damage(
        "signatures",
        "member_id = (SELECT id FROM members",
        f"email = 'mia@network.test') WHERE brand_id = {RADIO}",
        "agreements",
        "signature of night-radio.*no owner",
    ),
    Damage(
        "terms",
        "valid = tstzrange(lower(valid) - interval '1 day', NULL)",
        f"partnership_id = {RADIO_PARTNERSHIP}",
        "agreements",
        "terms of night-radio with tune-house hold from",
    ),
    Damage(
        "customers", "external_id = 'bobby'", "external_id = 'bob'", "conversions", "sale 00002 of tune-house"
    ),
    Damage(
        "customers",
        "pseudonym = sha256('x')",
        "external_id = 'bob'",
        "conversions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "customers",
        "external_id = NULL, erased_at = now()",
        "external_id = 'bob'",
        "conversions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "customer_keys",
        "pseudonym_key = sha256('x')",
        "customer_id = (SELECT id FROM customers WHERE external_id = 'bob')",
        "conversions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "clicks_default",
        "excluded = 'bot'",
        f"click_id = (SELECT click_id FROM conversions WHERE id = {BOB})",
        "decisions",
        "sale 00002 of tune-house is attributed.*facts give unattributed",
    ),
    Damage(
        "clicks_default",
        "at = at + interval '1 hour', recorded_at = recorded_at + interval '1 hour'",
        f"click_id = (SELECT click_id FROM conversions WHERE id = {BOB})",
        "clicks",
        "does not agree with itself",
    ),
    Damage(
        "clicks_default",
        "consent = 'denied'",
        f"click_id = (SELECT click_id FROM conversions WHERE id = {BOB})",
        "decisions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "identifications",
        "recorded_at = '2026-02-10'",
        f"customer_id = (SELECT customer_id FROM conversions WHERE id = {JON})",
        "decisions",
        "sale 00008 of tune-house",
    ),
    Damage("codes", "folded = 'radio11'", f"partner_id = {RADIO}", "touches", "RADIO10.*as another"),
    Damage(
        "codes",
        "withdrawn_at = created_at",
        f"partner_id = {RADIO}",
        "touches",
        "sale 00031 of tune-house names the code ' radio10'",
    ),
    Damage(
        "touches",
        "at = at - interval '1 s'",
        "conversion_id IS NOT NULL",
        "touches",
        "sale 00031 of tune-house names the code ' radio10'",
    ),
    Damage(
        "touches", "at = at - interval '1 s'", "touch_id = 'T-ned'", "touches", "Touch T-ned.*no longer what"
    ),
    Damage(
        "touches",
        "recorded_at = '2026-06-01'",
        "touch_id = 'T-ned'",
        "decisions",
        "sale 00031 of tune-house",
    ),
    Damage("conversions", "code = 'RADIO10'", f"id = {NED}", "conversions", "sale 00031 of tune-house"),
    Damage(
        "conversions", "net_minor = net_minor + 1", f"id = {EVE}", "conversions", "sale 00005 of tune-house"
    ),
    Damage(
        "conversions",
        "occurred_at = occurred_at - interval '1 s'",
        f"id = {BOB}",
        "conversions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "conversions",
        """lines = '[{"id": "1", "net_minor": 9000}]'""",
        f"id = {BOB}",
        "conversions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "refunds",
        "net_minor = net_minor - 1",
        f"conversion_id = {BOB}",
        "refunds",
        "R-00002-0305 of the sale 00002",
    ),
    Damage(
        "refunds",
        "at = at - interval '1 s'",
        f"conversion_id = {BOB}",
        "refunds",
        "R-00002-0305 of the sale 00002",
    ),
    Damage(
        "adjustments",
        "minor = minor + 1",
        f"conversion_id = {BOB}",
        "commissions",
        "night-radio on the sale 00002 of tune-house is booked as 250; facts and terms give 251",
    ),
    Damage(
        "quality_measures",
        "customers = customers + 1",
        MEASURED,
        "commissions",
        "measure 'stayed' of vinyl-weekly with tune-house at 2026-03-01 is stored as 0 of 3.*give 0 of 2",
    ),
    Damage(
        "quality_measures",
        "retained = retained + 1",
        MEASURED,
        "commissions",
        "measure 'stayed' of vinyl-weekly with tune-house at 2026-03-01 is stored as 1 of 2.*give 0 of 2",
    ),
    Damage("quality_measures", "rule = 'left'", MEASURED, "commissions", "'left'.*no rule that they signed"),
    Damage(
        "quality_measures", "measured_on = '2026-03-02'", MEASURED, "commissions", "no first day of a month"
    ),
    Damage(
        "quality_measures",
        "recorded_at = recorded_at - interval '1 year'",
        MEASURED,
        "commissions",
        "measure.*taken before its date",
    ),
    Damage(
        "decisions",
        "outcome = 'unattributed'",
        f"conversion_id = {BOB}",
        "decisions",
        "sale 00002 of tune-house is unattributed",
    ),
    Damage(
        "decisions",
        "candidates = '[]'",
        f"conversion_id = {BOB}",
        "decisions",
        "sale 00002 of tune-house lists other candidates",
    ),
    Damage(
        "decisions",
        "candidates = '[]', decided_at = '2026-01-19'",
        f"conversion_id = {JON} AND rev = 1",
        "decisions",
        "Decision 1 on the sale 00008",
    ),
    Damage(
        "credits",
        "weight_numerator = 2",
        f"conversion_id = {BOB}",
        "decisions",
        "sale 00002 of tune-house.*: 2 to",
    ),
    Damage(
        "credits",
        "touched_at = touched_at - interval '1 s'",
        f"conversion_id = {BOB}",
        "decisions",
        "sale 00002 of tune-house",
    ),
    Damage(
        "exchange_rates",
        "rate = 0.9",
        "day = '2026-04-30' AND quote = 'GBP'",
        "rates",
        r"sale 00043 of tune-house to USD is 25/16 \(cross through EUR, .*2026-04-30\); .* gives 25/18",
    ),
    Damage(
        "exchange_rates",
        "load_id = (SELECT min(id) FROM rate_loads)",
        "day = '2026-05-01' AND quote = 'USD'",
        "rates",
        "sale 0004. of tune-house to USD is .*; what was published by then gives",
    ),
    Damage(
        "rate_loads",
        "loaded_at = '2026-05-06'",
        "id = (SELECT min(id) FROM rate_loads)",
        "rates",
        "cites load .*, which was not there yet",
    ),
    Damage(
        "order_rates", "numerator = 26", f"conversion_id = {LEA}", "rates", "sale 00043 of tune-house to USD"
    ),
    Damage("order_rates", "day = day + 1", f"conversion_id = {LEA}", "rates", "is for 2026-05-04; the order"),
    Damage("order_rates", "via = 'JPY'", f"conversion_id = {LEA}", "rates", "cross through JPY"),
    Damage("receipts", "facts = facts || ' '", f"conversion_id = {BOB}", "receipts", "00002 has the root"),
    Damage(
        "receipts",
        "facts = replace(facts, '9000', '9001')",
        f"conversion_id = {BOB}",
        "receipts",
        "00002 was made from the facts of another order",
    ),
    Damage(
        "receipts",
        "root = set_byte(root, 0, get_byte(root, 0) # 1)",
        f"conversion_id = {BOB}",
        "receipts",
        "00002 has the root",
    ),
    Damage("receipts", "salt = sha256('x')", f"conversion_id = {BOB}", "receipts", "00002 has the root"),
    Damage(
        "receipts",
        f"partner_ids = partner_ids || {WEEKLY}",
        f"conversion_id = {BOB}",
        "receipts",
        "decision 1 on the sale 00002 of tune-house names other partners",
    ),
    Damage(
        "candidacies",
        f"partner_id = {WEEKLY}",
        f"conversion_id = {BOB}",
        "receipts",
        "vinyl-weekly may read the sale 00002 of tune-house and was no candidate",
    ),
    Damage(
        "commissions",
        "matures_at = matures_at + interval '1 day'",
        f"id = {BOBS}",
        "commissions",
        "sale 00002 of tune-house matures at",
    ),
    Damage(
        "commissions",
        "matured_at = matured_at + interval '1 day'",
        f"id = {BOBS}",
        "maturities",
        "sale 00002 of tune-house matured at",
    ),
    Damage(
        "commissions",
        "period = '2026-02'",
        f"id = {BOBS}",
        "commissions",
        "sale 00002 of tune-house counts in 2026-02",
    ),
    Damage("commissions", "component = 'gifts'", f"id = {BOBS}", "commissions", "gifts.*sale 00002"),
    Damage(
        "commissions",
        "earned_at = earned_at + interval '1 s'",
        "kind = 'bonus' AND period = '2026-Q1'",
        "commissions",
        "first-two.* of night-radio for 2026-Q1 is dated .* when nobody bought anything",
    ),
    Damage(
        "commissions",
        "earned_at = earned_at + interval '1 s'",
        f"id = {BOBS}",
        "commissions",
        "sale 00002 of tune-house is dated",
    ),
    Damage(
        "commission_revisions",
        "target_minor = target_minor + 1",
        f"commission_id = {BOBS} AND rev = 3",
        "commissions",
        "Revision 3 of .* sale 00002 of tune-house",
    ),
    Damage(
        "commission_revisions",
        "target_minor = target_minor + 1, inputs = jsonb_set(inputs, '{minor}', to_jsonb(target_minor + 1))",
        f"commission_id = {BOBS} AND rev = 3",
        "commissions",
        "sale 00002 of tune-house is booked as 251",
    ),
    Damage(
        "commission_revisions",
        "entry_id = entry_id - 1",
        f"commission_id = {BOBS} AND rev = 3",
        "revisions",
        "sale 00002 of tune-house names another entry",
    ),
    Damage(
        "commission_revisions",
        "clause = 'x'",
        f"commission_id = {BOBS} AND rev = 3",
        "commissions",
        "sale 00002 of tune-house cites x",
    ),
    Damage(
        "ledger_accounts",
        "kind = 'pay_disputed'",
        f"kind = 'pay_funded' AND holder_id = {RADIO}",
        "entries",
        "no longer says what was booked",
    ),
    Damage("ledger_entries", "kind = 'accrue'", f"key = 'mature:' || {BOBS}", "entries", "Entry mature:"),
    Damage(
        "ledger_entries",
        "key = 'mature:0'",
        f"key = 'mature:' || {BOBS}",
        "maturities",
        "sale 00002 .*calls for the entry mature:",
    ),
    Damage(
        "ledger_transfers",
        "amount_minor = amount_minor + 1",
        f"entry_id = {BOBS_MATURITY}",
        "entries",
        "Entry mature:",
    ),
    Damage(
        "ledger_transfers",
        "effective_at = effective_at + interval '1 day'",
        f"entry_id = {BOBS_MATURITY}",
        "entries",
        "Entry mature:.*a leg of it does not",
    ),
    Damage(
        "ledger_balances",
        "credits_posted_minor = credits_posted_minor + 1",
        f"account_id = (SELECT id FROM ledger_accounts WHERE kind = 'pay' AND holder_id = {RADIO})",
        "balances",
        "balance of pay:night-radio:tune-house in USD",
    ),
    Damage(
        "clawbacks",
        "amount_minor = amount_minor + 1",
        f"commission_id = {BOBS}",
        "clawbacks",
        "Clawback .* of 901 .* should be .* of 900",
    ),
    Damage(
        "clawbacks",
        "contest_until = contest_until - interval '1 day'",
        f"commission_id = {BOBS}",
        "clawbacks",
        "should be .* until 2026-03-15",
    ),
    Damage(
        "clawback_settlements",
        "amount_minor = amount_minor - 1",
        f"kind = 'recovered' AND clawback_id = {BOBS_CLAWBACK}",
        "revisions",
        "sale 00002 of tune-house calls for the entry .*1 from clawback_owed to clawback_due",
    ),
    Damage(
        "clawback_settlements",
        "kind = 'forgiven'",
        "kind = 'restored'",
        "clawbacks",
        "settlement restored of 100",
    ),
    Damage(
        "clawback_settlements",
        "amount_minor = amount_minor + 1",
        "kind = 'returned'",
        "clawbacks",
        "settlement returned of 25[01]",
    ),
    Damage(
        "statements",
        "totals = jsonb_set(totals, '{tax}', '256')",
        f"id = {RADIO_FEBRUARY}",
        "statements",
        "NIGHT-RADIO-2026-02-USD states the totals",
    ),
    Damage(
        "statements",
        "minimum_minor = 5000",
        f"id = {RADIO_FEBRUARY}",
        "statements",
        "NIGHT-RADIO-2026-02-USD is to be paid at a minimum of 5,000",
    ),
    Damage(
        "statements",
        "carried_reason = NULL",
        f"id = {SMALL_FEBRUARY}",
        "statements",
        "NEEDLE-DROP-2026-02-USD is to be paid",
    ),
    Damage(
        "statements",
        "content_hash = sha256('x')",
        f"id = {SMALL_FEBRUARY}",
        "statements",
        "fingerprint of other content than TUNE-HOUSE-NEEDLE-DROP-2026-02-USD",
    ),
    Damage(
        "statements",
        "number = 'X'",
        f"id = {SMALL_FEBRUARY}",
        "statements",
        "fingerprint of other content than TUNE-HOUSE-NEEDLE-DROP-2026-02-USD",
    ),
    Damage(
        "statements",
        "ends_at = ends_at + interval '1 day'",
        f"id = {SMALL_FEBRUARY}",
        "statements",
        "NEEDLE-DROP-2026-02-USD",
    ),
    Damage(
        "statement_lines",
        "kind = 'late'",
        f"statement_id = {SMALL_FEBRUARY}",
        "statements",
        "NEEDLE-DROP-2026-02-USD lists transfer",
    ),
    Damage(
        "statement_lines",
        "amount_minor = amount_minor + 1",
        f"statement_id = {SMALL_FEBRUARY}",
        "statements",
        "NEEDLE-DROP-2026-02-USD lists transfer",
    ),
    Damage(
        "statement_preparations",
        "prepared_at = '2026-02-28'",
        f"statement_id = {RADIO_FEBRUARY}",
        "approvals",
        "preparation of statement TUNE-HOUSE-NIGHT-RADIO-2026-02-USD",
    ),
    Damage(
        "statement_approvals",
        "approver_id = (SELECT id FROM members",
        f"email = 'mia@network.test') WHERE statement_id = {RADIO_FEBRUARY}",
        "approvals",
        "NIGHT-RADIO-2026-02-USD is by .* may not approve",
    ),
    Damage(
        "statement_approvals",
        "approved_at = '2026-02-28'",
        f"statement_id = {RADIO_FEBRUARY}",
        "approvals",
        "NIGHT-RADIO-2026-02-USD is of .*before it was prepared",
    ),
    Damage(
        "statement_objections",
        "at = '2026-04-01'",
        "true",
        "approvals",
        "objection to transfer .*before it was issued",
    ),
    Damage(
        "objection_answers",
        "at = '2026-04-01'",
        "true",
        "approvals",
        "answer to the objection .*before it was raised",
    ),
    Damage(
        "first_approvals",
        "approver_id = (SELECT id FROM members WHERE email = 'mia@network.test')",
        "true",
        "approvals",
        "The first approval of statement .* may not approve",
    ),
    Damage(
        "approval_limits",
        "set_by = (SELECT id FROM members WHERE email = 'pia@network.test')",
        "above_minor = 0",
        "approvals",
        "limit of USD .*may not set approval limits",
    ),
    Damage(
        "stripe_accounts",
        "account_id = 'acct_other'",
        f"brand_id = {RADIO}",
        "payouts",
        "NIGHT-RADIO-2026-02-USD went to",
    ),
    Damage(
        "fundings",
        "amount_minor = amount_minor + 1",
        "id = (SELECT min(id::text)::uuid FROM fundings)",
        "fundings",
        "Funding .* by tune-house",
    ),
    Damage(
        "fundings",
        "status = 'processing', settled_at = NULL",
        "id = (SELECT min(id::text)::uuid FROM fundings)",
        "explained",
        "Entry funding:.* follows from no fact",
    ),
    Damage(
        "fundings",
        "payment_intent_id = NULL",
        "id = (SELECT min(id::text)::uuid FROM fundings)",
        "charges",
        "names no payment",
    ),
    Damage(
        "payouts",
        "amount_minor = amount_minor + 1",
        f"statement_id = {RADIO_FEBRUARY}",
        "payouts",
        "NIGHT-RADIO-2026-02-USD is of 3,131; fundable was 3,130",
    ),
    Damage(
        "payouts",
        "payee_id = (SELECT id FROM brands",
        f"slug = 'vinyl-weekly') WHERE statement_id = {RADIO_FEBRUARY}",
        "payouts",
        "NIGHT-RADIO-2026-02-USD names other parties",
    ),
    Damage(
        "payout_attempts",
        "amount_minor = amount_minor + 1",
        "amount_minor = 3130",
        "payouts",
        "Attempt 1 .*NIGHT-RADIO-2026-02-USD is of 3,131",
    ),
    Damage(
        "payout_attempts",
        "n = 3",
        "status = 'failed'",
        "payouts",
        "Attempt 3 of Payout .* under the key pay_.*-1, which is not its own",
    ),
    Damage(
        "payout_attempts",
        "destination = 'acct_other'",
        "amount_minor = 3130",
        "payouts",
        "NIGHT-RADIO-2026-02-USD went to acct_other",
    ),
    Damage(
        "payout_attempts",
        "stripe_transfer_id = 'tr_other'",
        "amount_minor = 3130",
        "transfers",
        "NIGHT-RADIO-2026-02-USD was accepted as tr_other",
    ),
    Damage(
        "stripe_movements",
        "amount_minor = amount_minor + 1",
        "amount_minor = 2000",
        "movements",
        "Movement txn_.* of 2,001 minor units of USD",
    ),
    Damage("payout_attempts", "status = 'accepted'", "amount_minor = 3130", "explained", "Entry settle:"),
    Damage(
        "audit_records",
        "verb = 'draft'",
        f"id = {FIRST_SIGNING}",
        "audit",
        "no longer says what was recorded",
    ),
    Damage(
        "commission_holds",
        "reason = 'Another'",
        f"commission_id = {BOBS}",
        "holds",
        "Hold 1 of Commission .*calls for the entry hold",
    ),
    Damage(
        "commission_holds",
        "at = at - interval '1 day'",
        f"commission_id = {BOBS}",
        "holds",
        "Hold 1 of Commission .* sale 0000",
    ),
    Damage(
        "commission_releases",
        "at = at + interval '1 s'",
        f"commission_id = {BOBS}",
        "holds",
        "calls for the entry release",
    ),
    Damage("clawback_contests", "at = '2026-06-01'", "true", "clawbacks", "was contested at 2026-06-01"),
    Damage(
        "contest_decisions",
        "at = '2026-06-01'",
        "true",
        "statements",
        "NIGHT-RADIO-2026-03-USD calls for the entry tax",
    ),
    Damage(
        "contest_decisions",
        "outcome = 'upheld', adjustment_id = (SELECT id FROM adjustments WHERE minor = 123)",
        "true",
        "clawbacks",
        "gave back on another commission than it took from",
    ),
    Damage(
        "contest_decisions",
        "outcome = 'upheld', adjustment_id = (SELECT id FROM adjustments WHERE minor = 250)",
        "true",
        "clawbacks",
        "The contest of clawback .*, upheld,",
    ),
    Damage("audit_seals", "sealed_at = sealed_at - interval '1 s'", "no = 1", "audit", "Seal 1 is no longer"),
    Damage(
        "audit_seal_members",
        "position = 999",
        f"record_id = {FIRST_SIGNING}",
        "audit",
        "Seal 1 was made over",
    ),
]


class Gone(Struct, frozen=True):
    """One row taken away."""

    table: str
    where: str
    kind: str
    names: str


GONE = [
    Gone("codes", f"partner_id = {RADIO}", "touches", "sale 00031 of tune-house names the code ' radio10'"),
    Gone("touches", "conversion_id IS NOT NULL", "touches", "sale 00031 of tune-house names the code"),
    Gone("touches", "touch_id = 'T-ned'", "decisions", "sale 00031 of tune-house"),
    Gone(
        "identifications",
        f"customer_id = (SELECT customer_id FROM conversions WHERE id = {JON})",
        "decisions",
        "sale 00008",
    ),
    Gone("exchange_rates", "day = '2026-04-30' AND quote = 'GBP'", "rates", "sale 00043 .* No rate GBP/USD"),
    Gone("order_rates", f"conversion_id = {LEA}", "commissions", "sale|order .*00043.* has no rate to USD"),
    Gone(
        "refunds",
        f"conversion_id = {BOB}",
        "commissions",
        "sale 00002 of tune-house is booked as 250; .*give 1,150",
    ),
    Gone(
        "adjustments",
        f"conversion_id = {BOB}",
        "commissions",
        "sale 00002 of tune-house is booked as 250; .*give 0",
    ),
    Gone("signatures", f"brand_id = {RADIO}", "agreements", "terms of night-radio with tune-house"),
    Gone(
        "terms",
        f"partnership_id = {RADIO_PARTNERSHIP}",
        "agreements",
        "terms of night-radio with tune-house should say",
    ),
    Gone("credits", f"conversion_id = {BOB}", "decisions", "sale 00002 of tune-house"),
    Gone("clawback_settlements", "kind = 'returned'", "clawbacks", "settlement returned of 25"),
    Gone(
        "statement_lines",
        f"statement_id = {SMALL_FEBRUARY}",
        "statements",
        "NEEDLE-DROP-2026-02-USD lacks transfer",
    ),
    Gone("decisions", f"conversion_id = {EVE}", "decisions", "sale 00005 of tune-house was never decided"),
    Gone("receipts", f"conversion_id = {EVE}", "receipts", "sale 00005 stands and has no receipt"),
    Gone(
        "candidacies",
        f"conversion_id = {BOB}",
        "receipts",
        "A partner may not read the sale 00002 of tune-house",
    ),
    Gone(
        "commission_revisions",
        f"commission_id = {BOBS} AND rev = 3",
        "commissions",
        "sale 00002 of tune-house is booked as 0; .*give 250",
    ),
    Gone(
        "ledger_transfers",
        f"entry_id = (SELECT id FROM ledger_entries WHERE key = 'commission:' || {BOBS} || ':1')",
        "entries",
        "Entry commission:",
    ),
    Gone("fundings", "id = (SELECT min(id::text)::uuid FROM fundings)", "explained", "Entry funding:"),
    Gone("payout_attempts", "amount_minor = 3130", "explained", "Entry payout:"),
    Gone("audit_seal_members", f"record_id = {FIRST_SIGNING}", "audit", "Seal 1 was made over .* are in it"),
]
