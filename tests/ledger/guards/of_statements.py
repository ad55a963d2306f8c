"""What statements and their lines refuse."""

from tests.ledger.guards.forbidden import (
    OF_STATEMENTS,
    Guard,
    a_line,
    append_only,
    first_of_the_other_way,
    one,
)
from tests.ledger.guards.named import AT, BLOGS, NOBODY, SHOPS, STATEMENT, leg
from tests.ledger.guards.written import Insert

STATEMENTS = [
    one("statements", "statements_check", ends_at=AT),
    one("statements", "statements_check1", seq="7", previous_seq="5"),
    first_of_the_other_way("statements_check2", opening_minor="5", closing_minor="5"),
    one(
        "statements",
        "statements_closing_minor_check",
        "adds_up",
        "last_ones_ignore_the_minimum",
        closing_minor="-1",
    ),
    one(
        "statements",
        "statements_opening_minor_check",
        "statements_chain",
        "adds_up",
        opening_minor="-1",
    ),
    one("statements", "statements_content_hash_check", content_hash="'x'"),
    one("statements", "statements_made_in_check", made_in="'1'"),
    Guard(
        "statements",
        "statements_seq_check",
        [
            Insert(
                "statements",
                {
                    "payee_id": SHOPS,
                    "payer_id": BLOGS,
                    "seq": "0",
                    "previous_seq": "-1",
                    "opening_minor": "0",
                    "closing_minor": "0",
                },
            )
        ],
        ("statements_chain",),
    ),
    one("statements", "statements_account_id_currency_fkey", account_id="9999"),
    one("statements", "statements_chain", opening_minor="599", closing_minor="599"),
    first_of_the_other_way("statements_payee_id_fkey", payee_id=NOBODY),
    first_of_the_other_way("statements_payer_id_fkey", payer_id=NOBODY),
    one("statements", "statements_pkey", *OF_STATEMENTS, id=STATEMENT[1]),
    one("statements", "statements_number_key", number="'S1'"),
    one("statements", "statements_payee_id_payer_id_currency_period_key", period="'2026-01'"),
    one(
        "statements",
        "statements_payee_id_payer_id_currency_seq_key",
        seq="1",
        previous_seq="NULL",
        opening_minor="0",
        closing_minor="0",
    ),
    one(
        "statements",
        "ignores_a_minimum_that_it_is_below",
        "last_ones_ignore_the_minimum",
        ignores_minimum="true",
    ),
    Guard(
        "statements",
        "last_ones_ignore_the_minimum",
        [Insert("statements", {"minimum_minor": "601"})],
        says="is below the minimum",
    ),
    Guard("statements", "adds_up", [Insert("statements", {"closing_minor": "601"})], says="does not add up"),
    append_only("statements", "number", "statements_made_in_check"),
    a_line(
        "statement_lines_amount_minor_check",
        "lines_are_postings",
        closing="600",
        amount_minor="0",
    ),
    a_line("statement_lines_kind_check", kind="'gift'"),
    Guard(
        "statement_lines",
        "lines_are_postings",
        [Insert("statement_lines", {"statement_id": NOBODY})],
        says="cannot be a line",
    ),
    a_line("lines_are_postings", transfer_id="9999", says="cannot be a line"),
    a_line(
        "statement_lines_pkey",
        closing="1200",
        transfer_id=leg("mature"),
        amount_minor="600",
    ),
    a_line("lines_are_postings", closing="101", amount_minor="-499", says="cannot be a line"),
    append_only("statement_lines", "kind"),
]
