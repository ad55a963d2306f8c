"""What is computed from a file equals what the same rules, written a second time, come to."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from partner_network.agreements import terms_reading
from partner_network.attribution import facts_file
from partner_network.commissions.rules import computing
from tests.receipts.written_again import DIGITS, Reference

CURRENCIES = sorted(DIGITS)
DAYS = [f"2026-0{month}-{day:02}" for month in (1, 2, 3) for day in (1, 2, 28)]
amounts = st.one_of(st.integers(0, 30), st.integers(0, 3_000_000), st.integers(2**53, 2**55))
instants = st.sampled_from([f"{day}T{hour:02}:00:00Z" for day in DAYS for hour in range(24)])


@st.composite
def shared(draw: st.DrawFn) -> list[dict[str, str]]:
    weights = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    partners = draw(st.lists(st.sampled_from("abc"), min_size=len(weights), max_size=len(weights)))
    return [
        {"partner": partner, "weight": f"{weight}/{sum(weights)}"}
        for partner, weight in zip(partners, weights, strict=True)
    ]


@st.composite
def files(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    sales: list[dict[str, Any]] = [
        {
            "id": name,
            "event": "sale",
            "at": draw(instants),
            "customer": name,
            "currency": draw(st.sampled_from(CURRENCIES)),
            "net_minor": draw(amounts),
            "credits": draw(shared()),
        }
        for name in draw(st.lists(st.sampled_from("ABCDEFGH"), unique=True, max_size=7))
    ]
    refunds: list[dict[str, Any]] = []
    for row in sales:
        left = row["net_minor"]
        for number in range(draw(st.integers(0, 2))):
            given_back = draw(st.integers(0, left))
            left -= given_back
            refund: dict[str, Any] = {
                "id": f"{row['id']}{number}",
                "conversion": row["id"],
                "net_minor": given_back,
            }
            refunds.append({**refund, "at": f"2026-0{draw(st.integers(4, 9))}-15T12:00:00Z"})
            if draw(st.integers(0, 4)) == 0:
                undo = {"id": f"{row['id']}{number}u", "conversion": row["id"], "cancels": refund["id"]}
                refunds.append({**undo, "at": "2026-10-01T12:00:00Z"})
    rates = [
        {
            "date": f"2026-0{month}-{day}",
            "base": "EUR",
            "quote": quote,
            "rate": draw(st.sampled_from(QUOTED[quote])),
        }
        for month, day in ((1, "01"), (1, "28"), (2, "27"), (3, "02"), (3, "27"))
        for quote in ("BHD", "CLF", "JPY", "USD")
    ]
    rates += [{**row, "date": "2025-12-31"} for row in rates[:4]] + [
        {**row, "date": "2026-02-01"} for row in rates[:4]
    ]
    return {"conversions": sales, "refunds": refunds, "rates": rates}


QUOTED = {
    "BHD": ["0.41", "0.375"],
    "CLF": ["0.0271", "0.03"],
    "JPY": ["158.12", "163"],
    "USD": ["1.0831", "0.97"],
}


@st.composite
def components(draw: st.DrawFn) -> dict[str, Any]:
    metric = draw(st.sampled_from(["net_amount", "count"]))
    structures = (
        ["graduated", "retroactive", "flat"] if metric == "net_amount" else ["graduated", "retroactive"]
    )
    structure = draw(st.sampled_from(structures))
    bounds = [
        0,
        *sorted(
            draw(st.sets(st.integers(1, 5) if metric == "count" else st.integers(1, 2_000_000), max_size=3))
        ),
    ]
    if structure == "flat":
        bounds = [0]
    most = 1_000_000 if metric == "net_amount" else 50_000
    cap = {name: draw(st.integers(0, 200_000)) for name in ("order", "period") if draw(st.booleans())}
    return {
        "metric": metric,
        "structure": structure,
        "period": draw(st.sampled_from(["month", "quarter", "year", "lifetime"])),
        "tiers": [(bound, draw(st.integers(0, most))) for bound in bounds],
        "cap": cap,
    }


def terms_of(component: dict[str, Any], settled: dict[str, Any]) -> str:
    key = "rate_ppm" if component["metric"] == "net_amount" else "amount_minor"
    tiers = ", ".join(f"{{ from = {bound}, {key} = {rate} }}" for bound, rate in component["tiers"])
    caps = ", ".join(f"{name} = {minor}" for name, minor in component["cap"].items())
    return f"""
[settlement]
currency = "{settled["currency"]}"
time_zone = "Europe/Berlin"
clawback = {{ mode = "{settled["mode"]}", max_age_days = {settled["max_age_days"]} }}
[[commission.components]]
name = "sales"
event = "sale"
metric = "{component["metric"]}"
structure = "{component["structure"]}"
period = "{component["period"]}"
cap_minor = {{ {caps} }}
tiers = [{tiers}]
"""


@settings(max_examples=150, deadline=None)
@given(
    files(),
    components(),
    st.fixed_dictionaries(
        {
            "currency": st.sampled_from(CURRENCIES),
            "mode": st.sampled_from(["recompute", "line_only"]),
            "max_age_days": st.sampled_from([90, 150, 1_000]),
        }
    ),
)
def test_the_rules_written_twice_come_to_the_same(
    facts: dict[str, list[dict[str, Any]]], component: dict[str, Any], settled: dict[str, Any]
) -> None:
    versions = computing.versions_of([terms_reading.read_terms(terms_of(component, settled))])
    found = computing.compute(facts_file.read_facts(json.dumps(facts)), versions)
    computed = {(row.conversion, partner, row.period): row.minor for partner, row in found.commissions}
    assert computed == Reference(facts, component, settled).answer()
