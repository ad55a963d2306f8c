"""Write a decoded terms file as TOML again, so that what a form says is kept as a file would say it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, cast

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}


def toml_of(document: Mapping[str, Any]) -> str:
    """Return the document as TOML that reads back as the same: tables in their order, short ones inline.

    Errors: ValueError for a value that no terms file holds.
    """
    return "\n".join(_table((), document)).strip() + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not _is_section(path, value)}
    if path and (plain or not table):
        yield f"[{_dotted(path)}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    if plain:
        yield ""
    for key, value in table.items():
        if not _is_section(path, value):
            continue
        if isinstance(value, Mapping):
            yield from _table((*path, key), cast("Mapping[str, Any]", value))
        else:
            yield from _entries((*path, key), cast("Sequence[Mapping[str, Any]]", value))


def _entries(path: tuple[str, ...], entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield f"[[{_dotted(path)}]]"
        yield from (f"{_key(key)} = {_value(value)}" for key, value in entry.items())
        yield ""


def _is_section(path: tuple[str, ...], value: object) -> bool:
    """Say whether a value is written under a head of its own: the file's upper tables, and lists of them."""
    if isinstance(value, Mapping):
        return len(path) < (2 if path[:1] == ("program",) else 1)
    return len(path) == 1 and _is_list_of_tables(value)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:_}"
        case str():
            return _text(value)
        case date():
            return value.isoformat()
        case list():
            return f"[{', '.join(_value(one) for one in cast('list[object]', value))}]"
        case Mapping():
            pairs = cast("Mapping[str, object]", value).items()
            inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in pairs)
            return f"{{ {inside} }}" if inside else "{}"
        case _:
            raise ValueError(f"no terms file holds {value!r}")


def _text(text: str) -> str:
    written = (
        _ESCAPED.get(letter) or (letter if letter.isprintable() else f"\\U{ord(letter):08x}")
        for letter in text
    )
    return f'"{"".join(written)}"'


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(_key(key) for key in path)
