"""The ways a wish is refused; `app` turns each into its HTTP status once."""

from collections.abc import Mapping


class PartnerNetworkError(Exception):
    """Say what was wrong and what to do; `fields` names the inputs at fault by path.

    Sentences with figures in them are given as `Sentence("At most {n}.", n=3)`, so that pages can say them in
    their reader's language; `detail` and the values of `fields` are the English for logs and programs.
    """

    def __init__(self, detail: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(str(detail))
        self.sentence = detail
        self.sentence_of: Mapping[str, str] = dict(fields or {})

    @property
    def detail(self) -> str:
        """Return the sentence in English."""
        return str(self.sentence)

    @property
    def fields(self) -> Mapping[str, str]:
        """Return what is wrong with each input, in English."""
        return {name: str(sentence) for name, sentence in self.sentence_of.items()}


class NotFoundError(PartnerNetworkError):
    """Nothing by that name is there, or not for you (404)."""


class ForbiddenError(PartnerNetworkError):
    """You may not do this (403)."""


class ConflictError(PartnerNetworkError):
    """The state of things does not allow this now (409)."""


class InvalidError(PartnerNetworkError):
    """What was given cannot be right (422)."""


class TooOftenError(PartnerNetworkError):
    """You may, but not again so soon (429)."""

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class CurrencyMismatchError(InvalidError):
    """Two amounts of different currencies met where one currency was needed."""
