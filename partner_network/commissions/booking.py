"""What a changed target means for the ledger: pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.ledger.rules import Account, Entry, Leg


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

    @property
    def delta_minor(self) -> int:
        """What is to be booked: target less already posted."""
        return self.target_minor - self.previous_minor


class Settled(msgspec.Struct, frozen=True, gc=False):
    """Part of a clawback that an entry's leg (by position) restores or returns."""

    clawback_id: int
    leg: int
    kind: Literal["restored", "returned"]
    amount_minor: int


def entry_for(change: Change, owed: Owed, now: datetime) -> tuple[Entry, list[Settled]]:
    """Return the entry that brings the ledger from what is booked to the target.

    Units: minor units of ``owed.currency``. Errors: ValueError when nothing changed.
    Source: MONEY section 5: accrue, clawback of what is pending, clawback matured, refund cancelled.
    """
    delta, commission_id = change.delta_minor, change.commission_id
    key = f"commission:{commission_id}:{change.rev}"
    if delta == 0:
        raise ValueError(f"{key} changes nothing")
    if not change.has_matured:
        if delta > 0:
            leg = Leg(owed.recv, owed.pay_pending, delta, commission_id=commission_id)
            return Entry("accrue", key, now, [leg], clause=change.clause), []
        leg = Leg(owed.pay_pending, owed.recv, -delta, commission_id=commission_id)
        return Entry("reverse", key, now, [leg], clause=change.clause), []
    if delta < 0:
        leg = Leg(owed.clawback_due, owed.clawback_owed, -delta, commission_id=commission_id)
        return Entry("clawback", key, now, [leg], clause=change.clause), []
    legs, settled = _undo_clawbacks(change, owed)
    rest = delta - sum(part.amount_minor for part in settled)
    if rest:
        legs += [
            Leg(owed.recv, owed.pay_pending, rest, commission_id=commission_id),
            Leg(owed.pay_pending, owed.pay, rest, commission_id=commission_id),
        ]
    kind = "restore" if settled else "mature"
    return Entry(kind, key, now, legs, clause=change.clause), settled


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
            legs.append(Leg(owed.recv, owed.pay, amount, commission_id=change.commission_id))
            settled.append(Settled(clawback.clawback_id, len(legs), "returned", amount))
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
