"""Signed terms in plain words, in the language of the page: to find one's way, never to bind."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from babel import numbers

from partner_network.agreements.quality_terms import Quality
from partner_network.agreements.terms import Bonus, Boost, Component, Terms, Tier
from partner_network.dashboards.web import words
from partner_network.languages import formats, spoken
from partner_network.languages.catalogs import say, say_many, translated

_PPM_DIGITS = 6


class Plain(msgspec.Struct, frozen=True):
    """One rule of the terms: what it is about, what it says, and the clause that binds."""

    about: str
    says: str
    clause: str


def terms_in_plain_words(terms: Terms) -> list[Plain]:
    """Return what somebody asks first of an agreement, in the order in which they ask it."""
    currency = terms.settlement.currency
    return [
        *(_component(one, currency) for one in terms.commission.components),
        *(_bonus(one, currency) for one in terms.commission.bonuses),
        *(_boost(one) for one in terms.commission.boosts),
        *(_quality(one) for one in terms.commission.quality_rules),
        Plain(say("Repeat orders"), " ".join(_repeats(terms)), "4.4"),
        Plain(
            say("Window of clicks"),
            say_many("{count} day", "{count} days", terms.windows.click_days),
            "3.2",
        ),
        Plain(say("Who gets the credit"), _credit(terms), "3.8"),
        *_settlement(terms),
    ]


def rate_in_one_line(terms: Terms) -> str:
    """Return what the first component pays, as short as it can be said."""
    first = terms.commission.components[:1]
    return " ".join(rate_of(one, terms.settlement.currency) for one in first)


def rate_of(component: Component, currency: str) -> str:
    """Return what a component pays on each event, tier by tier."""
    paid = ", ".join(_tier(tier, component, currency) for tier in component.tiers)
    if component.event == "lead":
        return say("{rates} on each lead", rates=paid)
    if component.event == "activation":
        return say("{rates} on each activation", rates=paid)
    return say("{rates} on each sale", rates=paid)


def _tier(tier: Tier, component: Component, currency: str) -> str:
    rate = (
        formats.money(tier.amount_minor or 0, currency)
        if tier.rate_ppm is None
        else formats.percent(tier.rate_ppm)
    )
    if not tier.starts:
        return rate
    is_money = component.metric == "net_amount"
    start = formats.money(tier.starts, currency) if is_money else formats.number(tier.starts)
    return say("{rate} from {start}", rate=rate, start=start)


def _component(one: Component, currency: str) -> Plain:
    said = [rate_of(one, currency)]
    if len(one.tiers) > 1:
        said.append(_counted_by(one))
    if one.cap_minor.order:
        said.append(say("at most {amount} an order", amount=formats.money(one.cap_minor.order, currency)))
    return Plain(say("Commission “{name}”", name=one.name), "; ".join(said), "4.2")


def _counted_by(one: Component) -> str:
    is_retroactive = one.structure == "retroactive"
    match one.period:
        case "month":
            plain, back = say("counted by the month"), say("counted by the month and back to its start")
        case "quarter":
            plain, back = say("counted by the quarter"), say("counted by the quarter and back to its start")
        case "year":
            plain, back = say("counted by the year"), say("counted by the year and back to its start")
        case "lifetime":
            plain, back = say("counted from the start"), say("counted and paid back to the start")
    return back if is_retroactive else plain


def _bonus(one: Bonus, currency: str) -> Plain:
    amount = formats.money(one.amount_minor, currency)
    of_what = formats.number(one.n) if one.metric == "count" else formats.money(one.n, currency)
    every = words.EVERY[one.period]
    if one.kind == "first_n":
        said = say("{amount} for each of the first {n}, {every}", amount=amount, n=of_what, every=every)
    else:
        said = say("{amount} when {n} is reached, {every}", amount=amount, n=of_what, every=every)
    return Plain(say("Bonus “{name}”", name=one.name), said, "6.1")


def _times(multiplier_ppm: int) -> str:
    figure = Decimal(multiplier_ppm).scaleb(-_PPM_DIGITS)
    return numbers.format_decimal(figure, "#,##0.######", locale=spoken.locale())


def _quality(one: Quality) -> Plain:
    steps = ", ".join(
        say(
            "times {times} from {share}",
            times=_times(step.multiplier_ppm),
            share=formats.percent(step.from_ppm),
        )
        for step in one.steps
    )
    said = say_many(
        "{steps} of the customers who bought again within {count} month, measured {every}",
        "{steps} of the customers who bought again within {count} months, measured {every}",
        one.within_months,
        steps=steps,
        every=words.EVERY[one.period],
    )
    return Plain(say("Quality “{name}”", name=one.name), said, "4.11")


def _boost(one: Boost) -> Plain:
    times = _times(one.multiplier_ppm)
    said = say("times {times} from {start} until {end}", times=times, start=one.starts, end=one.until)
    return Plain(say("Boost “{name}”", name=one.name), said, "6.3")


def _repeats(terms: Terms) -> Iterator[str]:
    for one in terms.commission.components:
        if one.recurring_months:
            yield say_many(
                "“{name}” pays for {count} month after a customer’s first order.",
                "“{name}” pays for {count} months after a customer’s first order.",
                one.recurring_months,
                name=one.name,
            )
        else:
            yield say("“{name}” pays on the first order only.", name=one.name)


def _credit(terms: Terms) -> str:
    policy = terms.program.attribution
    model = translated(words.MODEL[policy.model])
    if not policy.binding_months:
        return model
    return say_many(
        "{model}; the first sale binds a customer for {count} month",
        "{model}; the first sale binds a customer for {count} months",
        policy.binding_months,
        model=model,
    )


def _settlement(terms: Terms) -> Iterator[Plain]:
    rules = terms.settlement
    yield Plain(
        say("Refunds"),
        say_many(
            "taken back for {count} day, at most {share} of a statement",
            "taken back for {count} days, at most {share} of a statement",
            rules.clawback.max_age_days,
            share=formats.percent(rules.clawback.max_share_ppm),
        ),
        "5",
    )
    yield Plain(
        say("Commission matures"),
        say_many(
            "after {count} day, not before the month is locked",
            "after {count} days, not before the month is locked",
            rules.hold_days,
        ),
        "8.1",
    )
    yield Plain(
        say("Statements"),
        say(
            "{every} in {currency}, paid from {minimum}",
            every=words.EVERY[rules.period],
            currency=rules.currency,
            minimum=formats.money(rules.minimum_payout_minor, rules.currency),
        ),
        "8.2",
    )
    yield Plain(say("Notice"), say_many("{count} day", "{count} days", rules.notice_days), "10.1")
