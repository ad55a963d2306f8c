"""The words of each language: a slice keeps its own in `words/<language>.po`, here they become one book."""

import functools
import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.languages import formats, spoken
from partner_network.languages.spoken import Language

_ROOT = Path(__file__).parents[2]


def say(pattern: str, /, **values: object) -> str:
    """Say an English pattern, such as `"At most {n}."`, in the present language, its values filled in."""
    said = pattern if spoken.present() == spoken.SOURCE else _book(spoken.present()).gettext(pattern)
    return said.format(**{name: shown(value) for name, value in values.items()}) if values else said


def say_many(one: str, many: str, count: int, /, **values: object) -> str:
    """Say the pattern that fits a count, which fills `{count}`."""
    filled = {name: shown(value) for name, value in values.items()}
    return pattern_of_many(one, many, count).format(count=formats.number(count), **filled)


def pattern_of_many(one: str, many: str, count: int) -> str:
    """Return the pattern that fits a count, in the present language."""
    if spoken.present() == spoken.SOURCE:
        return one if count == 1 else many
    return _book(spoken.present()).ngettext(one, many, count)


def translated(sentence: str) -> str:
    """Say a sentence that the rules made in the present language; plain text is looked up as it stands."""
    if isinstance(sentence, Sentence):
        return say(sentence.pattern, **sentence.values)
    return say(sentence) if sentence else ""


def files_of(language: Language) -> Sequence[Path]:
    """Return the slices' files of words, in the order of their paths."""
    found = [*_ROOT.glob(f"partner_network/*/words/{language}.po"), *_ROOT.glob(f"admin/words/{language}.po")]
    return sorted(found)


def shown(value: object) -> object:
    """Return what fills a pattern as the present language writes it."""
    if isinstance(value, Sentence):
        return translated(value)
    if isinstance(value, Money):
        return formats.money(value.minor, value.currency)
    if isinstance(value, datetime):
        return formats.instant(value)
    if isinstance(value, date):
        return formats.day(value)
    return value


@functools.cache
def _book(language: Language) -> Translations:
    book = Translations()
    for path in files_of(language):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
        compiled = io.BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        book.merge(Translations(compiled))
    return book
