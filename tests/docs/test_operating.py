"""What the pages tell an operator to type is there."""

import re
from pathlib import Path

import pytest

from partner_network import cli
from tests.shipping.image import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "operating").glob("*.md"))]
SETTINGS = (ROOT / "partner_network" / "settings.py").read_text()


def ids(page: Path) -> str:
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_setting_that_is_named_is_read(page: Path) -> None:
    named = set(re.findall(r"PARTNER_NETWORK_[A-Z_]+[A-Z]", page.read_text()))
    assert [name for name in sorted(named) if name not in SETTINGS] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_that_is_named_is_there(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = set(re.findall(r"`?partner-network ([a-z][a-z-]+)", page.read_text()))
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert [name for name in sorted(named) if not re.search(rf"^    {name}\s", told, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES[1:], ids=ids)
def test_every_page_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [name for name in named if not (page.parent / name).exists()] == []
