"""The page about the simulator names what is there, and all of it."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from partner_network.sandbox.stripe_simulator import control, fates, faults, letters

PAGE = (Path(__file__).parents[3] / "docs" / "stripe_simulator.md").read_text()
ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| (.*)$", PAGE, flags=re.MULTILINE))
BODIES: dict[str, Any] = {
    "bank-accounts": fates.NewBank,
    "bank-transfers": fates.BankTransfer,
    "banks": fates.BankAnswer,
    "clock": fates.Days,
    "disputes": fates.Contest,
    "faults": faults.Fault,
    "letters": letters.Mishap,
    "refund-failures": fates.RefundFailure,
    "replays": letters.Replay,
    "reviews": fates.Review,
}


def test_every_control_has_a_row() -> None:
    paths = {path for handler in (*control.HANDLERS, *fates.HANDLERS) for path in handler.paths}
    controls = {path.removeprefix("/_simulator/") for path in paths if path.startswith("/_simulator/")}
    assert controls - {"books", "deliveries"} == set(ROWS)


@pytest.mark.parametrize("name", sorted(BODIES))
def test_the_body_that_the_page_shows_is_taken(name: str) -> None:
    shown = re.match(r"`(\{.*?\})`", ROWS[name])
    assert shown is not None
    msgspec.json.decode(shown[1], type=BODIES[name])


@pytest.mark.parametrize(("name", "kinds"), [("faults", faults.KINDS), ("letters", letters.KINDS)])
def test_every_kind_of_mishap_is_named(name: str, kinds: tuple[str, ...]) -> None:
    assert [kind for kind in kinds if f"`{kind}`" not in ROWS[name]] == []
