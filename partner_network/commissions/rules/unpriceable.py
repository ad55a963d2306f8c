"""What is wrong with terms or facts, and whose."""

from partner_network.kernel.errors import InvalidError


class UnpriceableError(InvalidError):
    """Say which version of the terms could not price something, and by which of its keys."""

    def __init__(self, detail: str, *, version: str, clause: str) -> None:
        super().__init__(detail)
        self.version = version
        self.clause = clause


def said_of(refusal: InvalidError, *, version: str, clause: str) -> UnpriceableError:
    """Return a refusal with whose it is; one that says so already keeps it."""
    if isinstance(refusal, UnpriceableError):
        return refusal
    return UnpriceableError(refusal.sentence, version=version, clause=clause)
