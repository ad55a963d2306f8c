import json
import re
from pathlib import Path

import pytest

from tests.shipping.image import ROOT

PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {normal(name): version for name, version in found}


def wishes(requirements: Path) -> set[str]:
    lines = requirements.read_text().splitlines()
    return {normal(re.split(r"[\[<>=! ]", line)[0]) for line in lines if re.match(r"\w", line)}


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text()
    assert "--index" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    blocks = re.split(r"^(?=[\w.-]+==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_locks_hold_what_is_asked_for() -> None:
    assert wishes(ROOT / "requirements.in") <= pins("requirements.lock").keys()
    assert wishes(ROOT / "requirements-dev.in") <= pins("requirements-dev.lock").keys()


def test_the_checks_run_on_the_very_versions_that_ship() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_each_requirement_of_the_product_says_what_for() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    assert [line for line in lines if re.match(r"\w", line) and "#" not in line] == []


def test_the_front_end_is_pinned_by_hash_and_names_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    for path, package in packages.items():
        assert "resolved" not in package
        assert path == "" or package["integrity"].startswith("sha512-")
