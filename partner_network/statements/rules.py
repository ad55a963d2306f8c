"""What a statement says, and how much of it is recovered, taxed, netted and paid: pure."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from itertools import product
from typing import Literal, NamedTuple, get_args
from uuid import UUID

import msgspec

from partner_network.agreements.terms import Settlement
from partner_network.kernel import periods
from partner_network.kernel.money import PPM_PER_WHOLE, divide_half_away
from partner_network.kernel.periods import Lock
from partner_network.ledger.rules import EntryKind

LineKind = Literal[
    "earned",
    "bonus",
    "reversed",
    "adjustment",
    "late",
    "recovered",
    "tax_recovered",
    "tax",
    "netted",
    "paid",
    "returned",
    "held",
    "released",
]
EARNING_KINDS: frozenset[LineKind] = frozenset({"earned", "bonus", "adjustment", "late", "held", "released"})
Status = Literal["draft", "issued", "approved", "part_paid", "paid", "carried"]

CLOSE = "statements.close"
RENDER = "statements.render"
BILL = "statements.bill"
"""The jobs of this slice."""
PAY = "payouts.pay"
"""What follows an approval; the slice that pays stands on this one."""

TAX_DUE_CLAUSE = "settlement.clawback"
"""The terms by which the part of a credit note that `pay` does not cover is recovered."""
BOTH = 2
"""The directions of a pair."""


class RenderStatement(msgspec.Struct, frozen=True):
    """The statement whose documents are to be made."""

    statement_id: UUID


class BillBrand(msgspec.Struct, frozen=True):
    """The brand whose invoices are tried again: a tax profile of it has come into force."""

    brand_id: UUID
    holds_at: datetime | None = None
    """From when on it holds; whoever looks earlier waits on."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One posting on the account of payee and payer, in minor units, positive for the payee."""

    transfer_id: int
    kind: LineKind
    amount_minor: int
    effective_at: datetime
    earning_period: str | None
    commission_id: int | None


class DueClawback(msgspec.Struct, frozen=True, gc=False):
    """What is still due of one clawback, and the share of a statement that its charter lets it take."""

    clawback_id: int
    due_minor: int
    max_share_ppm: int
    is_tax: bool = False
    """Whether a credit note left it due: taking it does not lessen what tax is on."""


def is_late(settlement: Settlement, occurred_at: datetime, recorded_at: datetime) -> bool:
    """Tell whether an order was reported at or after its lock date, whenever its commission was computed.

    Source: MONEY section 2.
    """
    if recorded_at <= occurred_at:
        return False
    zone = periods.zone_named(settlement.time_zone)
    return recorded_at >= periods.lock_at(occurred_at, settlement.lock, zone)


def line_kind(entry_kind: str, *, is_revision: bool, is_bonus: bool, is_late: bool) -> LineKind:
    """Return how a posting is called on a statement; ValueError for one that has no place on it.

    A commission that matures is earned, a bonus, or late by its order; what a revision adds to one that had
    matured is an adjustment.
    """
    if entry_kind == "mature":
        return "adjustment" if is_revision else "late" if is_late else "bonus" if is_bonus else "earned"
    names: dict[str, LineKind] = {
        "restore": "adjustment",
        "recover": "recovered",
        "recover_tax": "tax_recovered",
        "tax": "tax",
        "net": "netted",
        "fund": "paid",
        "return": "returned",
        "hold": "held",
        "release": "released",
    }
    if entry_kind not in names:
        raise ValueError(f"an entry of kind {entry_kind!r} has no place on a statement")
    return names[entry_kind]


class NamedKind(NamedTuple):
    """How a posting of an entry of one kind is called, by what else is known of it."""

    entry_kind: str
    is_revision: bool
    is_bonus: bool
    is_late: bool
    kind: LineKind


@cache
def named_kinds() -> tuple[NamedKind, ...]:
    """Return `line_kind` for every posting that has a place on a statement."""
    named: list[NamedKind] = []
    for entry_kind in get_args(EntryKind):
        for is_revision, is_bonus, is_late in product((False, True), repeat=3):
            with suppress(ValueError):
                kind = line_kind(entry_kind, is_revision=is_revision, is_bonus=is_bonus, is_late=is_late)
                named.append(NamedKind(entry_kind, is_revision, is_bonus, is_late, kind))
    return tuple(named)


class Locks(msgspec.Struct, frozen=True):
    """The months in a span, each with the lock date of its orders."""

    starts: tuple[datetime, ...]
    locks: tuple[datetime, ...]


@lru_cache(maxsize=1024)
def locks_between(lock: Lock, time_zone: str, first: datetime, last: datetime) -> Locks:
    """Return the months from that of ``first`` to that of ``last``, with their lock dates.

    Source: MONEY section 2.
    """
    zone = periods.zone_named(time_zone)
    month = periods.period_of(first, "month", zone)
    months = [month]
    while month.ends_at <= last:
        month = periods.next_period(month, zone)
        months.append(month)
    starts = tuple(month.starts_at for month in months)
    return Locks(starts, tuple(periods.lock_at(start, lock, zone) for start in starts))


def earnings_minor(lines: Sequence[Line]) -> int:
    """Return what the period brought the payee, in minor units.

    Earned, bonus, adjustment and late lines, and what a hold takes out of them or a release brings back.
    """
    return earned_minor(totals(lines))


def earned_minor(totals: Mapping[LineKind, int]) -> int:
    """Return the same of the sums of each kind of line, in minor units."""
    return sum(minor for kind, minor in totals.items() if kind in EARNING_KINDS)


def recoveries(
    clawbacks: Sequence[DueClawback], *, positive_earnings_minor: int, available_minor: int
) -> list[tuple[int, int]]:
    """Return how much of each clawback is recovered, oldest first, as (clawback, minor units).

    Units: minor units; ``clawbacks`` past their contest period, oldest first.
    Rounding: the charter's share of the earnings is rounded down, in the partner's favour.
    Source: MONEY section 6; the clawback clause of the contract that each clawback cites.
    """
    taken: list[tuple[int, int]] = []
    sum_minor = 0
    for clawback in clawbacks:
        limit = positive_earnings_minor * clawback.max_share_ppm // PPM_PER_WHOLE
        amount = min(clawback.due_minor, limit - sum_minor, available_minor - sum_minor)
        if amount > 0:
            taken.append((clawback.clawback_id, amount))
            sum_minor += amount
    return taken


def recovered_kinds(
    clawbacks: Sequence[DueClawback], taken: Sequence[tuple[int, int]]
) -> dict[LineKind, int]:
    """Return how the lines of recoveries are called, and what those of each kind come to in minor units."""
    of_tax = {one.clawback_id for one in clawbacks if one.is_tax}
    tax_minor = sum(minor for clawback_id, minor in taken if clawback_id in of_tax)
    return {"recovered": sum(minor for _, minor in taken) - tax_minor, "tax_recovered": tax_minor}


def tax_minor(*, earnings_minor: int, recovered_minor: int, tax_rate_ppm: int) -> int:
    """Return the tax of a self-billing invoice, rounded once, half away from zero, in minor units.

    It is negative, a credit note, when a hold took more out of the period than it brought.
    ``recovered_minor`` is of commissions alone: what an earlier credit note left due bears no tax.
    Errors: ValueError when more was recovered than earned, which the charter's share rules out.
    Source: MONEY section 5, the row on tax.
    """
    if recovered_minor > max(0, earnings_minor):
        raise ValueError(f"recovered {recovered_minor} of earnings of {earnings_minor}")
    return divide_half_away((earnings_minor - recovered_minor) * tax_rate_ppm, PPM_PER_WHOLE)


def covered_minor(tax_minor: int, *, payable_minor: int) -> int:
    """Return how much of a credit note `pay` covers, in minor units; the payee is to give back the rest.

    Units: ``payable_minor`` is the least of what `pay` holds before the end of the period, and now.
    Source: MONEY section 5, the row on tax.
    """
    return min(max(0, -tax_minor), max(0, payable_minor))


def netted_minor(*, sides: Sequence[tuple[int, int]]) -> int:
    """Return what two brands set off: the least that either may give, never funded money.

    Units: minor units; each side is (its `pay` effective before the end of the period, its `pay` now).
    Source: MONEY section 6.
    """
    return max(0, min(amount for side in sides for amount in side))


def set_off_minor(sides: Sequence[tuple[Settlement, tuple[int, int]]]) -> int:
    """Return `netted_minor` where both directions of a pair close together and both agreed to net, else 0."""
    if len(sides) < BOTH or any(settlement.netting != "reciprocal" for settlement, _ in sides):
        return 0
    return netted_minor(sides=[available for _, available in sides])


def fundable_minor(*, closing_minor: int, later_debits_minor: int) -> int:
    """Return what may still be paid on a statement: its closing less what left the account since."""
    return max(0, closing_minor - later_debits_minor)


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything a statement says, in a fixed order: what is approved is exactly this."""

    number: str
    payee_id: UUID
    payer_id: UUID
    currency: str
    period: str
    opening_minor: int
    closing_minor: int
    ignores_minimum: bool = False
    """Whether it is paid though below the minimum. Not said where it is not, as before there were such."""
    lines: tuple[Line, ...]


def content_hash(content: Content) -> bytes:
    """Return the SHA-256 that preparing, approving and paying cite."""
    return hashlib.sha256(msgspec.json.encode(content)).digest()


def said_before_lines(content: Content) -> bytes:
    """Return what is hashed of a statement before its first line; ValueError when lines are given with it."""
    if content.lines:
        raise ValueError("the lines of a statement are hashed after its head")
    return msgspec.json.encode(content).removesuffix(SAID_AFTER_LINES)


SAID_AFTER_LINES = b"]}"
"""What is hashed after the last line."""


def totals(lines: Sequence[Line]) -> dict[LineKind, int]:
    """Return the sum of each kind of line, in minor units."""
    sums: dict[LineKind, int] = {}
    for line in lines:
        sums[line.kind] = sums.get(line.kind, 0) + line.amount_minor
    return sums
