"""The ways a wish is refused; `app` turns each into its HTTP status once."""

from collections.abc import Mapping


class PartnerNetworkError(Exception):
    """Say what was wrong and what to do; `fields` names the inputs at fault by path."""

    def __init__(self, detail: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields: Mapping[str, str] = dict(fields or {})


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
