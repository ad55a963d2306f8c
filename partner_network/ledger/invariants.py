"""What always holds of what accounts hold: pure. Source: MONEY section 5."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from partner_network.ledger import accounts
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Account, AccountKind

OWED: Sequence[AccountKind] = ("pay_pending", "pay_held", "pay_disputed", "pay")
"""What an advertiser owes for a partner, wherever it stands."""
THERE_IS: Sequence[AccountKind] = ("cash", "chargeback")
WHOSE: Sequence[AccountKind] = ("prepaid", "pay_funded", "payout_clearing", "own")
SPENT: Sequence[AccountKind] = ("stripe_fees", "writeoff")


class Sums(msgspec.Struct, frozen=True, gc=False):
    """What was debited and credited to an account, in minor units."""

    debits_minor: int = 0
    credits_minor: int = 0
    debits_pending_minor: int = 0
    credits_pending_minor: int = 0


class Held(msgspec.Struct, frozen=True, gc=False):
    """One account and its sums."""

    account: Account
    sums: Sums

    @property
    def minor(self) -> int:
        """What it holds, positive on its normal side."""
        held = self.sums.debits_minor - self.sums.credits_minor
        return held if accounts.is_debit_normal(self.account.kind) else -held

    @property
    def free_minor(self) -> int:
        """What it holds less what is reserved to leave it."""
        leaves = self.sums.credits_pending_minor
        if not accounts.is_debit_normal(self.account.kind):
            leaves = self.sums.debits_pending_minor
        return self.minor - leaves


Totals: TypeAlias = Mapping[str, int]


def breaches(held: Iterable[Held]) -> Iterator[str]:
    """Yield every invariant that does not hold, a sentence each; amounts are minor units."""
    rows = list(held)
    yield from _below_zero(rows)
    yield from equations(rows)


def equations(held: Iterable[Held]) -> Iterator[str]:
    """Yield which of the equations does not hold: those that stand at any date, whatever was known then."""
    rows = list(held)
    yield from _debits_and_credits(rows)
    yield from pairs(rows)
    yield from _money_there_is(rows)


def named(account: Account) -> str:
    """Say an account as MONEY section 5 writes it, its brands by id."""
    parts = [account.kind, *(str(one) for one in (account.holder_id, account.counterparty_id) if one)]
    return f"{':'.join(parts)} in {account.currency}"


def _below_zero(rows: Sequence[Held]) -> Iterator[str]:
    for row in rows:
        if row.account.kind != "cash" and row.free_minor < 0:
            yield (
                f"{named(row.account)} holds {row.minor:,} with {row.minor - row.free_minor:,} reserved: "
                "no account but cash may fall below zero."
            )
        if min(row.sums.debits_pending_minor, row.sums.credits_pending_minor) < 0:
            yield f"{named(row.account)} has ended more reservations than were made."


def _debits_and_credits(rows: Sequence[Held]) -> Iterator[str]:
    posted: defaultdict[str, int] = defaultdict(int)
    pending: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        posted[row.account.currency] += row.sums.debits_minor - row.sums.credits_minor
        pending[row.account.currency] += row.sums.debits_pending_minor - row.sums.credits_pending_minor
    for off, phase in ((posted, "posted"), (pending, "pending")):
        for currency, difference in off.items():
            if difference:
                yield f"All {phase} debits less all credits in {currency} are {difference:,}, not 0."


def pairs(rows: Sequence[Held]) -> Iterator[str]:
    """Yield where the two sides of a pair of brands do not agree."""
    held: defaultdict[Pair, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        pair = accounts.pair_of(row.account)
        if pair is not None:
            held[pair][row.account.kind] += row.minor
    for pair, of in held.items():
        owed = sum(of[kind] for kind in OWED)
        who = f"partner {pair.partner_id} and advertiser {pair.advertiser_id} in {pair.currency}"
        if of["recv"] != owed:
            yield f"Between {who}, recv is {of['recv']:,}, but {' + '.join(OWED)} is {owed:,}."
        if of["clawback_due"] != of["clawback_owed"]:
            yield (
                f"Between {who}, clawback_due is {of['clawback_due']:,}, "
                f"but clawback_owed is {of['clawback_owed']:,}."
            )


def _money_there_is(rows: Sequence[Held]) -> Iterator[str]:
    held: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        held[row.account.currency][row.account.kind] += row.minor
    for currency, of in held.items():
        there_is = sum(of[kind] for kind in THERE_IS)
        whose = sum(of[kind] for kind in WHOSE) - sum(of[kind] for kind in SPENT)
        if there_is != whose:
            yield (
                f"In {currency}, {' + '.join(THERE_IS)} is {there_is:,}, but "
                f"{' + '.join(WHOSE)} - {' - '.join(SPENT)} is {whose:,}."
            )
