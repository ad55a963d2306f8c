"""What fills a message's sentences, kept so that each language can write it in its own way."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias

import msgspec

from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence

Value: TypeAlias = str | int | Money | datetime | date
Values: TypeAlias = Mapping[str, Value]


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value; exactly one of its fields is there."""

    text: str | None = None
    word: str | None = None
    """The pattern of a sentence of ours, said anew in each language."""
    filled: dict[str, "_Kept"] | None = None
    """What fills that pattern."""
    count: int | None = None
    minor: int | None = None
    currency: str | None = None
    instant: datetime | None = None
    day: date | None = None


def encoded(values: Values) -> str:
    """Return the values as the database keeps them."""
    return msgspec.json.encode({name: _kept(value) for name, value in values.items()}).decode()


def decoded(kept: str) -> dict[str, Value]:
    """Read what the database kept."""
    found = msgspec.json.decode(kept, type=dict[str, _Kept])
    return {name: _value(one) for name, one in found.items()}


def _kept(value: object) -> _Kept:
    match value:
        case Sentence():
            return _Kept(word=value.pattern, filled={name: _kept(one) for name, one in value.values.items()})
        case int():
            return _Kept(count=value)
        case Money():
            return _Kept(minor=value.minor, currency=value.currency)
        case datetime():
            return _Kept(instant=value)
        case date():
            return _Kept(day=value)
        case _:
            return _Kept(text=str(value))


def _value(kept: _Kept) -> Value:
    if kept.minor is not None and kept.currency is not None:
        return Money(kept.minor, kept.currency)
    if kept.word is not None:
        filled = {name: _value(one) for name, one in (kept.filled or {}).items()}
        return Sentence(kept.word, **filled)
    return next(one for one in (kept.text, kept.count, kept.instant, kept.day) if one is not None)
