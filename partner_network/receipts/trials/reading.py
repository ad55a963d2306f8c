"""Read terms to try: a whole terms file, or for a program its policy alone, every mistake told at once."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Program, Terms
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

MISTAKES_MAX = 50
"""How many mistakes are told; whoever has more begins with these."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_SETTLES_ALONE: Mapping[str, object] = {"settlement": {"currency": "USD", "time_zone": "UTC"}}
"""The least that a terms file needs, so that a policy can be read by the same rules."""


class Tried(msgspec.Struct, frozen=True):
    """What takes the place of what was signed; None leaves it as it was."""

    terms: Terms | None
    """The agreement's own part: windows, commission, settlement."""
    program: Program | None
    """The policy under which all partners of the program compete."""


def read(toml: str) -> Tried:
    """Return what a text wants tried. Errors: InvalidError whose `fields` name each key at fault by path."""
    try:
        document = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        why = Sentence("The terms are no TOML: {error}.", error=error)
        raise InvalidError(why, fields={"terms": why}) from None
    return read_document(document)


def read_document(document: Mapping[str, Any]) -> Tried:
    """Return what a decoded document wants tried. Errors: as `read`."""
    if not document:
        why = Sentence("There are no terms to try; write at least one table, such as [program.attribution].")
        raise InvalidError(why, fields={"terms": why})
    is_policy_alone = set(document) == {"program"}
    whole = {**document, **_SETTLES_ALONE} if is_policy_alone else dict(document)
    terms = _checked(whole)
    if not is_policy_alone and not terms.commission.components:
        why = Sentence("The terms name no commission component; add one.")
        raise InvalidError(why, fields={"commission.components": why})
    return Tried(None if is_policy_alone else terms, terms.program if "program" in document else None)


def _checked(document: Mapping[str, Any]) -> Terms:
    """Read a document; one that is refused is read again without the keys at fault, to find the next ones."""
    mistakes: dict[str, str] = {}
    first: InvalidError | None = None
    rest: Mapping[str, Any] | None = document
    while rest is not None and len(mistakes) < MISTAKES_MAX:
        try:
            terms = terms_reading.from_json(msgspec.json.encode(rest))
        except InvalidError as error:
            first = first or error
            new = {path: why for path, why in error.sentence_of.items() if path not in mistakes}
            mistakes |= new
            rest = _without(rest, new)
        else:
            if first is None:
                return terms
            break
    if first is None:
        raise RuntimeError("the terms were neither read nor refused")
    raise InvalidError(first.sentence, fields=mistakes)


def _without(document: Mapping[str, Any], paths: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return a document without these keys; None where one of them is not there or cannot go alone."""
    copied = cast("dict[str, Any]", msgspec.json.decode(msgspec.json.encode(document)))
    taken = [_take_out(copied, path) for path in paths]
    return copied if taken and all(taken) else None


def _take_out(document: dict[str, Any], path: str) -> bool:
    """Take a key out of a document, and say whether it was there; entries of a list stay where they are."""
    steps: list[str | int] = [int(index) if index else key for key, index in _STEP.findall(path)]
    place: Any = document
    for step in steps[:-1]:
        if not _holds(place, step):
            return False
        place = place[step]
    if not steps or not isinstance(steps[-1], str) or not _holds(place, steps[-1]):
        return False
    del place[steps[-1]]
    return True


def _holds(place: object, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(place, list) and step < len(cast("list[object]", place))
    return isinstance(place, dict) and step in place
