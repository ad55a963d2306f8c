"""Sentences for people that can be said in another language later, wherever they were made."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Self


class Sentence(str):
    """An English sentence that remembers its pattern and what fills it: `Sentence("At most {n}.", n=3)`.

    It is its English text to everything that knows nothing of languages; `languages.translated` says it in
    another. A value may be a sentence itself, a date or an instant: each is then said in that language too.
    """

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, object]

    def __new__(cls, pattern: str, /, **values: object) -> Self:
        """Fill the pattern in English and remember both."""
        made = super().__new__(cls, pattern.format(**values) if values else pattern)
        made.pattern = pattern
        made.values = values
        return made


def joined(parts: Iterable[str], joint: str) -> Sentence:
    """Return sentences and names in a row as one; each sentence is still said in its reader's language."""
    values = {f"part_{n}": part for n, part in enumerate(parts)}
    return Sentence(joint.join(map("{{{}}}".format, values)), **values)


def told(mistakes: Iterable[tuple[str, str]]) -> Sentence:
    """Return `path: why; path: why` of what is wrong with each input."""
    return joined((joined(mistake, ": ") for mistake in mistakes), "; ")


def all_of(parts: Sequence[str]) -> Sentence:
    """Return `one and other`, for names and sentences alike."""
    first = joined(parts[:1], "")
    return functools.reduce(
        lambda one, other: Sentence("{one} and {other}", one=one, other=other), parts[1:], first
    )


def one_of(parts: Sequence[str]) -> Sentence:
    """Return `one or other`, for names and sentences alike."""
    first = joined(parts[:1], "")
    return functools.reduce(
        lambda one, other: Sentence("{one} or {other}", one=one, other=other), parts[1:], first
    )
