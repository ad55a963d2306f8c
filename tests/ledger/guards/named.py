"""What the rows of the money tables name: people, brands, orders, accounts and entries, as SQL."""

from collections.abc import Mapping
from typing import TypeAlias

from tests.ledger.parties import BLOG, SHOP

Row: TypeAlias = Mapping[str, str]
"""Columns and SQL expressions."""
AT = "timestamptz '2026-03-01 12:00Z'"
ID = "'00000000-0000-0000-0000-0000000000{}'"
ADA, BEN, CAT = (ID.format(f"f{n}") for n in (1, 2, 3))
PROGRAM, VERSION, PARTNERSHIP, AGREEMENT, CUSTOMER = (ID.format(f"c{n}") for n in range(5))
ORDER, OTHER_ORDER = ID.format("d1"), ID.format("d2")
NOBODY = ID.format("99")
SHOPS, BLOGS = f"'{SHOP}'", f"'{BLOG}'"
STATEMENT = [ID.format(f"e{n}") for n in range(8)]
PAYOUT = [ID.format(f"a{n}") for n in range(10)]


def account(kind: str) -> str:
    return f"(SELECT id FROM ledger_accounts WHERE kind = '{kind}' AND currency = 'EUR')"


def leg(key: str, number: int = 1) -> str:
    return f"""(SELECT t.id FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id
        WHERE e.key = 'march {key}' AND t.leg = {number})"""


def entry(key: str) -> str:
    return f"(SELECT id FROM ledger_entries WHERE key = 'march {key}')"
