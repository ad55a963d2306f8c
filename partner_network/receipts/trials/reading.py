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
_STAND_INS: Mapping[str, object] = {
    "event": "sale",
    "kind": "milestone",
    "metric": "count",
    "period": "month",
    "n": 1,
    "amount_minor": 0,
    "multiplier_ppm": 1_000_000,
    "cohort_months": 1,
    "within_months": 1,
    "least_customers": 1,
    "from_ppm": 0,
    "steps": [{"from_ppm": 0, "multiplier_ppm": 1_000_000}],
    "cap_minor": 0,
    "until": "9999-12-31",
    "tiers": [{"from": 0, "rate_ppm": 0}],
    "currency": "EUR",
    "time_zone": "UTC",
    "settlement": {"currency": "EUR", "time_zone": "UTC"},
}
"""What stands for a required key that is wrong while the rest is read; none makes a mistake of its own."""
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
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
    for _ in range(2 * MISTAKES_MAX):
        try:
            terms = terms_reading.from_json(msgspec.json.encode(rest))
        except InvalidError as error:
            first = first or error
            rest = _without(rest, error.sentence_of, mistakes)
            mistakes = {**error.sentence_of, **mistakes}
        else:
            if first is None:
                return terms
            break
        if rest is None:
            break
    if first is None:
        raise RuntimeError("the terms were neither read nor refused")
    raise InvalidError(first.sentence, fields=mistakes)


def _without(
    document: Mapping[str, Any] | None, paths: Mapping[str, str], known: Mapping[str, str]
) -> Mapping[str, Any] | None:
    """Return a document without these keys, or with a stand-in where one was taken out and has to be there.

    None where that cannot be done: no mistake beyond is looked for.
    """
    copied = cast("dict[str, Any]", msgspec.json.decode(msgspec.json.encode(document)))
    done = [_stand_in(copied, path) if path in known else _take_out(copied, path) for path in paths]
    return copied if done and all(done) else None


def _stand_in(document: dict[str, Any], path: str) -> bool:
    steps = _steps(path)
    place, last = _place_of(document, steps), steps[-1] if steps else ""
    if not isinstance(place, dict) or not isinstance(last, str) or last in place:
        return False
    # Every name is an identity, so a stand-in has one of its own; it never leaves this module.
    value = path if last == "name" else _STAND_INS.get(last)
    if value is None:
        return False
    cast("dict[str, object]", place)[last] = value
    return True


def _take_out(document: dict[str, Any], path: str) -> bool:
    """Take a key out of a document, and say whether it can be; entries of a list stay where they are."""
    steps = _steps(path)
    place, last = _place_of(document, steps), steps[-1] if steps else 0
    if not isinstance(place, dict) or not isinstance(last, str):
        return False
    table = cast("dict[str, object]", place)
    if last in table:
        del table[last]
        return True
    return _stand_in(document, path)


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else key for key, index in _STEP.findall(path)]


def _place_of(document: dict[str, Any], steps: list[str | int]) -> object:
    """Return what holds the last of these steps, None where the way there leads nowhere."""
    place: Any = document
    for step in steps[:-1]:
        try:
            place = place[step]
        except (KeyError, IndexError, TypeError):
            return None
    return place
