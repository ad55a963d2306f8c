"""The trial balance: every kind of account in one of two columns that come to the same; pure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import get_args

import msgspec

from partner_network.ledger import accounts, rules
from partner_network.ledger.invariants import Held
from partner_network.ledger.rules import AccountKind

KINDS: Sequence[AccountKind] = get_args(AccountKind)


class Row(msgspec.Struct, frozen=True):
    """What all accounts of one kind hold in one currency, on one side; minor units."""

    kind: AccountKind
    accounts: int
    debit_minor: int
    credit_minor: int


class Section(msgspec.Struct, frozen=True):
    """One currency; minor units."""

    currency: str
    rows: Sequence[Row]

    @property
    def debit_minor(self) -> int:
        """The sum of the debit column."""
        return sum(row.debit_minor for row in self.rows)

    @property
    def credit_minor(self) -> int:
        """The sum of the credit column, the same unless the ledger is broken."""
        return sum(row.credit_minor for row in self.rows)

    @property
    def foots(self) -> bool:
        """Whether both columns come to the same."""
        return self.debit_minor == self.credit_minor


def sides_of(kind: AccountKind, minor: int) -> tuple[int, int]:
    """Return (debit, credit) for what accounts hold on their normal side; below zero is the other side."""
    is_debit = accounts.is_debit_normal(kind) == (minor >= 0)
    return (abs(minor), 0) if is_debit else (0, abs(minor))


def sections(held: Iterable[Held]) -> list[Section]:
    """Sum accounts by currency and kind; currencies by their code, kinds in the order of the chart."""
    found: dict[str, defaultdict[AccountKind, list[int]]] = {}
    for one in held:
        kinds = found.setdefault(one.account.currency, defaultdict(list))
        kinds[one.account.kind].append(one.minor)
    return [
        Section(currency, [_row(kind, found[currency][kind]) for kind in KINDS if kind in found[currency]])
        for currency in sorted(found)
    ]


def _row(kind: AccountKind, minors: Sequence[int]) -> Row:
    debit, credit = sides_of(kind, sum(minors))
    return Row(kind, len(minors), debit, credit)


def digest(held: Iterable[Held]) -> bytes:
    """Return a SHA-256 of what every account holds; accounts that hold nothing do not count."""
    lines = sorted([*rules.account_order(one.account), str(one.minor)] for one in held if one.minor)
    return hashlib.sha256(msgspec.json.encode(lines)).digest()
