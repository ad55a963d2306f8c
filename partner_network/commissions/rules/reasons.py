"""Why somebody decides: a few words of theirs, never none; pure."""

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

DECISION_CHARACTERS_MAX = 500
"""For what one person decides: a hold, a release, an adjustment."""
CONTEST_CHARACTERS_MAX = 2_000
"""For what two sides argue about: a contest, and its decision."""


def missing(reason: str, limit: int = DECISION_CHARACTERS_MAX) -> dict[str, str]:
    """Return what is wrong with a reason, as the error of its field; empty where nothing is."""
    return {} if 0 < len(reason.strip()) <= limit else {"reason": _asked(limit)}


def must_be_said(reason: str, limit: int = DECISION_CHARACTERS_MAX) -> str:
    """Return a reason without blanks around it. Errors: InvalidError for none, or a longer one."""
    if fields := missing(reason, limit):
        raise InvalidError(_asked(limit), fields=fields)
    return reason.strip()


def _asked(limit: int) -> Sentence:
    return Sentence("Say in up to {limit} characters why.", limit=limit)
