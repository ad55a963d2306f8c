"""Which entries follow from facts: each check says what must be booked, and nothing else may be."""

from collections.abc import Callable, Iterator

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.kinds import Kind
from partner_network.ledger.rules import Entry

# What people book by hand, and what follows from no other row: their legs alone can be checked.
BY_HAND = frozenset({"top_up", "return"})


class Explained:
    """The entries that checks have called for so far."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._keys: set[str] = set()

    def must_be_booked(self, entry: Entry, why: Callable[[], str]) -> Iterator[str]:
        """Yield the difference between an entry that must be there and what is booked under its key."""
        self._keys.add(entry.key)
        booked = self._books.written.get(entry.key)
        if booked != entry:
            calls = f"{why()} calls for the entry {entry.key} ({_moves(entry)})"
            yield f"{calls}; booked is {'none' if booked is None else _moves(booked)}."

    def check(self) -> Kind:
        """Find the entries that nothing calls for."""
        found = "each follows from a fact, none is left over"
        return kinds.compared("explained", len(self._keys), found, self._left_over())

    def _left_over(self) -> Iterator[str]:
        for entry in self._books.entries:
            if entry.key not in self._keys and entry.kind not in BY_HAND:
                amount = sum(leg.amount_minor for leg in self._books.legs_of.get(entry.id, []))
                yield (
                    f"Entry {entry.key} ({entry.kind} of {kinds.minor(amount, entry.currency)}) "
                    "follows from no fact."
                )


def _moves(entry: Entry) -> str:
    legs = ", ".join(f"{leg.amount_minor:,} from {leg.debit.kind} to {leg.credit.kind}" for leg in entry.legs)
    return f"{entry.kind} of {legs} at {entry.effective_at} under clause {entry.clause}"
