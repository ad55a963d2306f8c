"""How a person wants to be called and spoken to, and by whose clock."""

from collections.abc import Mapping

import msgspec

from partner_network.identity.rules import credentials
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken, zones


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person chose; no language is the one that their browser likes best."""

    name: str
    language: str | None = None
    time_zone: str = zones.UTC


def must_be_preferences(wanted: Preferences) -> Preferences:
    """Return preferences as they are kept. Errors: InvalidError, naming every field at once."""
    fields: dict[str, str] = {}
    name = wanted.name.strip()
    if not 0 < len(name) <= credentials.NAME_CHARACTERS_MAX or not name.isprintable():
        fields["name"] = Sentence("1 to {most} characters on one line", most=credentials.NAME_CHARACTERS_MAX)
    if wanted.language is not None and wanted.language not in spoken.LANGUAGES:
        fields["language"] = Sentence("one of the languages offered")
    if not zones.known(wanted.time_zone):
        fields["time_zone"] = Sentence("a time zone such as Europe/Berlin")
    if fields:
        raise InvalidError("Some of this cannot be kept; mend what is marked.", fields=fields)
    return msgspec.structs.replace(wanted, name=name)


def must_be_language(code: str) -> spoken.Language:
    """Return one of our languages. Errors: InvalidError."""
    found: Mapping[str, spoken.Language] = {language: language for language in spoken.LANGUAGES}
    if code not in found:
        raise InvalidError(
            "We do not speak this language; choose one of those on the page.",
            fields={"language": Sentence("one of the languages offered")},
        )
    return found[code]
