"""Rows of what stands beside the money: cases, releases, movements at Stripe, nights and tax profiles."""

from collections.abc import Mapping, Sequence

from tests.ledger.guards.named import ADA, AT, BEN, BLOGS, ID, PAYOUT, Row, entry, leg

FUNDING = ID.format("b5")
CASE, OTHER_CASE, PROFILE, OTHER_PROFILE = (ID.format(f"7{n}") for n in range(4))


def _case(case_id: str, subject: str) -> Row:
    return {"id": case_id, "kind": "'balance differs'", "subject": subject, "said": "'x'", "opened_at": AT}


def _release(n: int) -> Row:
    return {
        "payout_id": PAYOUT[1],
        "n": str(n),
        "attempt_n": "1",
        "held_reason": "'x'",
        "reason": "'x'",
        "released_by": ADA,
        "released_at": AT,
    }


def _movement(name: str, of_entry: str) -> Row:
    return {
        "id": name,
        "kind": "'top_up'",
        "currency": "'EUR'",
        "amount_minor": "5",
        "entry_id": entry(of_entry),
        "at": AT,
    }


def _transaction(name: str) -> Row:
    return {
        "id": name,
        "kind": "'top_up'",
        "currency": "'EUR'",
        "amount_minor": "5",
        "fee_minor": "0",
        "source_id": "'tu_1'",
        "said": "'x'",
        "created": AT,
    }


def _return(n: int, funding: str) -> Row:
    return {
        "id": ID.format(f"6{n}"),
        "ask_id": ID.format("69"),
        "funding_id": funding,
        "amount_minor": "5",
        "reason": "'x'",
        "asked_by": ADA,
        "asked_at": AT,
        "status": "'approved'",
        "decided_by": BEN,
        "decided_at": AT,
        "decided_reason": "'x'",
    }


RETURNED: Row = {
    "status": "'accepted'",
    "refund_id": "'re_1'",
    "entry_id": entry("accrue"),
    "finished_at": AT,
}


def _write_off(n: int, status: str, limit_minor: int) -> Row:
    return {
        "id": ID.format(f"5{n}"),
        "clawback_id": leg("claw back"),
        "limit_minor": str(limit_minor),
        "reason": "'x'",
        "proposed_by": ADA,
        "proposed_at": AT,
        "status": f"'{status}'",
        "decided_by": BEN,
        "decided_at": AT,
        "decided_reason": "'x'",
    }


def _profile(profile_id: str) -> Row:
    return {
        "id": profile_id,
        "brand_id": BLOGS,
        "valid_from": "'2026-04-01'",
        "legal_name": "'x'",
        "address": "'x'",
        "country": "'DE'",
        "status": "'standard'",
        "tax_number": "'x'",
        "tax_rate_ppm": "190000",
        "recorded_at": AT,
        "recorded_by": ADA,
    }


WELCOME: Mapping[str, Row] = {
    "cases": _case(OTHER_CASE, "'y'"),
    "payout_releases": _release(2),
    "stripe_movements": _movement("'txn_2'", "hold"),
    "stripe_transactions": _transaction("'txn_2'"),
    "reconciliations": {"night": "'2026-03-02'", "began_at": AT},
    "tax_profiles": _profile(OTHER_PROFILE),
    # of another ask, of the same payment
    "write_offs": _write_off(2, "declined", 5),
    "prepaid_returns": {**_return(2, FUNDING), "ask_id": ID.format("68")},
}
STANDING: Sequence[tuple[str, Row]] = (
    ("cases", _case(CASE, "'x'")),
    ("payout_releases", _release(1)),
    ("stripe_movements", _movement("'txn_1'", "accrue")),
    ("stripe_transactions", _transaction("'txn_1'")),
    ("reconciliations", {"night": "'2026-03-01'", "began_at": AT}),
    ("tax_profiles", _profile(PROFILE)),
    ("write_offs", _write_off(1, "approved", 4)),
    ("prepaid_returns", {**_return(1, FUNDING), **RETURNED}),
)
