"""Read what people write by a schema, and refuse it by the path of the key and a sentence."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

import msgspec

from partner_network.kernel.errors import InvalidError

Mistake = tuple[str, str]
T = TypeVar("T")
_WHERE = re.compile(r"(?P<why>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<name>[^`]*)`")


def checked(document: object, schema: type[T], noun: str) -> T:
    """Return the document as the schema's value. Errors: InvalidError whose `fields` name each key by path.

    A number with a decimal point is refused even where it is whole: money and rates are never floats.
    """
    refuse(
        [(path, "write a whole number; there are no decimal points here") for path in _floats(document)], noun
    )
    try:
        return msgspec.convert(document, schema)
    except msgspec.ValidationError as error:
        refuse([_mistake_of(str(error), noun)], noun)
        raise


def refuse(mistakes: Sequence[Mistake], noun: str) -> None:
    """Raise one InvalidError that names every mistake, if there is any."""
    if mistakes:
        detail = "; ".join(f"{path}: {why}" for path, why in mistakes)
        raise InvalidError(f"The {noun} cannot be used: {detail}.", fields=dict(mistakes))


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
    if about_field:
        path = f"{path}.{about_field['name']}"
        why = "is required" if about_field["how"] == "missing required" else f"is no key of the {noun}"
    return path.removeprefix(".") or noun, why[:1].lower() + why[1:]
