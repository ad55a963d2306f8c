"""For each guard of the money tables, the write that it refuses."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from tests.ledger.guards.named import BLOGS, SHOPS, Row, account, leg
from tests.ledger.guards.written import Insert

Write: TypeAlias = Sequence[Insert | str]


class Guard(Struct, frozen=True):
    """A constraint, unique index or trigger, what it refuses, and which others would refuse it then."""

    table: str
    name: str
    write: Write
    beside: tuple[str, ...] = ()
    says: str = ""
    """What a trigger's refusal is known by; a constraint is known by its name."""


def one(table: str, name: str, *beside: str, **said: str) -> Guard:
    return Guard(table, name, [Insert(table, said)], beside)


def an_entry(name: str, *beside: str, **said: str) -> Guard:
    both = {name: said[name] for name in ("currency",) if name in said}
    joined: Row = {"entry_id": said["id"], "leg": "2", **both} if "id" in said else both
    return Guard(
        "ledger_entries", name, [Insert("ledger_entries", said), Insert("ledger_transfers", joined)], beside
    )


def a_leg(name: str, *beside: str, **said: str) -> Guard:
    return Guard(
        "ledger_transfers", name, [Insert("ledger_entries"), Insert("ledger_transfers", said)], beside
    )


def legs(name: str, one: Row, other: Row, *beside: str) -> Guard:
    legs = [Insert("ledger_transfers", one), Insert("ledger_transfers", other)]
    return Guard("ledger_transfers", name, [Insert("ledger_entries"), *legs], beside)


def changed(table: str, name: str, change: str, says: str, *beside: str) -> Guard:
    return Guard(table, name, [change], beside, says)


def a_line(name: str, *beside: str, says: str = "", closing: str = "100", **said: str) -> Guard:
    write = [Insert("statements", {"closing_minor": closing}), Insert("statement_lines", said)]
    return Guard("statement_lines", name, write, beside, says)


def first_of_the_other_way(name: str, **said: str) -> Guard:
    """A statement of the other direction, which is that pair's first."""
    first = {"payee_id": SHOPS, "payer_id": BLOGS, "seq": "1", "previous_seq": "NULL"}
    return one("statements", name, **{**first, "opening_minor": "0", "closing_minor": "0", **said})


def append_only(table: str, column: str, *beside: str) -> Guard:
    return changed(table, "append_only", f"UPDATE {table} SET {column} = {column}", "is append-only", *beside)


FUNDED = {"debit_account_id": account("pay_funded"), "credit_account_id": account("payout_clearing")}
RESERVED = {**FUNDED, "amount_minor": "100", "pending_id": leg("reserve more")}
OF_ACCOUNTS = (
    "ledger_transfers_debit_account_id_currency_fkey",
    "ledger_transfers_credit_account_id_currency_fkey",
)
OF_STATEMENTS = (
    "statements_id_content_hash_closing_minor_currency_key",
    "statements_id_account_id_key",
)
PENDING = ("ledger_balances_debits_pending_minor_check", "ledger_balances_credits_pending_minor_check")
