"""Read JSON that people write: no key twice, no text that cannot be written again, each fault by its path."""

import json
from collections.abc import Iterator
from typing import cast

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.reading import Mistake, refuse
from partner_network.kernel.sentences import Sentence


class _Object(dict[str, object]):
    """An object that gives one key twice."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.twice = next(key for key, _ in pairs if key in seen or seen.add(key))


def read(text: str, noun: str) -> object:
    """Return what a text states; whole numbers are exact whatever their size.

    Errors: InvalidError, whose `fields` name a key that is there twice, or a text that is no Unicode, by
    path. NaN and numbers beyond every float come out as floats, for a schema to refuse.
    """
    is_odd = "\\ud" in text or "\\uD" in text  # perhaps half a surrogate pair

    def made(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal is_odd
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        is_odd = True
        return _Object(pairs)

    try:
        document = cast("object", json.loads(text, object_pairs_hook=made))
    except json.JSONDecodeError as error:
        raise InvalidError(Sentence("The {noun} are no JSON: {error}.", noun=noun, error=error)) from None
    except RecursionError:
        raise InvalidError(Sentence("The {noun} are nested too deeply.", noun=noun)) from None
    except ValueError:
        raise InvalidError(Sentence("The {noun} hold a number with too many digits.", noun=noun)) from None
    if is_odd:
        refuse(list(_mistakes(document, "")), noun)
    return document


def _mistakes(value: object, path: str) -> Iterator[Mistake]:
    if isinstance(value, _Object):
        yield f"{path}.{value.twice}".removeprefix("."), Sentence("is there twice")
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from _mistakes(inner, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            yield from _mistakes(inner, f"{path}[{index}]")
    elif isinstance(value, str) and not _is_unicode(value):
        yield path, Sentence("holds half a character; write it whole")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
