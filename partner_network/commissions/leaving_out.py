"""What a run over many leaves out, so that one that cannot go on stops nobody else."""

import asyncpg
import msgspec

from partner_network.kernel.errors import PartnerNetworkError
from partner_network.kernel.sentences import Sentence

REFUSALS = (PartnerNetworkError, asyncpg.IntegrityConstraintViolationError)
"""What leaves one stream or pair out; anything else is a fault of ours or of the server, and ends the run."""


class LeftOut(msgspec.Struct, frozen=True):
    """One that a run did not do, by its name, and why; nothing of it is written."""

    name: str
    reason: str


def left_out(name: str, refusal: Exception) -> LeftOut:
    """Return why one was left out: in the words of our refusal, or what the database would not hold."""
    if isinstance(refusal, PartnerNetworkError):
        return LeftOut(name, refusal.sentence)
    return LeftOut(name, Sentence("The database refused it: {error}.", error=str(refusal).rstrip(".")))
