"""Read a terms file, or refuse it with the path of the key at fault and a sentence."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol, cast

import msgspec

from partner_network.agreements import donation_terms, reward_terms
from partner_network.agreements.quality_terms import Quality
from partner_network.agreements.terms import Bonus, Boost, Component, Terms
from partner_network.kernel import money, periods, reading
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.reading import Mistake
from partner_network.kernel.sentences import Sentence

_BROUGHT_LATER = ("commission.quality", "rewards", "donations")
"""Tables that terms under the first contract do not know."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


@lru_cache(maxsize=4096)
def read_terms(toml: str) -> Terms:
    """Return the terms a file states, read once however many agreements share the text.

    Errors: InvalidError whose `fields` name each key at fault by path.
    """
    try:
        document = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(Sentence("The terms are no TOML: {error}.", error=error)) from None
    return _checked(document)


def from_json(stored: bytes | str) -> Terms:
    """Return the terms that `to_json` wrote. Errors: InvalidError as `read_terms`."""
    try:
        document = cast("object", msgspec.json.decode(stored))
    except msgspec.DecodeError as error:
        raise InvalidError(Sentence("The stored terms are no JSON: {error}.", error=error)) from None
    return _checked(document)


def to_json(terms: Terms) -> bytes:
    """Return the one canonical text of the terms, every default written out: what is hashed and stored.

    A table that a later contract brought is left out while it is empty, so older terms keep their text.
    """
    written = cast("dict[str, object]", msgspec.to_builtins(terms))
    for path in _BROUGHT_LATER:
        *tables, key = path.split(".")
        held = written
        for table in tables:
            held = cast("dict[str, object]", held[table])
        if not held.get(key, True):
            del held[key]
    return msgspec.json.encode(written)


def _checked(document: object) -> Terms:
    terms = reading.checked(document, Terms, "terms")
    reading.refuse(list(mistakes_in(terms)), "terms")
    return terms


def mistakes_in(terms: Terms) -> Iterator[Mistake]:
    """Yield what the types cannot say: keys that contradict each other, unknown zones and currencies."""
    try:
        money.exponent(terms.settlement.currency)
    except InvalidError as error:
        yield "settlement.currency", error.sentence
    try:
        periods.zone_named(terms.settlement.time_zone)
    except InvalidError as error:
        yield "settlement.time_zone", error.sentence
    policy = terms.program.attribution
    if sum(policy.position_ppm) != money.PPM_PER_WHOLE:
        yield "program.attribution.position_ppm", Sentence("the three parts must sum to 1_000_000")
    if len(set(policy.evidence)) != len(policy.evidence):
        yield "program.attribution.evidence", Sentence("names one kind twice")
    commission = terms.commission
    for kind in ("components", "bonuses", "boosts"):
        yield from _repeated_names(f"commission.{kind}", getattr(commission, kind))
    yield from _repeated_names("commission.quality", commission.quality_rules)
    for index, component in enumerate(commission.components):
        yield from _component_mistakes(f"commission.components[{index}]", component)
    for index, bonus in enumerate(commission.bonuses):
        yield from _bonus_mistakes(f"commission.bonuses[{index}]", bonus)
    names = {component.name for component in commission.components}
    for index, boost in enumerate(commission.boosts):
        yield from _boost_mistakes(f"commission.boosts[{index}]", boost, names)
    for index, rule in enumerate(commission.quality_rules):
        yield from _quality_mistakes(f"commission.quality[{index}]", rule, names)
    yield from _repeated_names("rewards", terms.rewards)
    yield from reward_terms.mistakes_in(terms.rewards)
    yield from _repeated_names("donations", terms.donations)
    yield from donation_terms.mistakes_in(terms.donations, names)


def _repeated_names(path: str, named: Sequence[_Named]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, one in enumerate(named):
        if one.name in seen:
            yield f"{path}[{index}].name", Sentence("{name!r} is taken; a name is an identity", name=one.name)
        seen.add(one.name)


def _component_mistakes(path: str, component: Component) -> Iterator[Mistake]:
    tiers = component.tiers
    if any((tier.rate_ppm is None) == (tier.amount_minor is None) for tier in tiers):
        yield f"{path}.tiers", Sentence("give each tier either rate_ppm or amount_minor")
    elif len({tier.rate_ppm is None for tier in tiers}) > 1:
        yield f"{path}.tiers", Sentence("give all tiers rate_ppm, or all amount_minor")
    if tiers[0].starts != 0:
        yield f"{path}.tiers[0].from", Sentence("the first tier begins at 0")
    if any(upper.starts <= lower.starts for lower, upper in pairwise(tiers)):
        yield f"{path}.tiers", Sentence("each tier begins above the one before")
    if component.structure == "flat" and len(tiers) > 1:
        yield f"{path}.tiers", Sentence("flat has one tier; several need graduated or retroactive")
    if component.structure == "graduated":
        if component.pays_per_action and component.metric == "net_amount":
            yield f"{path}.structure", Sentence("graduated with amount_minor needs the metric count")
        if not component.pays_per_action and component.metric == "count":
            yield f"{path}.structure", Sentence("graduated with rate_ppm needs the metric net_amount")


def _bonus_mistakes(path: str, bonus: Bonus) -> Iterator[Mistake]:
    if bonus.kind == "first_n" and bonus.metric != "count":
        yield f"{path}.metric", Sentence("first_n pays places, so its metric is count")


def _boost_mistakes(path: str, boost: Boost, components: set[str]) -> Iterator[Mistake]:
    if boost.component not in components:
        yield f"{path}.component", Sentence("there is no component {component!r}", component=boost.component)
    if boost.until <= boost.starts:
        yield f"{path}.until", Sentence("a boost ends after it begins")


def _quality_mistakes(path: str, rule: Quality, components: set[str]) -> Iterator[Mistake]:
    if rule.component not in components:
        yield f"{path}.component", Sentence("there is no component {component!r}", component=rule.component)
    if rule.steps[0].from_ppm != 0:
        yield f"{path}.steps[0].from_ppm", Sentence("the first step begins at 0")
    if any(upper.from_ppm <= lower.from_ppm for lower, upper in pairwise(rule.steps)):
        yield f"{path}.steps", Sentence("each step begins above the one before")
