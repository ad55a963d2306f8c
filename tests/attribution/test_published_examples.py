"""For each model an example that somebody else published, with its figures.

A touch stands for a channel of the journey: how many days before the order it was, and whose it was. Where a
source gives no days or hours they are ours. docs/algorithms/attribution.md has the same as worked tables.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from msgspec import Struct

from partner_network.agreements.terms import Model, ProgramPolicy, Windows
from partner_network.attribution import rules
from partner_network.attribution.facts import Conversion, Reach, Touch

ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
SALE = Conversion(id="1001", program="shop", event="sale", at=ORDERED, recorded_at=ORDERED)
HOUR = Fraction(1, 24)
DIRECT = "direct"


class Example(Struct, frozen=True):
    source: str
    model: Model
    journey: tuple[tuple[str, Fraction | int], ...]
    percent: dict[str, Fraction]
    """What the source gives each channel; a direct visit's part is nobody's here."""


ANALYTICS = "Google Analytics Help on attribution models, support.google.com/analytics/answer/1662518"
SALESFORCE = "Salesforce Help, Supported Multi-Touch Attribution Models, mktg.mc_mi_mta_models"
MATOMO = "Matomo FAQ 25500, matomo.org/faq/multi-channel-conversion-attribution/faq_25500"
ADS = "Google Ads, quoted at powerdigitalmarketing.com/blog/breaking-down-adwords-attribution-models"
MBUZZ = "mbuzz, Time-Decay Attribution, mbuzz.co/articles/time-decay-attribution"

BACK_AND_FORTH = (("search", 7 + 4 * HOUR), ("social", 4 * HOUR), ("email", 3 * HOUR), (DIRECT, 0))
U_SHAPE = (("email", 9), ("meta", 8), ("linkedin", 7), ("google", 6))
EXAMPLES = [
    Example(ANALYTICS, "last_click", BACK_AND_FORTH, {DIRECT: Fraction(100)}),
    Example(SALESFORCE, "last_click", (("email", 3), ("google", 1)), {"google": Fraction(100)}),
    Example(ANALYTICS, "last_non_direct", BACK_AND_FORTH, {"email": Fraction(100)}),
    Example(ANALYTICS, "first_click", BACK_AND_FORTH, {"search": Fraction(100)}),
    Example(SALESFORCE, "first_click", (("email", 3), ("google", 1)), {"email": Fraction(100)}),
    Example(
        MATOMO,
        "linear",
        tuple((f"visit {n}", 9 - n) for n in range(5)),
        {f"visit {n}": Fraction(20) for n in range(5)},
    ),
    Example(
        SALESFORCE,
        "position_based",
        U_SHAPE,
        {"email": Fraction(40), "meta": Fraction(10), "linkedin": Fraction(10), "google": Fraction(40)},
    ),
    # The click of eight days ago has half of what the click of one day ago has.
    Example(ADS, "time_decay", (("old", 8), ("new", 1)), {"old": Fraction(100, 3), "new": Fraction(200, 3)}),
    # 6.25, 12.5, 25, 50 and 100 % of one base, which sum to 193.75.
    Example(
        MBUZZ,
        "time_decay",
        (("28", 28), ("21", 21), ("14", 14), ("7", 7), ("0", 0)),
        {
            "28": Fraction("6.25") * 100 / Fraction("193.75"),
            "21": Fraction("12.5") * 100 / Fraction("193.75"),
            "14": Fraction(25) * 100 / Fraction("193.75"),
            "7": Fraction(50) * 100 / Fraction("193.75"),
            "0": Fraction(100) * 100 / Fraction("193.75"),
        },
    ),
]


def touch(channel: str, days: Fraction | int) -> Touch:
    at = ORDERED - timedelta(seconds=int(days * 86_400))
    is_direct = channel == DIRECT
    return Touch(
        id=channel,
        partner=None if is_direct else channel,
        program="shop",
        at=at,
        recorded_at=at,
        channel="direct" if is_direct else "partner",
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.model}: {example.source}")
def test_a_published_example_comes_out_as_published(example: Example) -> None:
    touches = [touch(channel, days) for channel, days in example.journey]
    policy = ProgramPolicy(model=example.model)
    decision = rules.decide(SALE, touches, policy, lambda _: Reach(windows=Windows()))
    percent = {credit.touch: credit.weight * 100 for credit in decision.credits}
    assert percent == {channel: part for channel, part in example.percent.items() if channel != DIRECT}
