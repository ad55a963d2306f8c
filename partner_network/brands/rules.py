"""What a brand's name on paper and in addresses must be like."""

import re

from partner_network.kernel import sentences
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken

LINE_CHARACTERS_MAX = 200
ADDRESS_LINES_MAX = 8

_SLUG = re.compile(r"[a-z0-9-]{2,40}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PPM_PER_WHOLE = 1_000_000


def must_be_brand(
    *, slug: str, name: str, legal_name: str, address: str, country: str, tax_rate_ppm: int
) -> None:
    """Refuse a brand that could not stand on a contract or an invoice, naming every field at once."""
    fields = {
        field: why
        for field, text in (("name", name), ("legal_name", legal_name), ("address", address))
        if (why := _wrong_with(text, lines_max=ADDRESS_LINES_MAX if field == "address" else 1))
    }
    if not _SLUG.fullmatch(slug):
        fields["slug"] = Sentence("2 to 40 small letters, digits and hyphens")
    if not _COUNTRY.fullmatch(country):
        fields["country"] = Sentence("two capital letters of ISO 3166, such as DE")
    if not 0 <= tax_rate_ppm <= _PPM_PER_WHOLE:
        fields["tax_rate_ppm"] = Sentence("0 to 1000000 parts per million")
    if fields:
        told = sentences.told(fields.items())
        raise InvalidError(Sentence("The brand cannot be kept: {told}.", told=told), fields=fields)


def wrong_on_paper(*, legal_name: str, address: str) -> dict[str, Sentence]:
    """Return what keeps a company's name and address off an invoice, by field."""
    found = {
        "legal_name": _wrong_with(legal_name, lines_max=1),
        "address": _wrong_with(address, lines_max=ADDRESS_LINES_MAX),
    }
    return {field: why for field, why in found.items() if why is not None}


def must_be_customer_language(code: str) -> None:
    """Refuse a language in which nothing here is written."""
    if code not in spoken.LANGUAGES:
        raise InvalidError(
            "We do not speak this language; choose one of those on the page.",
            fields={"customer_language": Sentence("one of the languages offered")},
        )


def _wrong_with(text: str, *, lines_max: int) -> Sentence | None:
    """Say what keeps a text off a contract and out of the head of a letter, where a line must stay one."""
    if not text.strip():
        return Sentence("is required")
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > lines_max or not all(line.isprintable() for line in lines):
        if lines_max > 1:
            return Sentence("is {most} lines of plain text at most", most=lines_max)
        return Sentence("is one line of plain text")
    if any(len(line) > LINE_CHARACTERS_MAX for line in lines):
        return Sentence("has lines of {most} characters at most", most=LINE_CHARACTERS_MAX)
    return None
