"""What a trial changes, key by key, in the words of the form and the language of the page."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from partner_network.kernel.sentences import Sentence
from partner_network.languages import formats
from partner_network.languages.catalogs import say, translated
from partner_network.receipts.trials import fields as of_form
from partner_network.receipts.trials.fields import COMMISSION, POLICY, WINDOWS, Field
from partner_network.receipts.trials.reading import Tried

_POSITION = Sentence("First touch, those between, last touch")
_NONE = "–"
_NAMED = (
    ("bonuses", Sentence("Bonus “{name}”")),
    ("boosts", Sentence("Boost “{name}”")),
    ("quality", Sentence("Quality “{name}”")),
)


class Changed(msgspec.Struct, frozen=True):
    """One thing that is other than it was: what it is about, before and after."""

    about: str
    before: str
    after: str


def document_of(tried: Tried) -> dict[str, Any]:
    """Return a trial's terms as a decoded file in which every default is written out."""
    if tried.terms is None:
        whole: object = {"program": tried.program}
    else:
        whole = tried.terms
    document = cast("dict[str, Any]", _without_nothing(msgspec.json.decode(msgspec.json.encode(whole))))
    if tried.program is None:
        document.pop("program", None)
    return document


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Changed]:
    """Return what differs in the tables that both files hold; a table that one leaves out stays as it was."""
    both = [table for table in after if table in before]
    old = dict(_said({table: before[table] for table in both}))
    new = dict(_said({table: after[table] for table in both}))
    return [
        Changed(about, old.get(about, _NONE), new.get(about, _NONE))
        for about in dict.fromkeys([*new, *old])
        if old.get(about, _NONE) != new.get(about, _NONE)
    ]


def said(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a file says, key by key."""
    return list(_said(document))


def _said(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    currency = str(document.get("settlement", {}).get("currency", ""))
    policy = document.get("program", {}).get(POLICY.partition(".")[2], {})
    for field in of_form.POLICY_FIELDS if policy else ():
        if not field.key.startswith("position_ppm"):
            yield translated(field.label), _value(field, policy.get(field.key), currency)
        elif field.key.endswith("[0]"):
            yield translated(_POSITION), " / ".join(formats.percent(one) for one in policy["position_ppm"])
    for field in of_form.WINDOW_FIELDS if WINDOWS in document else ():
        label = say("Window: {what}", what=field.label)
        yield label, _value(field, _under(document[WINDOWS], field.key), currency)
    commission = document.get(COMMISSION, {})
    for field in of_form.COMMISSION_FIELDS if commission else ():
        yield translated(field.label), _value(field, commission.get(field.key), currency)
    for component in commission.get("components", ()):
        yield from _component(component, currency)
    for kind, label in _NAMED:
        for one in commission.get(kind, ()):
            yield say(label.pattern, name=one["name"]), _as_in_the_file(one)
    for key, value in document.get("settlement", {}).items():
        yield f"settlement.{key}", _as_in_the_file(value)


def _component(component: Mapping[str, Any], currency: str) -> Iterator[tuple[str, str]]:
    by = component.get("metric")
    tiers = ", ".join(_tier(tier, by == "count", currency) for tier in component["tiers"])
    for field in of_form.COMPONENT_FIELDS:
        label = say("“{component}”: {what}", component=component["name"], what=field.label)
        if field.key == "name":
            yield say("“{component}”: {what}", component=component["name"], what=Sentence("Pays")), tiers
        else:
            yield label, _value(field, _under(component, field.key), currency)


def _tier(tier: Mapping[str, Any], is_count: bool, currency: str) -> str:
    rate, amount = tier.get("rate_ppm"), tier.get("amount_minor")
    paid = formats.money(amount or 0, currency) if rate is None else formats.percent(rate)
    if not tier["from"]:
        return paid
    start = formats.number(tier["from"]) if is_count else formats.money(tier["from"], currency)
    return say("{rate} from {start}", rate=paid, start=start)


def _value(field: Field, value: object, currency: str) -> str:
    if value is None:
        return _NONE
    words = {code: translated(word) for code, word in field.options}
    if isinstance(value, list):
        return ", ".join(words.get(str(one), str(one)) for one in cast("list[object]", value)) or _NONE
    if isinstance(value, int):
        if field.kind == "percent":
            return formats.percent(value)
        return formats.money(value, currency) if field.kind == "money" else formats.number(value)
    return words.get(str(value), str(value))


def _as_in_the_file(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in cast("dict[str, object]", value).items())
    return str(value)


def _under(table: Mapping[str, Any], path: str) -> object:
    place: object = table
    for key in path.split("."):
        place = cast("Mapping[str, object]", place).get(key) if isinstance(place, Mapping) else None
    return place


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return {key: _without_nothing(one) for key, one in pairs if one is not None}
    if isinstance(value, list):
        return [_without_nothing(one) for one in cast("list[object]", value)]
    return value
