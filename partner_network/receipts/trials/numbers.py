"""Numbers as people type them into a form, and as a terms file holds them."""

import re
from decimal import Decimal

from partner_network.kernel import money
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

PERCENT_DIGITS = 4
"""A part per million is a ten-thousandth of a percent."""
_NUMBER = re.compile(r"[0-9]{1,18}(?:[.,](?P<digits>[0-9]+))?")
_WHOLE = re.compile(r"[0-9]{1,18}")


class NotTypedError(ValueError):
    """What was typed is no such number; `why` says it."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def whole(text: str) -> int:
    """Read a whole number. Errors: NotTypedError."""
    if not _WHOLE.fullmatch(text):
        raise NotTypedError(Sentence("Write a whole number, such as 30."))
    return int(text)


def scaled(text: str, digits: int) -> int:
    """Read a number with a comma or a point as the last so many digits' whole. Errors: NotTypedError.

    A sign between thousands would be read as a comma; so more digits than there are, are refused.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise NotTypedError(Sentence("Write a number, such as 7.5, and no sign between thousands."))
    if len(found["digits"] or "") > digits:
        why = Sentence(
            "Write at most {digits} digits after the point, and no sign between thousands.", digits=digits
        )
        raise NotTypedError(why)
    return int(Decimal(text.replace(",", ".")).scaleb(digits))


def exponent(currency: object) -> int:
    """Return how many digits the amounts of a file's currency have; 2 where it names none that exists."""
    try:
        return money.exponent(str(currency))
    except InvalidError:
        return 2


def shown(value: int, digits: int, mark: str) -> str:
    """Write a scaled number without the zeros that say nothing: 75_000 of 4 digits is `7.5`."""
    text = f"{Decimal(value).scaleb(-digits):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", mark)


def shown_amount(minor: int, digits: int, mark: str) -> str:
    """Write an amount with every digit of its currency: 1_250 of 2 digits is `12.50`."""
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}".replace(".", mark)
