"""What a kind of message is: whom it is for, what it says, where it leads and whether a letter goes."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import msgspec

from partner_network.kernel.sentences import Sentence

Mail = Literal["at once", "daily", "weekly", "never"]
"""When somebody wants a letter about a kind of message; the message itself is always on their page."""
MAILS: tuple[Mail, ...] = get_args(Mail)
Side = Literal["person", "brand", "operator"]
"""As whom somebody is told: about their own account, for a brand, or for the network's operator."""
Facts: TypeAlias = tuple[tuple[Sentence, str], ...]
"""What stands in a letter's table: a label, and the name of the value beside it."""

WORK, MONEY = Sentence("Partnerships and agreements"), Sentence("Money")
QUALITY, SYSTEMS = Sentence("Questions and reviews"), Sentence("Systems")
ACCOUNT = Sentence("Your account and its safety")
GROUPS = (WORK, MONEY, QUALITY, SYSTEMS, ACCOUNT)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of message; its sentences are patterns that the values of a message fill."""

    key: str
    group: Sentence
    name: Sentence
    """What the kind is called where people choose."""
    subject: Sentence
    says: tuple[Sentence, ...]
    facts: Facts = ()
    button: Sentence
    page: str
    """Where it leads whoever is told for a brand, or about themselves."""
    page_at_operator: str = ""
    at_brand: frozenset[str] = frozenset()
    at_operator: frozenset[str] = frozenset()
    mail: Mail = "at once"
    """What holds for whoever has not chosen."""
    is_fixed: bool = False
    """Whether a letter goes at once, whatever somebody chose: what keeps an account safe."""
    is_sent: bool = True
    """Whether something tells it yet; of what nothing tells there is nothing to choose."""
    is_lettered_elsewhere: bool = False
    """Whether the slice of the fact posts a letter of its own in the same transaction."""

    @property
    def sides(self) -> frozenset[Side]:
        """Return as whom somebody may get it."""
        found: set[Side] = set()
        if self.at_brand:
            found.add("brand")
        if self.at_operator:
            found.add("operator")
        return frozenset(found or {"person"})

    def page_for(self, side: Side) -> str:
        """Return the address it leads to, its values still open."""
        return self.page_at_operator if side == "operator" and self.page_at_operator else self.page


def roles(names: str) -> frozenset[str]:
    """Return roles as a kind lists them."""
    return frozenset(names.split())


def mail_of(kind: Kind, chosen: Mail | None) -> Mail:
    """Return when a letter goes to somebody who chose this, or nothing."""
    return "at once" if kind.is_fixed else chosen or kind.mail


def is_for(kind: Kind, side: Side, held: Iterable[str]) -> bool:
    """Say whether somebody with these roles ever gets this kind, and so may choose about it."""
    if not kind.is_sent or side not in kind.sides:
        return False
    return side == "person" or not (kind.at_brand if side == "brand" else kind.at_operator).isdisjoint(held)
