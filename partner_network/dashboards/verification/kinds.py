"""What a verification says: one line for each kind of thing, or the first difference in a sentence."""

from collections.abc import Iterable

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """One kind of thing that was recomputed: how many there are, and what was found."""

    name: str
    count: int
    found: str
    difference: str | None = None

    @property
    def line(self) -> str:
        """Say it in one line."""
        return f"{self.name:<13}{self.count:>11,} {self.found}"


def compared(name: str, count: int, found: str, differences: Iterable[str]) -> Kind:
    """Return the kind as found, or with its first difference; what comes after that is not computed."""
    first = next(iter(differences), None)
    return Kind(name, count, found if first is None else "recomputed, and they differ", first)


def minor(amount: int, currency: str) -> str:
    """Write an amount as the books hold it: `1,250 minor units of USD`."""
    return f"{amount:,} minor units of {currency}"


def more(count: int, noun: str, for_what: str) -> str:
    """Say how many things could not be compared yet, since the worker has still to come to them."""
    if not count:
        return ""
    return f"; 1 {noun} waits {for_what}" if count == 1 else f"; {count:,} {noun}s wait {for_what}"
