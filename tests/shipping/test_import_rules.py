import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ORDER = "A slice imports only what stands below it"
FILES = "Inside a slice: rules, tables, queries, actions, then web and jobs"
PURE = "Rules are pure"
DOORS = "Only gateways speak to the outside"
SANDBOX = "The product never imports the sandbox"
ADMIN = "Only app.py imports the back office"
BACK_OFFICE = "The back office stands on slices, not on the program around them"

VIOLATIONS = [
    (ORDER, "partner_network/kernel/odd.py", "import partner_network.settings"),
    (ORDER, "partner_network/ledger/odd.py", "import partner_network.agreements"),
    (ORDER, "partner_network/gadgets/__init__.py", ""),  # a slice that nobody placed
    (FILES, "partner_network/ledger/rules.py", "from partner_network.ledger import queries"),
    (FILES, "partner_network/ledger/queries.py", "from partner_network.ledger import actions"),
    (FILES, "partner_network/ledger/tables.py", "from partner_network.ledger import queries"),
    (FILES, "partner_network/ledger/web.py", "from partner_network.ledger import jobs"),
    (PURE, "partner_network/kernel/odd.py", "import asyncpg"),
    (PURE, "partner_network/ledger/rules.py", "from partner_network.database import connections"),
    (DOORS, "partner_network/ledger/odd.py", "import boto3"),
    (DOORS, "partner_network/payouts/odd.py", "from stripe import StripeClient"),
    (DOORS, "partner_network/creatives/odd.py", "import httpx"),
    (SANDBOX, "partner_network/cli.py", "from partner_network import sandbox"),
    (ADMIN, "partner_network/ledger/odd.py", "import admin"),
    (BACK_OFFICE, "admin/odd.py", "from partner_network import app"),
    (BACK_OFFICE, "admin/odd.py", "from partner_network import sandbox"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("partner_network", "admin"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "partner_network" / "ledger" / "jobs.py").touch()
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def verdicts(folder: Path) -> dict[str, str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(folder)}
    run = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 -- our own words
    # A rule that lets one import through says so behind its verdict: `KEPT (1 ignored import)`.
    lines = [line.partition(" (")[0].rpartition(" ") for line in run.stdout.splitlines()]
    return {name: verdict for name, _, verdict in lines if verdict in {"KEPT", "BROKEN"}}


def test_the_tree_keeps_every_rule(copy: Path) -> None:
    rules = (ORDER, FILES, PURE, DOORS, SANDBOX, ADMIN, BACK_OFFICE)
    assert verdicts(copy) == dict.fromkeys(rules, "KEPT")


@pytest.mark.parametrize(("rule", "path", "line"), VIOLATIONS)
def test_a_violation_breaks_its_rule(copy: Path, rule: str, path: str, line: str) -> None:
    violating = copy / path
    violating.parent.mkdir(exist_ok=True)
    with violating.open("a") as file:
        file.write(f"\n{line}\n")
    assert verdicts(copy)[rule] == "BROKEN"
