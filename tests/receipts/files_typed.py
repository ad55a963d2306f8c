"""Facts and terms as files, and who types `partner-network compute` about them."""

import json
from pathlib import Path
from typing import Any

import pytest

from partner_network import cli

TERMS = """
[settlement]
currency = "{currency}"
time_zone = "Europe/Berlin"
clawback = {{ mode = "{mode}" }}

[[commission.components]]
name = "sales"
event = "sale"
structure = "{structure}"
tiers = [
  {{ from = 0, rate_ppm = 50_000 }},
  {{ from = 1_000_000, rate_ppm = 80_000 }},
  {{ from = 2_000_000, rate_ppm = 100_000 }},
]
"""
ANN = [{"partner": "ann", "weight": "1"}]


def sale(name: str, day: str, net_minor: int, **more: object) -> dict[str, Any]:
    return {
        "id": name,
        "event": "sale",
        "at": f"2026-{day}T12:00:00Z",
        "customer": f"customer of {name}",
        "currency": "EUR",
        "net_minor": net_minor,
        "credits": ANN,
        **more,
    }


WORKED: dict[str, Any] = {
    "conversions": [sale("A", "03-02", 800_000), sale("B", "03-10", 700_000), sale("C", "03-20", 600_000)],
    "refunds": [{"id": "r", "conversion": "B", "at": "2026-05-04T12:00:00Z", "net_minor": 250_000}],
}


RATES = [
    {"date": "2026-02-28", "base": "EUR", "quote": "JPY", "rate": "160"},
    {"date": "2026-02-28", "base": "EUR", "quote": "BHD", "rate": "0.4"},
    {"date": "2026-02-28", "base": "EUR", "quote": "CLF", "rate": "0.025"},
]


FLAT = """
{head}
[settlement]
currency = "{currency}"
time_zone = "Europe/Berlin"
[program.attribution]
model = "linear"
[[commission.components]]
name = "sales"
event = "sale"
structure = "flat"
{component}
tiers = [{{ from = 0, rate_ppm = {rate_ppm} }}]
{more}
"""


def flat(rate_ppm: int, *, head: str = "", currency: str = "EUR", component: str = "", more: str = "") -> str:
    return FLAT.format(rate_ppm=rate_ppm, head=head, currency=currency, component=component, more=more)


def terms(structure: str = "graduated", mode: str = "recompute", currency: str = "EUR") -> str:
    return TERMS.format(structure=structure, mode=mode, currency=currency)


def paid(answer: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    return [(row["conversion"], row["partner"], row["period"], row["minor"]) for row in answer["commissions"]]


class Shell:
    """Types the command and reads what it prints."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def type(self, facts: object, *terms: str, as_of: str | None = None) -> tuple[int, str, str]:
        typed = ["compute"]
        for number, text in enumerate(terms):
            path = self.folder / f"{number}.toml"
            path.write_text(text)
            typed += ["--terms", str(path)]
        path = self.folder / "f.json"
        path.write_text(facts if isinstance(facts, str) else json.dumps(facts))
        code = cli.main([*typed, "--facts", str(path), *(["--as-of", as_of] if as_of else [])])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def computed(self, facts: object, *terms: str, as_of: str | None = None) -> dict[str, Any]:
        code, out, err = self.type(facts, *terms, as_of=as_of)
        assert (code, err, out[-1:]) == (cli.DONE, "", "\n"), err
        return json.loads(out)

    def refused(self, facts: object, *terms: str, as_of: str | None = None) -> str:
        code, out, err = self.type(facts, *terms, as_of=as_of)
        assert (code, out, err.count("\n")) == (cli.CANNOT, "", 1)
        return err.removesuffix("\n").replace(str(self.folder), "")
