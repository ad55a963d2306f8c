"""Every event of money as an entry, from who and how much: pure; a row each of MONEY section 5.

Amounts are whole minor units of the accounts' currency and never rounded here; an entry that would move
nothing, or less than nothing, is a ValueError. What a balance allows, the database tells when it is posted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from partner_network.ledger import accounts, rules
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Account, Entry, EntryKind, Leg

Unpaid: TypeAlias = Literal["pay_pending", "pay"]
"""Where money stands that may be held back, and where it goes back to."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """What an entry is booked for: its key, its date, the clause that calls for it, and why."""

    key: str
    effective_at: datetime
    clause: str | None = None
    reason: str | None = None
    commission_id: int | None = None


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Where the money of one commission stands before it has matured, in minor units."""

    pay_pending_minor: int = 0
    pay_held_minor: int = 0
    pay_disputed_minor: int = 0


def _entry(kind: EntryKind, fact: Fact, legs: Sequence[tuple[Account, Account, int]]) -> Entry:
    """Return an entry of posted legs (debit, credit, amount) about one commission or none."""
    written = [Leg(debit, credit, minor, commission_id=fact.commission_id) for debit, credit, minor in legs]
    entry = Entry(kind, fact.key, fact.effective_at, written, clause=fact.clause, reason=fact.reason)
    rules.currency_of(entry)
    return entry


def accrue(fact: Fact, pair: Pair, minor: int) -> Entry:
    """The partner earned: the advertiser owes it, and it may still change."""
    return _entry("accrue", fact, [(pair.recv, pair.pay_pending, minor)])


def mature(fact: Fact, pair: Pair, minor: int) -> Entry:
    """The lock date and the hold have passed: it is the partner's."""
    return _entry("mature", fact, [(pair.pay_pending, pair.pay, minor)])


def hold(fact: Fact, pair: Pair, minor: int, *, out_of: Unpaid) -> Entry:
    """Hold back what is pending or payable."""
    return _entry("hold", fact, [(pair.of_partner(out_of), pair.pay_held, minor)])


def release(fact: Fact, pair: Pair, minor: int, *, back_to: Unpaid) -> Entry:
    """Let go what was held back."""
    return _entry("release", fact, [(pair.pay_held, pair.of_partner(back_to), minor)])


def dispute(fact: Fact, pair: Pair, minor: int, *, out_of: Unpaid) -> Entry:
    """Hold back what a dispute is about."""
    return _entry("dispute", fact, [(pair.of_partner(out_of), pair.pay_disputed, minor)])


def release_disputed(fact: Fact, pair: Pair, minor: int, *, back_to: Unpaid) -> Entry:
    """Let go what a dispute held back and did not take."""
    return _entry("release", fact, [(pair.pay_disputed, pair.of_partner(back_to), minor)])


def receive(fact: Fact, advertiser_id: UUID, currency: str, minor: int) -> Entry:
    """An advertiser's payment has settled."""
    debit, credit = accounts.cash(currency), accounts.prepaid(advertiser_id, currency)
    return _entry("receive", fact, [(debit, credit, minor)])


def charge_fee(fact: Fact, currency: str, minor: int) -> Entry:
    """Stripe kept its fee."""
    return _entry("fee", fact, [(accounts.stripe_fees(currency), accounts.cash(currency), minor)])


def give_back_fee(fact: Fact, currency: str, minor: int) -> Entry:
    """Stripe gave a fee back, as it does when a dispute is won."""
    return _entry("fee", fact, [(accounts.cash(currency), accounts.stripe_fees(currency), minor)])


def top_up(fact: Fact, currency: str, minor: int) -> Entry:
    """The operator brought money of its own."""
    return _entry("top_up", fact, [(accounts.cash(currency), accounts.own(currency), minor)])


def return_unused(fact: Fact, advertiser_id: UUID, currency: str, minor: int) -> Entry:
    """An advertiser got back what nothing had used."""
    debit, credit = accounts.prepaid(advertiser_id, currency), accounts.cash(currency)
    return _entry("refund_prepaid", fact, [(debit, credit, minor)])


def return_settled(fact: Fact, advertiser_id: UUID, currency: str, minor: int, *, free_minor: int) -> Entry:
    """A bank took a settled payment back: out of what is free of it, the rest is to be brought again.

    ``free_minor`` is what the advertiser's prepaid account holds and nothing has reserved.
    """
    cash, free = accounts.cash(currency), min(minor, free_minor)
    legs = [
        (accounts.prepaid(advertiser_id, currency), cash, free),
        (accounts.chargeback(advertiser_id, currency), cash, minor - free),
    ]
    return _entry("return", fact, [leg for leg in legs if leg[2]])


def repay(fact: Fact, advertiser_id: UUID, currency: str, minor: int, *, owed_minor: int) -> Entry:
    """An advertiser brought again what its bank had taken back: that is settled before any other use."""
    prepaid = accounts.prepaid(advertiser_id, currency)
    legs = [
        (accounts.cash(currency), prepaid, minor),
        (prepaid, accounts.chargeback(advertiser_id, currency), min(minor, owed_minor)),
    ]
    return _entry("repay", fact, [leg for leg in legs if leg[2]])


def fund(fact: Fact, pair: Pair, minor: int) -> Entry:
    """An approved statement is paid for: both sides of the pair are settled at once."""
    return _entry("fund", fact, [(pair.prepaid, pair.recv, minor), (pair.pay, pair.pay_funded, minor)])


def reserve_payout(fact: Fact, pair: Pair, minor: int) -> Entry:
    """Before Stripe is asked, the amount is reserved."""
    return _payout("payout", fact, Leg(pair.pay_funded, pair.payout_clearing, minor, "pending"))


def accept_payout(fact: Fact, pair: Pair, minor: int, *, pending_id: int) -> Entry:
    """Stripe accepted the transfer that reserved the amount."""
    return _payout("accept", fact, Leg(pair.pay_funded, pair.payout_clearing, minor, "post", pending_id))


def void_payout(fact: Fact, pair: Pair, minor: int, *, pending_id: int) -> Entry:
    """Stripe refused the transfer for certain: the amount is free again."""
    return _payout("void", fact, Leg(pair.pay_funded, pair.payout_clearing, minor, "void", pending_id))


def _payout(kind: EntryKind, fact: Fact, leg: Leg) -> Entry:
    entry = Entry(kind, fact.key, fact.effective_at, [leg], clause=fact.clause, reason=fact.reason)
    rules.currency_of(entry)
    return entry


def settle_payout(fact: Fact, pair: Pair, minor: int) -> Entry:
    """The transfer has left the account at Stripe."""
    return _entry("settle", fact, [(pair.payout_clearing, accounts.cash(pair.currency), minor)])


def reverse_transfer(fact: Fact, pair: Pair, minor: int) -> Entry:
    """Stripe took a transfer back, whole or in part: it waits to be sent again."""
    return _entry("reverse_transfer", fact, [(accounts.cash(pair.currency), pair.pay_funded, minor)])


def claw_back(fact: Fact, pair: Pair, minor: int, standing: Standing) -> Entry:
    """Take back what is pending, then held, then disputed; what has matured is due from the partner."""
    legs: list[tuple[Account, Account, int]] = []
    left = minor
    for account, there_minor in (
        (pair.pay_pending, standing.pay_pending_minor),
        (pair.pay_held, standing.pay_held_minor),
        (pair.pay_disputed, standing.pay_disputed_minor),
    ):
        taken = min(left, there_minor)
        legs.append((account, pair.recv, taken))
        left -= taken
    legs.append((pair.clawback_due, pair.clawback_owed, left))
    return _entry("clawback" if left else "reverse", fact, [leg for leg in legs if leg[2]])


def recover(fact: Fact, pair: Pair, minor: int) -> Entry:
    """A close took what was due out of what the partner earned."""
    return _entry("recover", fact, _recovered(pair, minor))


def recover_tax(fact: Fact, pair: Pair, minor: int) -> Entry:
    """A close took what a credit note had left due: it is no part of what the partner earned."""
    return _entry("recover_tax", fact, _recovered(pair, minor))


def _recovered(pair: Pair, minor: int) -> list[tuple[Account, Account, int]]:
    return [(pair.pay, pair.clawback_due, minor), (pair.clawback_owed, pair.recv, minor)]


def restore(fact: Fact, pair: Pair, *, due_minor: int, recovered_minor: int) -> Entry:
    """A refund was cancelled or a contest upheld: forget what is still due, give back what was recovered."""
    legs = [
        (pair.clawback_owed, pair.clawback_due, due_minor),
        (pair.recv, pair.pay, recovered_minor),
    ]
    return _entry("restore", fact, [leg for leg in legs if leg[2]])


def forgive(fact: Fact, pair: Pair, minor: int) -> Entry:
    """A partnership ended before it was recovered: the advertiser bears it."""
    return _entry("forgive", fact, [(pair.clawback_owed, pair.clawback_due, minor)])


def write_off(fact: Fact, pair: Pair, minor: int) -> Entry:
    """A partnership ended before it was recovered: by two people's word, the operator bears it."""
    return _entry(
        "write_off",
        fact,
        [
            (accounts.writeoff(pair.currency), pair.clawback_due, minor),
            (pair.clawback_owed, pair.prepaid, minor),
        ],
    )


def tax(fact: Fact, pair: Pair, minor: int, *, payable_minor: int) -> Entry:
    """Tax of a self-billing invoice, or of its credit note when negative.

    ``payable_minor`` is what `pay` holds: a credit note takes that, and the rest is due from the partner.
    """
    if minor > 0:
        return _entry("tax", fact, [(pair.recv, pair.pay, minor)])
    covered = min(-minor, payable_minor)
    legs = [(pair.pay, pair.recv, covered), (pair.clawback_due, pair.clawback_owed, -minor - covered)]
    return _entry("tax", fact, [leg for leg in legs if leg[2]])


def net(fact: Fact, one: Pair, minor: int) -> Entry:
    """Two brands that owe each other set off the same amount both ways."""
    other = Pair(one.advertiser_id, one.partner_id, one.currency)
    return _entry("net", fact, [(one.pay, one.recv, minor), (other.pay, other.recv, minor)])
