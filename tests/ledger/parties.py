"""Two brands that promote each other, and the ledger as accounts alone: no database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from partner_network.ledger.accounts import Pair
from partner_network.ledger.invariants import Held, Sums
from partner_network.ledger.rules import Account, Entry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = UUID("00000000-0000-0000-0000-0000000000a1")
BLOG = UUID("00000000-0000-0000-0000-0000000000b1")
PAIR = Pair(BLOG, SHOP, "EUR")
"""The blog earns, the shop pays."""
OTHER_WAY = Pair(SHOP, BLOG, "EUR")


class Paper:
    """A ledger on paper: what the database keeps, by the definition of a leg alone."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._sums: dict[Account, list[int]] = {}
        for entry in entries:
            self.post(entry)

    def post(self, entry: Entry) -> None:
        for leg in entry.legs:
            for account, side in ((leg.debit, 0), (leg.credit, 1)):
                sums = self._sums.setdefault(account, [0, 0, 0, 0])
                if leg.phase in {"posted", "post"}:
                    sums[side] += leg.amount_minor
                if leg.phase != "posted":
                    sums[2 + side] += leg.amount_minor if leg.phase == "pending" else -leg.amount_minor

    @property
    def held(self) -> list[Held]:
        return [Held(account, Sums(*sums)) for account, sums in self._sums.items()]

    def minor(self, account: Account) -> int:
        return Held(account, Sums(*self._sums.get(account, [0, 0, 0, 0]))).minor

    def free_minor(self, account: Account) -> int:
        return Held(account, Sums(*self._sums.get(account, [0, 0, 0, 0]))).free_minor
