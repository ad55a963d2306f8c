"""The named cast of the demo: a music shop that advertises, four brands that promote it, and the operator."""

import msgspec

from partner_network.identity.rules.permissions import OperatorRole

SHOP = "needle-and-groove"
RECIPROCAL = "liner-notes"
CONTRACT = ("cross-promotion", "2026-11")


class Brand(msgspec.Struct, frozen=True):
    """A brand with the people who act for it."""

    slug: str
    name: str
    legal_name: str
    address: str
    country: str
    owner: str
    finance: str | None = None
    tax_rate_ppm: int = 0
    tax_id: str | None = None


class Deal(msgspec.Struct, frozen=True):
    """Who promotes whose program, on which terms."""

    advertiser: str
    partner: str
    commission_toml: str


BRANDS = (
    Brand(
        SHOP,
        "Needle & Groove",
        "Needle & Groove Records LLC",
        "48 Orange Street\nBrooklyn, NY 11201\nUnited States",
        "US",
        owner="Nora Lindqvist",
        finance="Felix Osei",
    ),
    Brand(
        "riff-radio",
        "Riff Radio",
        "Riff Radio Inc.",
        "9 Cannery Row\nPortland, ME 04101\nUnited States",
        "US",
        owner="Rosa Delgado",
    ),
    Brand(
        "backline",
        "Backline",
        "Backline Instruments Co.",
        "310 Mill Road\nNashville, TN 37203\nUnited States",
        "US",
        owner="Ben Achebe",
    ),
    Brand(
        "crate-diggers",
        "Crate Diggers",
        "Crate Diggers Ltd",
        "17 Canal Walk\nBristol BS1 4RN\nUnited Kingdom",
        "GB",
        owner="Clara Whitfield",
        tax_rate_ppm=200_000,
        tax_id="GB123456789",
    ),
    Brand(
        RECIPROCAL,
        "Liner Notes",
        "Liner Notes Media LLC",
        "77 Hudson Lane\nAlbany, NY 12207\nUnited States",
        "US",
        owner="Luis Moreau",
        finance="Ada Kowalski",
    ),
)

OPERATORS: dict[str, tuple[str, tuple[OperatorRole, ...]]] = {
    "admin": ("Ines Halvorsen", ("admin",)),
    "manager": ("Mara Vogel", ("manager",)),
    "preparer": ("Paul Weiss", ("finance",)),
    "approver": ("Greta Stein", ("finance",)),
}

PROGRAM_POLICY = """\
[program.attribution]
model = "last_click"
binding_months = 12
code_policy = "tie_only"
"""

_SETTLEMENT = """\
[windows]
click_days = 30

[settlement]
currency = "USD"
time_zone = "America/New_York"
hold_days = 14
lock = { months = 0, days = 14 }
minimum_payout_minor = 2_500
clawback = { mode = "recompute", max_age_days = 180, max_share_ppm = 500_000, contest_days = 14 }
"""

_BONUS = """\

[[commission.bonuses]]
name = "first-hundred"
kind = "first_n"
event = "sale"
metric = "count"
n = 100
period = "quarter"
amount_minor = 50
"""

_BOOST = """\

[[commission.boosts]]
name = "holiday-weekend"
component = "sales"
from = "2025-11-28"
until = "2025-12-02"
multiplier_ppm = 1_500_000
cap_minor = 20_000
"""


def _sales(*tiers: tuple[int, int], most_an_order_minor: int | None = None) -> str:
    """Return the component that pays for every order of a year and a half, by (from, rate) tiers."""
    written = ", ".join(f"{{ from = {starts}, rate_ppm = {rate} }}" for starts, rate in tiers)
    cap = "" if most_an_order_minor is None else f"cap_minor = {{ order = {most_an_order_minor} }}\n"
    return f"""\
[[commission.components]]
name = "sales"
event = "sale"
recurring_months = 18
tiers = [{written}]
{cap}"""


DEALS = (
    Deal(
        SHOP,
        "riff-radio",
        _sales((0, 80_000), (200_000, 100_000), (500_000, 120_000), most_an_order_minor=2_500) + _BONUS,
    ),
    Deal(SHOP, "backline", _sales((0, 75_000), (150_000, 95_000)) + _BOOST),
    Deal(SHOP, "crate-diggers", _sales((0, 90_000), (100_000, 110_000))),
    Deal(SHOP, RECIPROCAL, _sales((0, 80_000), (200_000, 100_000))),
    Deal(RECIPROCAL, SHOP, _sales((0, 80_000), (200_000, 100_000))),
)

BRAND_OF = {brand.slug: brand for brand in BRANDS}
PARTNERS = tuple(deal.partner for deal in DEALS if deal.advertiser == SHOP)


def terms_of(deal: Deal) -> str:
    """Return the terms file that the two brands of a deal sign."""
    return f"{PROGRAM_POLICY}\n{_SETTLEMENT}\n{deal.commission_toml}"


def email_of(name: str, where: str) -> str:
    """Return a person's address; the domain can never receive mail."""
    return f"{name.split(maxsplit=1)[0].lower()}@{where}.example"
