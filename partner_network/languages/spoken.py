"""Which languages there are, and in which the page or letter at hand is written.

Rules, actions and logs know nothing of this: they make English sentences (`kernel.sentences`). Only what
writes for a person asks for the present language.
"""

import contextlib
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

import babel

Language: TypeAlias = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SOURCE: Language = "en"
"""The language that the code is written in; its sentences are the keys of all the others."""
NAME_OF: Mapping[Language, str] = MappingProxyType({"en": "English", "de": "Deutsch"})
"""What each language calls itself."""
_LOCALE_OF: Mapping[Language, str] = MappingProxyType({"en": "en_US", "de": "de_DE"})
_present: ContextVar[Language] = ContextVar("language", default=SOURCE)


def present() -> Language:
    """Return the language that is being written."""
    return _present.get()


def locale() -> str:
    """Return the locale by which amounts, dates and numbers of the present language are written."""
    return _LOCALE_OF[_present.get()]


@contextlib.contextmanager
def speaking(language: Language) -> Generator[None]:
    """Write in a language for as long as the block lasts."""
    former = _present.set(language)
    try:
        yield
    finally:
        _present.reset(former)


def speak(language: Language) -> None:
    """Write in a language from now on, until the block of `speaking` around this ends."""
    _present.set(language)


def known(code: str | None) -> Language | None:
    """Return the language of a code such as `de` or `de-AT`, if it is one of ours."""
    first = (code or "").replace("_", "-").partition("-")[0].lower()
    return next((language for language in LANGUAGES if language == first), None)


def wanted(accept_language: str) -> Language | None:
    """Return the language of ours that a browser likes best, by its Accept-Language header."""
    weighed: list[tuple[str, int]] = []
    for part in accept_language[:200].split(","):
        code, _, weight = part.strip().partition(";q=")
        weighed.append((code, _thousandths(weight)))
    # sorted() is stable: of equal weights the first named wins.
    liked = sorted((one for one in weighed if one[1] > 0), key=lambda one: -one[1])
    return next((found for code, _ in liked if (found := known(code))), None)


def babel_locale() -> babel.Locale:
    """Return babel's own view of the present locale."""
    return babel.Locale.parse(locale())


def _thousandths(weight: str) -> int:
    """Read `0.8` as 800; no weight is the whole."""
    if not weight:
        return 1_000
    whole, _, rest = weight.strip().partition(".")
    if not (whole.isdigit() and (rest.isdigit() or not rest)):
        return 0
    return min(int(whole), 1) * 1_000 + int(rest[:3].ljust(3, "0"))
