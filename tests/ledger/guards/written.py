"""A row of each money table that stands, another that would be welcome, and how a write is put together."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from tests.ledger.guards import beside
from tests.ledger.guards.named import (
    ADA,
    AGREEMENT,
    AT,
    BEN,
    BLOGS,
    CAT,
    CUSTOMER,
    ID,
    ORDER,
    OTHER_ORDER,
    PARTNERSHIP,
    PAYOUT,
    PROGRAM,
    SHOPS,
    STATEMENT,
    VERSION,
    Row,
    account,
    entry,
    leg,
)


def _statement(n: int) -> Row:
    return {
        "id": STATEMENT[n],
        "number": f"'S{n}'",
        "payee_id": BLOGS,
        "payer_id": SHOPS,
        "currency": "'EUR'",
        "account_id": account("pay"),
        "seq": str(n),
        "previous_seq": f"nullif({n - 1}, 0)",
        "period": f"'2026-{n:02}'",
        "starts_at": f"{AT} + interval '{n} days'",
        "ends_at": f"{AT} + interval '{n + 1} days'",
        "opening_minor": "0" if n == 1 else "600",
        "closing_minor": "600",
        "minimum_minor": "0",
        "totals": "'{}'",
        "content_hash": "sha256('x')",
        "closed_at": AT,
    }


def _prepared(n: int) -> Row:
    return {
        "statement_id": STATEMENT[n],
        "content_hash": "sha256('x')",
        "closing_minor": "600",
        "currency": "'EUR'",
        "preparer_id": ADA,
        "prepared_at": AT,
    }


def _approved(n: int) -> Row:
    row = {name: value for name, value in _prepared(n).items() if name != "prepared_at"}
    return {**row, "approver_id": BEN, "reason": "'x'", "approved_at": AT}


def _payout(n: int, fund: str) -> Row:
    return {
        "id": PAYOUT[n],
        "statement_id": STATEMENT[n],
        "content_hash": "sha256('x')",
        "closing_minor": "600",
        "currency": "'EUR'",
        "payee_id": BLOGS,
        "payer_id": SHOPS,
        "amount_minor": "500",
        "fund_entry_id": entry(fund),
        "reserved_at": AT,
    }


def _attempt(payout: int, key: str, leg_of: str) -> Row:
    return {
        "id": PAYOUT[payout + 4],
        "payout_id": PAYOUT[payout],
        "n": "1",
        "idempotency_key": f"'{key}'",
        "amount_minor": "500",
        "destination": "'acct_1'",
        "status": "'submitting'",
        "pending_transfer_id": leg(leg_of),
        "started_at": AT,
    }


def _commission(commission_id: int, order: str) -> Row:
    return {
        "id": str(commission_id),
        "kind": "'commission'",
        "conversion_id": order,
        "partnership_id": PARTNERSHIP,
        "advertiser_id": SHOPS,
        "partner_id": BLOGS,
        "agreement_id": AGREEMENT,
        "component": "'sales'",
        "period": "'2026-03'",
        "currency": "'EUR'",
        "earned_at": AT,
        "matures_at": AT,
    }


def _revision(rev: int, previous: int, target: int, of_entry: str) -> Row:
    return {
        "commission_id": "1",
        "rev": str(rev),
        "previous_rev": f"nullif({rev - 1}, 0)",
        "previous_target_minor": str(previous),
        "target_minor": str(target),
        "entry_id": entry(of_entry),
        "inputs": "'{}'",
        "clause": "'x'",
        "engine_version": "'x'",
        "recorded_at": AT,
    }


def _clawback(of_leg: str) -> Row:
    return {
        "transfer_id": leg(of_leg),
        "commission_id": "1",
        "amount_minor": "50",
        "contest_until": AT,
        "max_share_ppm": "500000",
        "clause": "'x'",
    }


def _settlement(of_leg: str) -> Row:
    return {
        "clawback_id": leg("claw back"),
        "transfer_id": leg(of_leg),
        "kind": "'recovered'",
        "amount_minor": "5",
    }


def _funding(n: int) -> Row:
    return {
        "id": ID.format(f"b{n + 4}"),
        "advertiser_id": SHOPS,
        "amount_minor": "950",
        "currency": "'EUR'",
        "idempotency_key": f"'funding-{n}'",
        "payment_intent_id": f"'pi_{n}'",
        "status": "'processing'",
        "requested_by": ADA,
        "requested_at": AT,
    }


def _adjustment(n: int) -> Row:
    return {
        "id": ID.format(f"8{n}"),
        "conversion_id": ORDER,
        "partnership_id": PARTNERSHIP,
        "at": AT,
        "recorded_at": AT,
        "minor": "5",
        "reason": "'x'",
        "decided_by": ADA,
    }


class Insert(Struct, frozen=True):
    """A welcome row of a table, but for what is said otherwise."""

    table: str
    said: Row = {}

    @property
    def sql(self) -> str:
        row = {**WELCOME[self.table], **self.said}
        return written(self.table, row)


def written(table: str, row: Row) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})"


WELCOME: Mapping[str, Row] = {
    "ledger_accounts": {
        "id": "9000",
        "kind": "'recv'",
        "holder_id": SHOPS,
        "counterparty_id": BLOGS,
        "currency": "'GBP'",
    },
    "ledger_entries": {
        "id": "9000",
        "kind": "'accrue'",
        "currency": "'EUR'",
        "key": "'new'",
        "payload_hash": "'x'",
        "effective_at": AT,
        "recorded_at": AT,
    },
    "ledger_transfers": {
        "id": "9000",
        "entry_id": "9000",
        "leg": "1",
        "currency": "'EUR'",
        "debit_account_id": account("recv"),
        "credit_account_id": account("pay_pending"),
        "amount_minor": "5",
        "phase": "'posted'",
        "effective_at": AT,
    },
    "ledger_balances": {
        "account_id": account("pay"),
        "currency": "'EUR'",
        "is_debit_normal": "false",
        "may_go_negative": "false",
    },
    "commissions": _commission(9000, OTHER_ORDER),
    "commission_revisions": _revision(2, 1_000, 950, "claw back"),
    "clawbacks": _clawback("accrue"),
    "clawback_settlements": _settlement("hold"),
    "statements": _statement(6),
    "statement_lines": {
        "account_id": account("pay"),
        "transfer_id": leg("fund", 2),
        "statement_id": STATEMENT[6],
        "kind": "'paid'",
        "amount_minor": "-500",
    },
    "statement_preparations": _prepared(5),
    "statement_approvals": _approved(4),
    "payouts": _payout(3, "receive"),
    "payout_attempts": _attempt(2, "pay-2", "reserve more"),
    "fundings": {**_funding(2), "status": "'settled'"},
    "adjustments": _adjustment(2),
    **beside.WELCOME,
}

PEOPLE = f"""
INSERT INTO members (id, email, name, password_hash, created_at)
    SELECT id::uuid, id || '@network.test', 'x', 'x', {AT} FROM unnest(ARRAY[{ADA}, {BEN}, {CAT}]) AS m (id);
INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts, created_at)
    VALUES ({PROGRAM}, {SHOPS}, 'records', 'x', 'x', 'https://shop.test/', '{{shop.test}}', {AT});
INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
    VALUES ({VERSION}, {PROGRAM}, 1, 'x', {AT});
INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
    VALUES ({PARTNERSHIP}, {PROGRAM}, {SHOPS}, {BLOGS}, 'active', {AT});
INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name, contract_version,
        terms_toml, content_hash, drafted_by, drafted_at)
    VALUES ({AGREEMENT}, 'A', {PARTNERSHIP}, {VERSION}, 'x', 'x', 'x', sha256('x'), {ADA}, {AT});
INSERT INTO customers (id, brand_id, external_id, first_seen_at, pseudonym)
    VALUES ({CUSTOMER}, {SHOPS}, 'x', {AT}, sha256('x'));
INSERT INTO conversions (id, brand_id, program_id, customer_id, event, order_id, occurred_at, recorded_at,
        currency, net_minor, payload_hash)
    SELECT id::uuid, {SHOPS}, {PROGRAM}, {CUSTOMER}, 'sale', id, {AT}, {AT}, 'EUR', 5, 'x'
    FROM unnest(ARRAY[{ORDER}, {OTHER_ORDER}]) AS v (id)
"""
BONUS: Row = {"id": "2", "kind": "'bonus'", "conversion_id": "NULL", "component": "'first'"}
ACCEPTED: Row = {"status": "'accepted'", "stripe_transfer_id": "'tr_1'"}
LINE: Row = {
    "transfer_id": leg("mature"),
    "statement_id": STATEMENT[1],
    "kind": "'earned'",
    "amount_minor": "600",
}
STANDING: Sequence[tuple[str, Row]] = (
    ("commissions", _commission(1, ORDER)),
    ("commissions", {**_commission(2, ORDER), **BONUS}),
    ("commission_revisions", _revision(1, 0, 1_000, "accrue")),
    ("clawbacks", _clawback("claw back")),
    ("clawback_settlements", _settlement("fee")),
    *(("statements", _statement(n)) for n in range(1, 6)),
    ("statement_lines", {**WELCOME["statement_lines"], **LINE}),
    *(("statement_preparations", _prepared(n)) for n in range(1, 5)),
    *(("statement_approvals", _approved(n)) for n in range(1, 4)),
    ("payouts", _payout(1, "fund")),
    ("payouts", _payout(2, "accrue")),
    ("payout_attempts", {**_attempt(1, "pay-1", "reserve"), **ACCEPTED}),
    ("fundings", _funding(1)),
    ("adjustments", _adjustment(1)),
    *beside.STANDING,
)
