"""What a changed target means for the ledger: pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.ledger.rules import Account, Entry, EntryKind, Leg

HELD = "held"
"""The word by which a contract names the clause of holding."""


class Owed(msgspec.Struct, frozen=True, gc=False):
    """The accounts between one partner and one advertiser in a currency."""

    partner_id: UUID
    advertiser_id: UUID
    currency: str

    @property
    def recv(self) -> Account:
        """What the advertiser owes for the partner."""
        return Account("recv", self.currency, self.advertiser_id, self.partner_id)

    @property
    def pay_pending(self) -> Account:
        """What the partner earned and what may still change."""
        return Account("pay_pending", self.currency, self.partner_id, self.advertiser_id)

    @property
    def pay_held(self) -> Account:
        """What somebody holds back, whether it may still change or not."""
        return Account("pay_held", self.currency, self.partner_id, self.advertiser_id)

    @property
    def pay_disputed(self) -> Account:
        """What is set apart while it is disputed."""
        return Account("pay_disputed", self.currency, self.partner_id, self.advertiser_id)

    @property
    def pay(self) -> Account:
        """What the partner earned for good."""
        return Account("pay", self.currency, self.partner_id, self.advertiser_id)

    @property
    def clawback_due(self) -> Account:
        """What the partner has to give back."""
        return Account("clawback_due", self.currency, self.partner_id, self.advertiser_id)

    @property
    def clawback_owed(self) -> Account:
        """What the advertiser is to get back."""
        return Account("clawback_owed", self.currency, self.advertiser_id, self.partner_id)


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
    held_minor: int = 0
    disputed_minor: int = 0
    is_held: bool = False

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
    """Part of a clawback that an entry's leg (by position) restores or returns."""

    clawback_id: int
    leg: int
    kind: Literal["restored", "returned"]
    amount_minor: int


def entry_for(change: Change, owed: Owed, now: datetime) -> tuple[Entry, list[Settled]]:
    """Return the entry that brings the ledger from what is booked to the target.

    Units: minor units of ``owed.currency``. Errors: ValueError when nothing changed.
    Source: MONEY section 5: accrue, clawback of what is pending, held or disputed, in that order, then as
    matured; refund cancelled. What a held commission gains is held with it.
    """
    key = f"commission:{change.commission_id}:{change.rev}"
    if change.delta_minor == 0:
        raise ValueError(f"{key} changes nothing")
    if change.delta_minor < 0:
        return Entry(*_less(change, owed, key, now), clause=change.clause), []
    legs, settled = _undo_clawbacks(change, owed)
    rest = change.delta_minor - sum(part.amount_minor for part in settled)
    kind: EntryKind = "restore" if settled else "accrue"
    if rest:
        legs.append(Leg(owed.recv, owed.pay_pending, rest, commission_id=change.commission_id))
        if change.is_held:
            legs.append(Leg(owed.pay_pending, owed.pay_held, rest, commission_id=change.commission_id))
        elif change.has_matured:
            legs.append(Leg(owed.pay_pending, owed.pay, rest, commission_id=change.commission_id))
            kind = "restore" if settled else "mature"
    return Entry(kind, key, now, legs, clause=change.clause), settled


def _less(change: Change, owed: Owed, key: str, now: datetime) -> tuple[EntryKind, str, datetime, list[Leg]]:
    """Take what is too much from each state in turn: pending, held, disputed; what has matured is due."""
    left = -change.delta_minor - change.clawback_minor
    legs: list[Leg] = []
    for account, there_minor in (
        (owed.pay_pending, change.pending_minor),
        (owed.pay_held, change.held_minor),
        (owed.pay_disputed, change.disputed_minor),
    ):
        amount = min(left, there_minor)
        if amount:
            legs.append(Leg(account, owed.recv, amount, commission_id=change.commission_id))
            left -= amount
    if change.clawback_minor == 0:
        return "reverse", key, now, legs
    due = Leg(
        owed.clawback_due, owed.clawback_owed, change.clawback_minor, commission_id=change.commission_id
    )
    return "clawback", key, now, [*legs, due]


def _undo_clawbacks(change: Change, owed: Owed) -> tuple[list[Leg], list[Settled]]:
    """Take back first what is still due of earlier clawbacks, then what was recovered."""
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
    for clawback in change.clawbacks:
        amount = min(left, clawback.recovered_minor)
        if amount:
            to = owed.pay_pending if change.is_held else owed.pay
            legs.append(Leg(owed.recv, to, amount, commission_id=change.commission_id))
            settled.append(Settled(clawback.clawback_id, len(legs), "returned", amount))
            if change.is_held:
                legs.append(Leg(to, owed.pay_held, amount, commission_id=change.commission_id))
            left -= amount
    return legs, settled


def maturity_entries(matured: Sequence[tuple[int, int, datetime, str | None]], owed: Owed) -> list[Entry]:
    """Return the moves from pending to payable for (commission, amount, effective instant, clause)."""
    return [
        Entry(
            "mature",
            f"mature:{commission_id}",
            effective_at,
            [Leg(owed.pay_pending, owed.pay, amount_minor, commission_id=commission_id)],
            clause=clause,
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


def hold_entry(standing: Standing, owed: Owed, now: datetime, reason: str) -> Entry | None:
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


def release_entry(standing: Standing, owed: Owed, now: datetime, reason: str) -> Entry | None:
    """Return the move of all that is held, back to where it would be without the hold; None for nothing."""
    if not standing.held_minor:
        return None
    to = owed.pay if standing.has_matured else owed.pay_pending
    leg = Leg(owed.pay_held, to, standing.held_minor, commission_id=standing.commission_id)
    key = f"release:{standing.commission_id}:{standing.n}"
    return Entry("release", key, now, [leg], clause=HELD, reason=reason)
