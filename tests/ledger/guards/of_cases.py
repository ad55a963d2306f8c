"""What cases, releases, movements at Stripe, nights and tax profiles refuse."""

from tests.ledger.guards.beside import CASE, PROFILE
from tests.ledger.guards.forbidden import Guard, append_only, one
from tests.ledger.guards.named import AT, NOBODY, PAYOUT, entry

_OF_ATTEMPT = {"attempt_id": PAYOUT[5]}

CASES: list[Guard] = [
    one("cases", "closed_for_a_reason", closed_at=AT),
    one("cases", "cases_owner_id_fkey", owner_id=NOBODY),
    one("cases", "cases_closed_by_fkey", closed_by=NOBODY, closed_at=AT, reason="'x'"),
    one("cases", "one_open_case", subject="'x'"),
    one("cases", "cases_pkey", id=CASE),
    one("payout_releases", "payout_releases_attempt_n_check", attempt_n="-1"),
    one("payout_releases", "payout_releases_n_check", n="0"),
    one("payout_releases", "payout_releases_reason_check", reason="''"),
    one("payout_releases", "payout_releases_payout_id_fkey", payout_id=NOBODY),
    one("payout_releases", "payout_releases_released_by_fkey", released_by=NOBODY),
    one("payout_releases", "payout_releases_pkey", n="1"),
    append_only("payout_releases", "reason"),
    one("stripe_movements", "covered_in_bounds", covered_minor="6"),
    one("stripe_movements", "stripe_movements_amount_minor_check", amount_minor="0"),
    one("stripe_movements", "stripe_movements_kind_check", kind="'gift'"),
    one("stripe_movements", "of_an_attempt", **_OF_ATTEMPT),
    one("stripe_movements", "of_a_funding", kind="'return'"),
    one("stripe_movements", "stripe_movements_attempt_id_fkey", kind="'reversal'", attempt_id=NOBODY),
    one("stripe_movements", "stripe_movements_funding_id_fkey", kind="'return'", funding_id=NOBODY),
    one("stripe_movements", "stripe_movements_entry_id_fkey", entry_id="9999"),
    one("stripe_movements", "stripe_movements_entry_id_key", entry_id=entry("accrue")),
    one("stripe_movements", "stripe_movements_pkey", id="'txn_1'"),
    append_only("stripe_movements", "amount_minor"),
    one("stripe_transactions", "stripe_transactions_pkey", id="'txn_1'"),
    append_only("stripe_transactions", "amount_minor"),
    one("reconciliations", "reconciliations_pkey", night="'2026-03-01'"),
    one("tax_profiles", "never_in_the_past", valid_from="'2026-03-01'"),
    one("tax_profiles", "some_number", tax_number="NULL"),
    one("tax_profiles", "only_standard_charges", status="'small_business'"),
    one("tax_profiles", "tax_profiles_country_check", country="'Germany'"),
    one("tax_profiles", "tax_profiles_status_check", status="'exempt'", tax_rate_ppm="0"),
    one("tax_profiles", "tax_profiles_tax_rate_ppm_check", tax_rate_ppm="1000001"),
    one("tax_profiles", "tax_profiles_brand_id_fkey", brand_id=NOBODY),
    one("tax_profiles", "tax_profiles_recorded_by_fkey", recorded_by=NOBODY),
    one("tax_profiles", "tax_profiles_pkey", id=PROFILE),
    append_only("tax_profiles", "tax_rate_ppm"),
]
