"""Which rows of each table are a brand's: $1 is the brand. Whatever is not listed here never leaves."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

_MINE = "(SELECT id FROM partnerships WHERE $1 IN (advertiser_id, partner_id))"
_PROGRAMS = f"(SELECT program_id FROM partnerships WHERE id IN {_MINE})"
_AGREEMENTS = f"(SELECT id FROM agreements WHERE partnership_id IN {_MINE})"
# What orders of others give to a charity is the charity's too, and nothing else of them.
_COMMISSIONS = f"(SELECT id FROM commissions WHERE partnership_id IN {_MINE} OR charity_id = $1)"
_STATEMENTS = "(SELECT id FROM statements WHERE $1 IN (payee_id, payer_id))"
STAKES = f"""(SELECT id FROM conversions WHERE brand_id = $1
    UNION SELECT conversion_id FROM credits WHERE partnership_id IN {_MINE}
    UNION SELECT conversion_id FROM adjustments WHERE partnership_id IN {_MINE}
    UNION SELECT conversion_id FROM commissions
    WHERE partnership_id IN {_MINE} AND conversion_id IS NOT NULL)"""
"""The conversions in which a brand has a stake: its own, and those that ever paid it."""
_PAYOUTS = "(SELECT id FROM payouts WHERE $1 IN (payee_id, payer_id))"
_ATTEMPTS = f"(SELECT id FROM payout_attempts WHERE payout_id IN {_PAYOUTS})"
_PAIRS = """(SELECT id FROM ledger_accounts WHERE $1 IN (holder_id, counterparty_id) AND kind IN ('recv',
    'clawback_due', 'clawback_owed', 'pay_pending', 'pay_held', 'pay_disputed', 'pay', 'pay_funded',
    'payout_clearing'))"""
# What an advertiser paid in and what its bank took back stand on accounts that are its alone.
_OWN = f"""(SELECT id FROM ledger_accounts WHERE id IN {_PAIRS}
    OR holder_id = $1 AND kind IN ('prepaid', 'chargeback'))"""
_FUNDINGS = "(SELECT id FROM fundings WHERE advertiser_id = $1)"
# What is due of tax is of no commission: it is of those between whom it is booked.
_OWN_CLAWBACKS = f"""commission_id IN {_COMMISSIONS} OR commission_id IS NULL AND transfer_id IN (
    SELECT id FROM ledger_transfers WHERE debit_account_id IN {_PAIRS})"""
_CLAWBACKS = f"(SELECT transfer_id FROM clawbacks WHERE {_OWN_CLAWBACKS})"
_ENTRIES = f"""(SELECT entry_id FROM ledger_transfers WHERE debit_account_id IN {_OWN}
    OR credit_account_id IN {_OWN} OR commission_id IN {_COMMISSIONS})"""
# What lies on the other side of a posting is named, and what it holds is nobody's business.
_ACCOUNTS = f"""(SELECT a.*, b.may_go_negative, {{balances}}
    FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
    WHERE a.id IN {_OWN} OR a.id IN (
        SELECT debit_account_id FROM ledger_transfers WHERE entry_id IN {_ENTRIES}
        UNION SELECT credit_account_id FROM ledger_transfers WHERE entry_id IN {_ENTRIES}))""".format(
    balances=", ".join(
        f"CASE WHEN a.id IN {_OWN} THEN b.{side}_{phase}_minor ELSE 0 END AS {side}_{phase}_minor"
        for side in ("debits", "credits")
        for phase in ("posted", "pending")
    )
)


def _presence(column: str, brand: str) -> str:
    """Return a number of the reader's own; of others only whether there is one, by which tax is chosen."""
    return f"CASE WHEN r.{column} IS NULL OR r.{brand} = $1 THEN r.{column} ELSE 'withheld' END"


SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "brands": f"""brands r WHERE id = $1 OR id IN (SELECT advertiser_id FROM partnerships
            WHERE id IN {_MINE} UNION SELECT partner_id FROM partnerships WHERE id IN {_MINE}
            UNION SELECT a.holder_id FROM ledger_accounts a JOIN ledger_transfers t
                ON a.id IN (t.debit_account_id, t.credit_account_id) WHERE t.entry_id IN {_ENTRIES})
            ORDER BY id""",
        "tax_profiles": """tax_profiles r WHERE brand_id IN (SELECT payee_id FROM statements
            WHERE $1 IN (payee_id, payer_id) UNION SELECT payer_id FROM statements
            WHERE $1 IN (payee_id, payer_id)) ORDER BY id""",
        "agreement_charities": f"""agreement_charities r WHERE agreement_id IN {_AGREEMENTS}
            ORDER BY agreement_id, charity_id""",
        "programs": f"programs r WHERE id IN {_PROGRAMS} ORDER BY id",
        # what a program says after a partnership has ended is for others
        "program_versions": f"""program_versions r WHERE EXISTS (
                SELECT FROM partnerships p WHERE p.program_id = r.program_id AND p.id IN {_MINE}
                AND ($1 = p.advertiser_id OR p.ended_at IS NULL OR r.recorded_at < p.ended_at))
            ORDER BY program_id, version""",
        "partnerships": f"partnerships r WHERE id IN {_MINE} ORDER BY id",
        "agreements": f"""(SELECT g.*, p.parties FROM agreements g
            LEFT JOIN agreement_parties p ON p.agreement_id = g.id) r
            WHERE partnership_id IN {_MINE} ORDER BY id""",
        "signatures": f"signatures r WHERE agreement_id IN {_AGREEMENTS} ORDER BY signed_at, brand_id",
        "partnership_notices": f"""partnership_notices r WHERE partnership_id IN {_MINE}
            ORDER BY given_at, id""",
        "terms": f"""(SELECT partnership_id, agreement_id, lower(valid) AS valid_from,
            upper(valid) AS valid_until, lower(recorded) AS known_from, upper(recorded) AS known_until
            FROM terms) r WHERE partnership_id IN {_MINE} ORDER BY partnership_id, known_from, valid_from""",
        "clicks": """clicks r WHERE partner_id = $1 OR advertiser_id = $1 AND (
            EXISTS (SELECT FROM identifications i WHERE i.click_id = r.click_id)
            OR EXISTS (SELECT FROM conversions v WHERE v.click_id = r.click_id)) ORDER BY click_id""",
        "conversions": f"conversions r WHERE id IN {STAKES} ORDER BY occurred_at, order_id, event",
        "touches": "touches r WHERE $1 IN (brand_id, partner_id) ORDER BY customer_id, at DESC, id DESC",
        "refunds": f"refunds r WHERE conversion_id IN {STAKES} ORDER BY at, refund_id",
        "adjustments": f"adjustments r WHERE partnership_id IN {_MINE} ORDER BY at, id",
        "measures": f"""quality_measures r WHERE partnership_id IN {_MINE}
            ORDER BY partnership_id, rule, measured_on""",
        "waiting": f"""(SELECT conversion_id, NULL::uuid AS partnership_id FROM undecided_conversions
            UNION ALL SELECT conversion_id, partnership_id FROM unaccrued_conversions) r
            WHERE partnership_id IN {_MINE} OR partnership_id IS NULL AND conversion_id IN {STAKES}
            ORDER BY conversion_id, partnership_id""",
        "accounts": f"{_ACCOUNTS} r ORDER BY id",
        "entries": f"""(SELECT id, kind, currency, key, payload_hash, effective_at, recorded_at, clause,
            reason, made_in::text::bigint AS made_in FROM ledger_entries) r
            WHERE id IN {_ENTRIES} ORDER BY id""",
        "transfers": f"ledger_transfers r WHERE entry_id IN {_ENTRIES} ORDER BY entry_id, leg",
        "commissions": f"commissions r WHERE id IN {_COMMISSIONS} ORDER BY id",
        "revisions": f"""commission_revisions r WHERE commission_id IN {_COMMISSIONS}
            ORDER BY commission_id, rev""",
        "clawbacks": f"clawbacks r WHERE {_OWN_CLAWBACKS} ORDER BY transfer_id",
        "clawback_settlements": f"""clawback_settlements r WHERE clawback_id IN {_CLAWBACKS}
            ORDER BY transfer_id, clawback_id""",
        # what was only proposed, or declined, is the operator's own
        "write_offs": f"""write_offs r WHERE status = 'approved' AND clawback_id IN {_CLAWBACKS}
            ORDER BY id""",
        "holds": f"""(SELECT h.commission_id, h.n, h.at, h.reason, x.at AS released_at,
            x.reason AS release_reason FROM commission_holds h
            LEFT JOIN commission_releases x USING (commission_id, n)) r
            WHERE commission_id IN {_COMMISSIONS} ORDER BY commission_id, n""",
        "contests": f"""(SELECT c.clawback_id, c.at, c.made_in::text::bigint AS made_in, d.at AS decided_at,
            d.made_in::text::bigint AS decided_in, d.outcome, d.adjustment_id FROM clawback_contests c
            LEFT JOIN contest_decisions d USING (clawback_id)) r
            WHERE clawback_id IN {_CLAWBACKS} ORDER BY clawback_id""",
        "statements": """(SELECT id, number, payee_id, payer_id, currency, account_id, seq, period,
            starts_at, ends_at, opening_minor, closing_minor, minimum_minor, carried_reason, ignores_minimum,
            totals, content_hash, closed_at, made_in::text::bigint AS made_in FROM statements) r
            WHERE $1 IN (payee_id, payer_id) ORDER BY account_id, seq""",
        "statement_lines": f"""statement_lines r WHERE statement_id IN {_STATEMENTS}
            ORDER BY statement_id, transfer_id""",
        "preparations": f"statement_preparations r WHERE statement_id IN {_STATEMENTS} ORDER BY statement_id",
        "approvals": f"statement_approvals r WHERE statement_id IN {_STATEMENTS} ORDER BY statement_id",
        "payouts": "payouts r WHERE $1 IN (payee_id, payer_id) ORDER BY id",
        "attempts": f"payout_attempts r WHERE payout_id IN {_PAYOUTS} ORDER BY payout_id, n",
        "fundings": f"fundings r WHERE id IN {_FUNDINGS} ORDER BY id",
        "prepaid_returns": f"prepaid_returns r WHERE funding_id IN {_FUNDINGS} ORDER BY id",
        "movements": f"""stripe_movements r WHERE attempt_id IN {_ATTEMPTS} OR funding_id IN {_FUNDINGS}
            ORDER BY entry_id""",
        # of a payee's closed accounts those alone that the attempts name anyway
        "former_accounts": f"""former_stripe_accounts r WHERE (brand_id, account_id) IN (
            SELECT o.payee_id, t.destination FROM payouts o JOIN payout_attempts t ON t.payout_id = o.id
            WHERE o.id IN {_PAYOUTS}) ORDER BY account_id""",
        "histories": f"""(SELECT v.id AS conversion_id, NOT coalesce(b.is_known, false) AS new_customer,
            b.number AS order_number, b.first_at AS first_order_at, v.occurred_at, v.order_id, v.event
            FROM conversions v LEFT JOIN LATERAL (
                SELECT count(*) FILTER (WHERE s.event = 'sale' AND (s.occurred_at, s.order_id COLLATE "C")
                                        <= (v.occurred_at, v.order_id COLLATE "C")) AS number,
                    min(s.occurred_at) FILTER (WHERE s.event = 'sale') AS first_at,
                    bool_or((s.occurred_at, s.order_id COLLATE "C", s.event)
                            < (v.occurred_at, v.order_id COLLATE "C", v.event)) AS is_known
                FROM conversions s WHERE s.customer_id = v.customer_id AND s.program_id = v.program_id
            ) b ON true WHERE v.id IN {STAKES}) r ORDER BY occurred_at, order_id, event""",
        "shares": f"""(SELECT c.conversion_id, c.rev, row_number() OVER (PARTITION BY c.conversion_id
                ORDER BY h.partner_id, c.touch_id)::int - 1 AS n,
                CASE WHEN $1 IN (h.advertiser_id, h.partner_id) THEN h.id END AS partnership_id,
                CASE WHEN $1 IN (h.advertiser_id, h.partner_id) THEN c.touch_id END AS touch_id,
                CASE WHEN $1 IN (h.advertiser_id, h.partner_id) THEN c.touched_at END AS touched_at,
                c.weight_numerator::text, c.weight_denominator::text
            FROM credits c JOIN partnerships h ON h.id = c.partnership_id
            WHERE c.conversion_id IN {STAKES} AND c.rev = (
                SELECT max(d.rev) FROM decisions d WHERE d.conversion_id = c.conversion_id)) r
            ORDER BY conversion_id, n""",
        "fixed_rates": f"""(SELECT conversion_id, quote, day::text AS day, numerator::text AS numerator,
            denominator::text AS denominator FROM order_rates) r WHERE conversion_id IN {STAKES}
            ORDER BY conversion_id, quote, day""",
    }
)
"""By file: where its rows come from, under the alias `r`."""

WITHHELD: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("conversions", "payload_hash"): "''::bytea",
        ("conversions", "click_id"): "NULL::uuid",
        ("conversions", "code"): "NULL::text",
        ("refunds", "payload_hash"): "''::bytea",
        ("refunds", "reason"): "CASE WHEN r.brand_id = $1 THEN r.reason ELSE '' END",
        ("touches", "payload_hash"): "''::bytea",
        ("touches", "touch_id"): "NULL::text",
        ("brands", "legal_name"): "r.name",
        ("brands", "address"): "''",
        ("brands", "tax_id"): _presence("tax_id", "id"),
        ("tax_profiles", "legal_name"): "CASE WHEN r.brand_id = $1 THEN r.legal_name ELSE '' END",
        ("tax_profiles", "address"): "CASE WHEN r.brand_id = $1 THEN r.address ELSE '' END",
        ("tax_profiles", "vat_id"): _presence("vat_id", "brand_id"),
        ("tax_profiles", "tax_number"): _presence("tax_number", "brand_id"),
    }
)
"""Columns that are not needed to recompute money, and what stands in place of each."""


def query_of(name: str, kind: type[Struct]) -> str:
    """Return what asks for the rows of a file, each with the columns that its struct names."""
    columns = ", ".join(WITHHELD.get((name, column), f"r.{column}") for column in kind.__struct_fields__)
    return f"SELECT {columns} FROM {SOURCES[name]}"
