"""What a promo code must be like, and when two of them are the same."""

import unicodedata
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

CHARACTERS_MIN, CHARACTERS_MAX = 2, 40


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A promo code, and the partnership whose it is for good."""

    id: UUID
    code: str
    partnership_id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    created_at: datetime
    withdrawn_at: datetime | None


class Dated(Protocol):
    """Something that was given at an instant and perhaps withdrawn at another."""

    @property
    def created_at(self) -> datetime:
        """When it was given."""
        ...

    @property
    def withdrawn_at(self) -> datetime | None:
        """When it was withdrawn; None while it holds."""
        ...


def must_be_code(code: str) -> str:
    """Return the code without outer blanks; refuse what nobody could type at a checkout."""
    code = code.strip()
    if not CHARACTERS_MIN <= len(code) <= CHARACTERS_MAX or not code.isprintable() or " " in code:
        raise InvalidError(
            Sentence(
                "A code has {least} to {most} characters without blanks, like SUMMER10; give it so.",
                least=CHARACTERS_MIN,
                most=CHARACTERS_MAX,
            ),
            fields={"code": Sentence("too short, too long, or with blanks")},
        )
    return code


def folded(code: str) -> str:
    """Return what two codes have in common that are the same: neither case nor outer blanks count."""
    plain = unicodedata.normalize("NFKC", code).strip().casefold()
    return unicodedata.normalize("NFKC", plain)


def holds(code: Dated, at: datetime) -> bool:
    """Tell whether a code was its partnership's at an instant: from when it was given until withdrawn."""
    return code.created_at <= at and (code.withdrawn_at is None or at < code.withdrawn_at)
