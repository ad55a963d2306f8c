"""Read the form of terms into a decoded terms file, and write a terms file into the form.

Every input is named by the path of its key, so that a refusal of the file finds its input. People type
percentages and amounts; the file holds parts per million and minor units.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import fields as of_form
from partner_network.receipts.trials import numbers
from partner_network.receipts.trials.fields import COMMISSION, POLICY, WINDOWS, Field
from partner_network.receipts.trials.numbers import NotTypedError

Document = dict[str, Any]
Form = Mapping[str, Sequence[str]]
"""What was typed, by the name of its input."""
COMPONENTS = "commission.components"
LEFT_OUT = "left_out"
"""The box beside a component that takes it out."""
_OF_COMPONENT = re.compile(r"commission\.components\[(\d{1,2})\]\.(?:tiers\[(\d{1,2})\]\.)?(.+)")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class Typed(NamedTuple):
    """The file that a form says, without the keys that it says wrongly, and what is wrong with those."""

    document: Document
    mistakes: dict[str, str]


class _Place(NamedTuple):
    """One input: which field, under which path, and which component's."""

    field: Field
    path: str
    component: str = ""


def tidied(form: Form, base: Mapping[str, Any]) -> tuple[dict[str, list[str]], Document]:
    """Return the form and its file without left-out components and empty rows of tiers, numbered anew."""
    rest = {name: list(values) for name, values in form.items() if not _OF_COMPONENT.fullmatch(name)}
    components: dict[int, dict[str, list[str]]] = {}
    tiers: dict[int, dict[int, dict[str, list[str]]]] = {}
    for name, values in form.items():
        if found := _OF_COMPONENT.fullmatch(name):
            of = int(found[1])
            components.setdefault(of, {})
            if found[2] is None:
                components[of][found[3]] = list(values)
            else:
                tiers.setdefault(of, {}).setdefault(int(found[2]), {})[found[3]] = list(values)
    document = cast("Document", _copied(base))
    before = document.get(COMMISSION, {}).get("components", [])
    kept = [of for of in sorted(components) if not any(components[of].get(LEFT_OUT, ()))]
    for at, of in enumerate(kept):
        rest |= {f"{COMPONENTS}[{at}].{key}": values for key, values in components[of].items()}
        rows = [
            row
            for _, row in sorted(tiers.get(of, {}).items())
            if any("".join(one).strip() for one in row.values())
        ]
        for tier, row in enumerate(rows):
            rest |= {f"{COMPONENTS}[{at}].tiers[{tier}].{key}": values for key, values in row.items()}
    if COMMISSION in document:
        document[COMMISSION]["components"] = [before[of] if of < len(before) else {} for of in kept]
    return rest, document


def document_of(form: Form, base: Mapping[str, Any]) -> Typed:
    """Return the terms file that a tidied form makes of its own; what the form does not show stays."""
    document, mistakes = cast("Document", _copied(base)), dict[str, str]()
    for index, component in enumerate(_components(document)):
        component["tiers"] = [{} for _ in range(_rows(form, index))]
    for place in _places(document):
        text = [one.strip() for one in form.get(place.path, ())]
        try:
            value = _value(place, text, form, document)
        except NotTypedError as error:
            mistakes[place.path] = error.why
            value = None
        _put(document, place.path, value)
    return Typed(document, mistakes)


def form_of(document: Mapping[str, Any], *, mark: str = ".") -> dict[str, list[str]]:
    """Return what stands in the form for a terms file in which every default is written out."""
    digits = numbers.exponent(_got(document, "settlement.currency"))
    form = dict[str, list[str]]()
    for place in _places(document):
        value = _got(document, place.path)
        if isinstance(value, list):
            form[place.path] = [str(one) for one in cast("list[object]", value)]
        elif isinstance(value, int):
            form[place.path] = [_shown(_kind(place, document), value, digits, mark)]
        else:
            form[place.path] = ["" if value is None else str(value)]
    return form


def row_count(form: Form, component: int) -> int:
    """Return how many rows of tiers a component of a tidied form has."""
    return _rows(form, component)


def component_count(form: Form) -> int:
    """Return how many components a tidied form has."""
    found = (_OF_COMPONENT.fullmatch(name) for name in form)
    return max((int(one[1]) + 1 for one in found if one), default=0)


def _rows(form: Form, component: int) -> int:
    found = (_OF_COMPONENT.fullmatch(name) for name in form)
    return max((int(one[2]) + 1 for one in found if one and one[2] and int(one[1]) == component), default=0)


def _places(document: Mapping[str, Any]) -> Iterator[_Place]:
    for table, fields in (
        (POLICY, of_form.POLICY_FIELDS),
        (WINDOWS, of_form.WINDOW_FIELDS),
        (COMMISSION, of_form.COMMISSION_FIELDS),
    ):
        if table.partition(".")[0] in document:
            yield from (_Place(field, f"{table}.{field.key}") for field in fields)
    for index, component in enumerate(_components(document)):
        path = f"{COMPONENTS}[{index}]"
        yield from (_Place(field, f"{path}.{field.key}", path) for field in of_form.COMPONENT_FIELDS)
        for tier in range(len(component.get("tiers", ()))):
            under = f"{path}.tiers[{tier}]"
            yield from (_Place(field, f"{under}.{field.key}", path) for field in of_form.TIER_FIELDS)


def _value(place: _Place, text: Sequence[str], form: Form, document: Mapping[str, Any]) -> object:
    """Return what an input holds, None where it holds nothing. Errors: NotTypedError."""
    kind = place.field.kind
    if kind in {"ranking", "choices"}:
        return [one for one in text if one]
    typed = text[0] if text else ""
    if not typed:
        if place.field.is_optional:
            return None
        raise NotTypedError(Sentence("Fill this in."))
    if kind == "metric":
        kind = "whole" if form.get(f"{place.component}.metric", [""])[0] == "count" else "money"
    if kind == "whole":
        return numbers.whole(typed)
    if kind == "percent":
        return numbers.scaled(typed, numbers.PERCENT_DIGITS)
    if kind == "money":
        return numbers.scaled(typed, numbers.exponent(_got(document, "settlement.currency")))
    return typed


def _kind(place: _Place, document: Mapping[str, Any]) -> of_form.Kind:
    if place.field.kind != "metric":
        return place.field.kind
    return "whole" if _got(document, f"{place.component}.metric") == "count" else "money"


def _shown(kind: of_form.Kind, value: int, digits: int, mark: str) -> str:
    if kind == "percent":
        return numbers.shown(value, numbers.PERCENT_DIGITS, mark)
    return numbers.shown_amount(value, digits, mark) if kind == "money" else str(value)


def _components(document: Mapping[str, Any]) -> list[Document]:
    return document.get(COMMISSION, {}).get("components", [])


def _copied(document: Mapping[str, Any]) -> object:
    return msgspec.json.decode(msgspec.json.encode(document))


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else key for key, index in _STEP.findall(path)]


def _got(document: Mapping[str, Any], path: str) -> object:
    place: Any = document
    for step in _steps(path):
        try:
            place = place[step]
        except (KeyError, IndexError, TypeError):
            return None
    return place


def _put(document: Document, path: str, value: object) -> None:
    """Write a value under its path, or take the key out for None; tables on the way are made."""
    *way, last = _steps(path)
    place: Any = document
    for step in way:
        place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
    if isinstance(last, int):
        if value is not None:
            place[last] = value
    elif value is None:
        place.pop(last, None)
    else:
        place[last] = value
