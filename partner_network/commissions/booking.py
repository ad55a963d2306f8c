"""What a changed target means for the ledger: pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Entry, EntryKind, Leg

HELD = "held"
"""The word by which a contract names the clause of holding."""


class OpenClawback(msgspec.Struct, frozen=True, gc=False):
    """A clawback of one commission: what is still due, and what was recovered and may be returned."""

    clawback_id: int
    due_minor: int
    recovered_minor: int


class Change(msgspec.Struct, frozen=True, gc=False):
    """A commission whose target is no longer what is booked."""

    commission_id: int
    agreement_id: UUID
    rev: int
    previous_minor: int
    target_minor: int
    has_matured: bool
    clause: str
    clawbacks: tuple[OpenClawback, ...] = ()
    lapsed_minor: int = 0
    """What of its clawbacks lapsed and was not earned again since: the partner has it."""
    held_minor: int = 0
    disputed_minor: int = 0
    is_held: bool = False
    charity_id: UUID | None = None
    """Who is paid in place of the partner."""

    @property
    def delta_minor(self) -> int:
        """What is to be booked: target less already posted."""
        return self.target_minor - self.previous_minor

    @property
    def pending_minor(self) -> int:
        """What of the commission is neither set apart nor matured: on its day all of that matures."""
        return 0 if self.has_matured else self.previous_minor - self.held_minor - self.disputed_minor

    @property
    def clawback_minor(self) -> int:
        """What is to be given back since it has matured: the last leg of the change's entry."""
        still_open = self.pending_minor + self.held_minor + self.disputed_minor
        return max(0, -self.delta_minor - still_open)


class Settled(msgspec.Struct, frozen=True, gc=False):
    """Part of a clawback that an entry's leg (by position) restores, returns, recovers or gives up."""

    clawback_id: int
    leg: int
    kind: Literal["restored", "returned", "recovered", "forgiven", "written_off"]
    amount_minor: int


def entry_for(change: Change, owed: Pair, now: datetime) -> tuple[Entry, list[Settled]]:
    """Return the entry that brings the ledger from what is booked to the target.

    Units: minor units of ``owed.currency``. Errors: ValueError when nothing changed.
    Source: MONEY section 5: accrue, clawback of what is pending, held or disputed, in that order, then as
    matured; refund cancelled. What a held commission gains is held with it.
    """
    key = f"commission:{change.commission_id}:{change.rev}"
    if change.delta_minor == 0:
        raise ValueError(f"{key} changes nothing")
    if change.delta_minor < 0:
        fact = events.Fact(key, now, change.clause, commission_id=change.commission_id)
        there = events.Standing(change.pending_minor, change.held_minor, change.disputed_minor)
        return events.claw_back(fact, owed, -change.delta_minor, there), []
    legs, settled, undone_minor = _undo_clawbacks(change, owed)
    rest = change.delta_minor - undone_minor
    kind: EntryKind = "restore" if undone_minor else "accrue"
    if rest:
        legs.append(Leg(owed.recv, owed.pay_pending, rest, commission_id=change.commission_id))
        if change.is_held:
            legs.append(Leg(owed.pay_pending, owed.pay_held, rest, commission_id=change.commission_id))
        elif change.has_matured:
            legs.append(Leg(owed.pay_pending, owed.pay, rest, commission_id=change.commission_id))
            kind = "restore" if undone_minor else "mature"
    return Entry(kind, key, now, legs, clause=change.clause), settled


def _undo_clawbacks(change: Change, owed: Pair) -> tuple[list[Leg], list[Settled], int]:
    """Take back first what is still due of earlier clawbacks, then what lapsed, then what was recovered.

    Return the legs, what they settle, and how much of the change they are.
    """
    left = change.delta_minor
    legs: list[Leg] = []
    settled: list[Settled] = []
    for clawback in change.clawbacks:
        amount = min(left, clawback.due_minor)
        if amount:
            legs.append(
                Leg(owed.clawback_owed, owed.clawback_due, amount, commission_id=change.commission_id)
            )
            settled.append(Settled(clawback.clawback_id, len(legs), "restored", amount))
            left -= amount
    amount = min(left, change.lapsed_minor)
    if amount:
        # The partner was never made to give it back, so nothing is paid again: it is due once more, and no
        # longer due, in one entry.
        for debit, credit in (
            (owed.clawback_due, owed.clawback_owed),
            (owed.clawback_owed, owed.clawback_due),
        ):
            legs.append(Leg(debit, credit, amount, commission_id=change.commission_id))
        left -= amount
    for clawback in change.clawbacks:
        amount = min(left, clawback.recovered_minor)
        if amount:
            to = owed.pay_pending if change.is_held else owed.pay
            legs.append(Leg(owed.recv, to, amount, commission_id=change.commission_id))
            settled.append(Settled(clawback.clawback_id, len(legs), "returned", amount))
            if change.is_held:
                legs.append(Leg(to, owed.pay_held, amount, commission_id=change.commission_id))
            left -= amount
    return legs, settled, change.delta_minor - left


def maturity_entries(matured: Sequence[tuple[int, int, datetime, str | None]], owed: Pair) -> list[Entry]:
    """Return the moves from pending to payable for (commission, amount, effective instant, clause)."""
    return [
        events.mature(
            events.Fact(f"mature:{commission_id}", effective_at, clause, commission_id=commission_id),
            owed,
            amount_minor,
        )
        for commission_id, amount_minor, effective_at, clause in matured
    ]


class Standing(msgspec.Struct, frozen=True, gc=False):
    """One commission as a hold or a release finds it; minor units.

    ``matured_minor`` is what of it lies in `pay` and may still be moved: it stands on no funded statement.
    """

    commission_id: int
    n: int
    pending_minor: int
    held_minor: int
    matured_minor: int
    has_matured: bool


def hold_entry(standing: Standing, owed: Pair, now: datetime, reason: str) -> Entry | None:
    """Return the move of what is pending, and of what matured and is not funded yet; None for nothing.

    Source: MONEY section 5: hold, `pay_pending` or `pay` / `pay_held`.
    """
    moved = ((owed.pay_pending, standing.pending_minor), (owed.pay, standing.matured_minor))
    legs = [
        Leg(account, owed.pay_held, amount, commission_id=standing.commission_id)
        for account, amount in moved
        if amount
    ]
    key = f"hold:{standing.commission_id}:{standing.n}"
    return Entry("hold", key, now, legs, clause=HELD, reason=reason) if legs else None


def release_entry(standing: Standing, owed: Pair, now: datetime, reason: str) -> Entry | None:
    """Return the move of all that is held, back to where it would be without the hold; None for nothing."""
    if not standing.held_minor:
        return None
    key = f"release:{standing.commission_id}:{standing.n}"
    fact = events.Fact(key, now, HELD, reason, standing.commission_id)
    back_to = "pay" if standing.has_matured else "pay_pending"
    return events.release(fact, owed, standing.held_minor, back_to=back_to)
