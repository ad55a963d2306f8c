"""What people read for the words that the code keeps: statuses, each with its shape, and roles."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs

Tone = Literal["good", "busy", "wait", "bad", "plain"]
"""Done, on its way, waiting, gone wrong or nothing to say; each has a shape besides its colour."""


class Status(msgspec.Struct, frozen=True):
    """How a status is shown."""

    word: str
    tone: Tone


_WORDS: Mapping[Tone, tuple[Sentence, ...]] = {
    "good": (
        Sentence("active"), Sentence("paid"), Sentence("settled"), Sentence("signed"), Sentence("on"),
        Sentence("ready"), Sentence("matured"), Sentence("succeeded"), Sentence("upheld"),
        Sentence("part upheld"), Sentence("auto approved"), Sentence("attributed"), Sentence("delivered"),
        Sentence("verified"), Sentence("in force"), Sentence("yes"), Sentence("done"),
    ),
    "busy": (
        Sentence("approved"), Sentence("accepted"), Sentence("funded"), Sentence("submitting"),
        Sentence("reserved"), Sentence("processing"), Sentence("requested"), Sentence("part paid"),
        Sentence("issued"), Sentence("stated"), Sentence("on its way"), Sentence("received"),
        Sentence("running"), Sentence("in transit"),
    ),
    "wait": (
        Sentence("in review"), Sentence("draft"), Sentence("invited"), Sentence("applied"),
        Sentence("unknown"), Sentence("pending"), Sentence("held"), Sentence("to sign"), Sentence("paused"),
        Sentence("open"), Sentence("needs info"), Sentence("appealed"), Sentence("ending"),
        Sentence("to prepare"), Sentence("to approve"), Sentence("missing"), Sentence("waiting"),
    ),
    "bad": (
        Sentence("failed"), Sentence("declined"), Sentence("reversed"), Sentence("refused"),
        Sentence("disputed"), Sentence("rejected"), Sentence("overdue"),
    ),
    "plain": (
        Sentence("carried"), Sentence("ended"), Sentence("revoked"), Sentence("replaced"), Sentence("off"),
        Sentence("withdrawn"), Sentence("unattributed"), Sentence("test"), Sentence("live"), Sentence("none"),
        Sentence("no"),
    ),
}  # fmt: skip
STATUSES: Mapping[str, Status] = MappingProxyType(
    {str(word): Status(word, tone) for tone, words in _WORDS.items() for word in words}
)
"""By the word that the code keeps, its underscores read as blanks."""

_ROLE_WORDS = (
    Sentence("owner"), Sentence("marketer"), Sentence("finance"), Sentence("developer"), Sentence("viewer"),
    Sentence("manager"), Sentence("admin"),
)  # fmt: skip
ROLES: Mapping[str, Sentence] = MappingProxyType({str(word): word for word in _ROLE_WORDS})


def status(code: str) -> Status:
    """Return how a status is shown; one that nobody placed here is shown as it is, with no tone."""
    spaced = code.replace("_", " ")
    return STATUSES.get(spaced, Status(spaced, "plain"))


def roles(codes: Iterable[str]) -> str:
    """Name roles in the present language, in a fixed order."""
    return ", ".join(catalogs.translated(ROLES.get(code, code)) for code in sorted(codes))
