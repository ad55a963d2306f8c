"""Steps of a trace that must add up, and whether they do: pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from partner_network.kernel.sentences import Sentence


class Part(Struct, frozen=True):
    """One amount of a sum, in minor units, and what it is."""

    words: Sentence
    minor: int


class Sum(Struct, frozen=True):
    """Parts that must come to a figure which is stored somewhere else, in minor units."""

    name: str
    parts: Sequence[Part]
    result: Part

    @property
    def parts_minor(self) -> int:
        """What the parts come to."""
        return sum(part.minor for part in self.parts)

    @property
    def holds(self) -> bool:
        """Tell whether they come to the figure, to the cent."""
        return self.parts_minor == self.result.minor


def sent(attempts_minor: Sequence[tuple[int, int]], to_be_sent_minor: int, amount_minor: int) -> Sum:
    """Return what Stripe accepted of a payout and what it took back, beside the payout.

    What came back waits in the ledger until it is sent again: that is a part of its own. Units: minor units.
    """
    parts: list[Part] = []
    for minor, back_minor in attempts_minor:
        parts.append(Part(Sentence("Transfer accepted by Stripe"), minor))
        if back_minor:
            parts.append(Part(Sentence("Taken back by Stripe"), -back_minor))
    if to_be_sent_minor:
        parts.append(Part(Sentence("Funded, to be sent again"), to_be_sent_minor))
    return Sum("transfers", parts, Part(Sentence("Payout"), amount_minor))


def banked(bundled: Sequence[tuple[str, int, int]], amount_minor: int) -> Sum:
    """Return the transfers that a payout to the bank took along, beside what arrived there; minor units.

    Each is its statement's number, its amount, and what Stripe took back of it. That is in the payout to the
    bank only if it came back before it.
    """
    parts = [Part(Sentence("Transfer for {number}", number=number), minor) for number, minor, _ in bundled]
    back_minor = sum(back for _, _, back in bundled)
    if back_minor and sum(part.minor for part in parts) != amount_minor:
        parts.append(Part(Sentence("Taken back by Stripe"), -back_minor))
    return Sum("bank", parts, Part(Sentence("Paid to the bank"), amount_minor))


_TAKEN: Mapping[str, Sentence] = {
    "fund": Sentence("Paid on an earlier statement, funded after this one was closed"),
    "recover": Sentence("Taken back by a later close before it was funded"),
    "recover_tax": Sentence("Taken back of tax by a later close before it was funded"),
    "hold": Sentence("Held back before it was funded"),
    "dispute": Sentence("Disputed before it was funded"),
}
_TAKEN_OTHERWISE = Sentence("Left the account before it was funded")


def funded(amount_minor: int, taken_minor: Mapping[str, int], closing_minor: int) -> Sum:
    """Return a payout and what left the account before it, beside the closing amount of its statement.

    Source: MONEY section 6, `fundable`.
    """
    parts = [Part(Sentence("Payout"), amount_minor)]
    parts += [Part(_TAKEN.get(kind, _TAKEN_OTHERWISE), minor) for kind, minor in taken_minor.items()]
    return Sum("statement", parts, Part(Sentence("Closing of the statement"), closing_minor))


def stated(
    opening_minor: int, by_kind: Mapping[str, int], words: Mapping[str, Sentence], closing_minor: int
) -> Sum:
    """Return a statement's opening and its lines by kind, beside its closing amount."""
    parts = [Part(Sentence("Opening, carried from the statement before"), opening_minor)]
    parts += [Part(words[kind], by_kind[kind]) for kind in words if kind in by_kind]
    return Sum("lines", parts, Part(Sentence("Closing of the statement"), closing_minor))


def paged(here_minor: int, elsewhere_minor: int, moved_minor: int) -> Sum:
    """Return the lines that are shown and those on other pages, beside what all lines moved."""
    parts = [Part(Sentence("Lines on this page"), here_minor)]
    if elsewhere_minor:
        parts.append(Part(Sentence("Lines on other pages"), elsewhere_minor))
    return Sum("page", parts, Part(Sentence("Closing less opening"), moved_minor))


class Whereabouts(Struct, frozen=True):
    """Where all the money of one commission is, in minor units."""

    pending_minor: int
    held_minor: int
    disputed_minor: int
    unstated_minor: int
    stated_minor: int
    due_back_minor: int
    forgiven_minor: int


def commission(at: Whereabouts, target_minor: int) -> Sum:
    """Return where the money of a commission is, beside what it comes to by facts and terms."""
    parts = [
        Part(Sentence("Pending"), at.pending_minor),
        Part(Sentence("Held back"), at.held_minor),
        Part(Sentence("Disputed"), at.disputed_minor),
        Part(Sentence("For the next statement"), at.unstated_minor),
        Part(Sentence("On statements"), at.stated_minor),
        Part(Sentence("Still to be taken back"), -at.due_back_minor),
        Part(Sentence("Taken back in vain, and given up"), -at.forgiven_minor),
    ]
    shown = [part for part in parts if part.minor]
    return Sum("commission", shown, Part(Sentence("What the commission comes to"), target_minor))
