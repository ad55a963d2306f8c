"""What a brand's name on paper and in addresses must be like."""

import re

from partner_network.kernel.errors import InvalidError

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
        fields["slug"] = "2 to 40 small letters, digits and hyphens"
    if not _COUNTRY.fullmatch(country):
        fields["country"] = "two capital letters of ISO 3166, such as DE"
    if not 0 <= tax_rate_ppm <= _PPM_PER_WHOLE:
        fields["tax_rate_ppm"] = "0 to 1000000 parts per million"
    if fields:
        told = "; ".join(f"{field}: {why}" for field, why in fields.items())
        raise InvalidError(f"The brand cannot be kept: {told}.", fields=fields)


def _wrong_with(text: str, *, lines_max: int) -> str | None:
    """Say what keeps a text off a contract and out of the head of a letter, where a line must stay one."""
    if not text.strip():
        return "is required"
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > lines_max or not all(line.isprintable() for line in lines):
        return f"is {lines_max} lines of plain text at most" if lines_max > 1 else "is one line of plain text"
    if any(len(line) > LINE_CHARACTERS_MAX for line in lines):
        return f"has lines of {LINE_CHARACTERS_MAX} characters at most"
    return None
