import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shipping.image import ROOT, tracked_files

OURS = [name for name in tracked_files() if name.startswith(("partner_network/", "admin/"))]
MODULES = [name for name in OURS if name.endswith(".py")]
PYTHON = [name for name in tracked_files() if name.endswith(".py")]
TEXTS = [
    name for name in tracked_files() if Path(name).suffix in {".py", ".bash", ".mjs", ".js", ".css", ".html"}
]

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
# The simulator plays an outside party, which has a clock of its own.
MAY_READ_A_CLOCK = ("partner_network/gateways/clock.py", "partner_network/sandbox/stripe_simulator/")

EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "service",
    "services",
    "common",
    "misc",
}
LINES_MAX = 300


def offences(pattern: str, names: list[str]) -> Iterator[str]:
    for name in names:
        for number, line in enumerate((ROOT / name).read_text().splitlines(), start=1):
            if re.search(pattern, line):
                yield f"{name}:{number}: {line.strip()}"


def test_a_silenced_check_carries_its_reason() -> None:
    silenced = r"#\s*(noqa\b(?!: [A-Z0-9, ]+ *(#|-))|(pyright|type): ignore\[[^]]*\](?!\s*(#|-)))"
    mine = [name for name in PYTHON if name != "tests/shipping/test_house_rules.py"]
    assert list(offences(silenced, mine)) == []


def test_an_open_end_is_an_issue_and_not_a_comment() -> None:
    unfinished = "TO" + "DO|FIX" + "ME"
    assert list(offences(rf"\b({unfinished})\b", TEXTS)) == []


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith("__init__.py")])
def test_a_package_says_what_it_is_in_one_sentence_and_holds_nothing_else(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text())
    assert len(tree.body) == 1
    said = ast.get_docstring(tree)
    assert said is not None
    assert said.endswith((".", "!"))
    assert "\n" not in said


def test_no_module_is_too_long_to_read_in_one_sitting() -> None:
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in MODULES}
    assert {name: length for name, length in lengths.items() if length > LINES_MAX} == {}


def test_every_module_is_named_for_what_it_does() -> None:
    assert [name for name in MODULES if EMPTY_NAMES & set(Path(name).with_suffix("").parts)] == []


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(MAY_READ_A_CLOCK)])
def test_only_the_clock_reads_a_clock(name: str) -> None:
    called = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse((ROOT / name).read_text()))
        if isinstance(node, ast.Call)
    }
    assert {".".join(call.split(".")[-2:]) for call in called} & CLOCKS == set()
