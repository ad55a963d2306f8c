"""Read what people write by a schema, and refuse it by the path of the key and a sentence."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

import msgspec

from partner_network.kernel import sentences
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

Mistake = tuple[str, str]
T = TypeVar("T")
_WHERE = re.compile(r"(?P<why>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_WRONG_TYPE = re.compile(r"Expected (?P<wanted>`[^`]*`.*), got (?P<got>`[^`]*`)")
_WRONG_VALUE = re.compile(r"Expected (?P<wanted>`[^`]*`.*)")
_WRONG_NAME = re.compile(r"Invalid enum value (?P<value>.*)")
_FIELD = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<name>[^`]*)`")


def checked(document: object, schema: type[T], noun: str) -> T:
    """Return the document as the schema's value. Errors: InvalidError whose `fields` name each key by path.

    A number with a decimal point is refused even where it is whole: money and rates are never floats.
    """
    refuse(
        [
            (path, Sentence("write a whole number; there are no decimal points here"))
            for path in _floats(document)
        ],
        noun,
    )
    try:
        return msgspec.convert(document, schema)
    except msgspec.ValidationError as error:
        refuse([_mistake_of(str(error), noun)], noun)
        raise


def refuse(mistakes: Sequence[Mistake], noun: str) -> None:
    """Raise one InvalidError that names every mistake, if there is any."""
    if mistakes:
        raise InvalidError(
            Sentence("The {noun} cannot be used: {told}.", noun=noun, told=sentences.told(mistakes)),
            fields=dict(mistakes),
        )


def _floats(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, float):
        yield path
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from _floats(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            yield from _floats(inner, f"{path}[{index}]")


def _mistake_of(message: str, noun: str) -> Mistake:
    where = _WHERE.fullmatch(message)
    why, path = (where["why"], where["path"] or "") if where else (message, "")
    about_field = _FIELD.match(why)
    if about_field is None:
        return path.removeprefix(".") or noun, in_our_words(why)
    path = f"{path}.{about_field['name']}".removeprefix(".")
    if about_field["how"] == "missing required":
        return path, Sentence("is required")
    return path, Sentence("is no key of the {noun}", noun=noun)


def in_our_words(why: str) -> Sentence:
    """Return what the decoder says of a value as a sentence that can be said in another language."""
    if found := _WRONG_TYPE.fullmatch(why):
        return Sentence("expected {wanted}, got {got}", **found.groupdict())
    if found := _WRONG_VALUE.fullmatch(why):
        return Sentence("expected {wanted}", wanted=found["wanted"])
    if found := _WRONG_NAME.fullmatch(why):
        return Sentence("invalid enum value {value}", value=found["value"])
    if why.startswith("Invalid RFC3339"):
        return Sentence("invalid RFC3339 encoded date or time")
    return sentences.joined((why[:1].lower() + why[1:],), "")
