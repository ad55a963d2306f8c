"""Whether a tax number can be one at all: its form, and its check digits where these are public."""

import re
from typing import Protocol

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError
from stdnum.us import ein

from partner_network.brands.taxes import EU
from partner_network.kernel.sentences import Sentence


class _Kind(Protocol):
    """What knows the numbers of one country."""

    def is_valid(self, number: str, /) -> bool:
        """Say whether a number has the form and the check digits."""
        ...


_PREFIX = {"GR": "EL"}
_PLAIN = re.compile(r"[A-Z0-9][A-Z0-9 ./-]{3,24}")


def vat_id_of(typed: str, country: str) -> str | Sentence:
    """Return a VAT number in its written form, with its country's letters, or what is wrong with it."""
    number = re.sub(r"[\s.\-]", "", typed).upper()
    prefix = _PREFIX.get(country, country)
    kind = get_cc_module(country.lower(), "vat")
    if kind is None:
        return _plain(typed)
    if not number.startswith(prefix):
        if country in EU:
            return Sentence("begins with {prefix}, the letters of the country", prefix=prefix)
        number = prefix + number
    bare = number.removeprefix(prefix)
    # Numbers of some countries are known with their letters, others without: what fits is taken.
    if not _fits(kind, number, bare):
        return Sentence("is no VAT number of this country; look for a mistyped digit")
    return number


def tax_number_of(typed: str, country: str) -> str | Sentence:
    """Return a tax number that is no VAT number: in the United States an EIN, elsewhere what stands there."""
    if country != "US":
        return _plain(typed)
    try:
        return ein.format(ein.validate(typed))
    except ValidationError:
        return Sentence("is no employer identification number, such as 91-1144442")


def _plain(typed: str) -> str | Sentence:
    number = typed.strip().upper()
    if not _PLAIN.fullmatch(number):
        return Sentence("is 4 to 25 letters and digits")
    return number


def _fits(kind: _Kind, *numbers: str) -> bool:
    return any(kind.is_valid(number) for number in numbers)
