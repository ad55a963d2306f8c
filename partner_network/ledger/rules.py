"""What an entry is: leg pairs in one currency, dated, keyed, and hashed so that a repeat is recognised."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec

AccountKind = Literal[
    "cash",
    "recv",
    "clawback_due",
    "chargeback",
    "stripe_fees",
    "writeoff",
    "prepaid",
    "pay_pending",
    "pay_held",
    "pay_disputed",
    "pay",
    "pay_funded",
    "payout_clearing",
    "clawback_owed",
    "own",
    "credit_granted",
    "credit_customers",
    "credit_partner",
]
EntryKind = Literal[
    "accrue",
    "reverse",
    "mature",
    "clawback",
    "recover",
    "recover_tax",
    "restore",
    "tax",
    "net",
    "receive",
    "fee",
    "top_up",
    "refund_prepaid",
    "fund",
    "payout",
    "accept",
    "settle",
    "void",
    "return",
    "forgive",
    "write_off",
    "hold",
    "release",
    "dispute",
    "repay",
    "reverse_transfer",
    "grant",
    "withdraw",
    "redeem",
    "unredeem",
]
Phase = Literal["posted", "pending", "post", "void"]


class Account(msgspec.Struct, frozen=True, gc=False):
    """An account by what it stands for, as MONEY section 5 writes it: ``pay:{P}:{A}`` in one currency."""

    kind: AccountKind
    currency: str
    holder_id: UUID | None = None
    counterparty_id: UUID | None = None


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One amount out of one account into another; ``pending_id`` names the pending leg that this one ends."""

    debit: Account
    credit: Account
    amount_minor: int
    phase: Phase = "posted"
    pending_id: int | None = None
    commission_id: int | None = None


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Legs that stand or fall together, under a key that makes a repeat harmless."""

    kind: EntryKind
    key: str
    effective_at: datetime
    legs: Sequence[Leg]
    clause: str | None = None
    reason: str | None = None


class Booked(msgspec.Struct, frozen=True, gc=False):
    """Where an entry stands in the ledger."""

    entry_id: int
    transfer_ids: tuple[int, ...]


def currency_of(entry: Entry) -> str:
    """Return the one currency of an entry; ValueError for none, or for a leg that is worth nothing."""
    currencies = {account.currency for leg in entry.legs for account in (leg.debit, leg.credit)}
    if len(currencies) != 1:
        raise ValueError(f"entry {entry.key} needs legs in exactly one currency, not {sorted(currencies)}")
    if any(leg.amount_minor <= 0 for leg in entry.legs):
        raise ValueError(f"entry {entry.key} has a leg that moves nothing")
    return currencies.pop()


def payload_hash(entry: Entry) -> bytes:
    """Return the SHA-256 of everything that an entry says, its key left out; instants count, not offsets."""
    said = [entry.kind, entry.effective_at.astimezone(UTC).isoformat(), entry.clause, entry.reason]
    said += [
        [
            *_words(leg.debit),
            *_words(leg.credit),
            leg.amount_minor,
            leg.phase,
            leg.pending_id,
            leg.commission_id,
        ]
        for leg in entry.legs
    ]
    return hashlib.sha256(msgspec.json.encode(said)).digest()


def account_order(account: Account) -> tuple[str, str, str, str]:
    """Return what accounts sort by, so that everybody opens and locks them in one order."""
    kind, currency, holder, counterparty = _words(account)
    return (kind, currency, holder or "", counterparty or "")


def _words(account: Account) -> tuple[str, str, str | None, str | None]:
    holder, counterparty = account.holder_id, account.counterparty_id
    return (
        account.kind,
        account.currency,
        None if holder is None else holder.hex,
        None if counterparty is None else counterparty.hex,
    )
