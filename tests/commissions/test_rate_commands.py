"""What an operator types to put exchange rates on record."""

from pathlib import Path

import pytest

from tests.conftest import FreshDatabase
from tests.test_cli import run, settings_for

HISTORY = "Date,USD,JPY,CYP,\n2026-03-20,1.0831,158.12,N/A,\n2026-03-19,1.08,158,0.585,\n"


@pytest.fixture
def environment(database: FreshDatabase, tmp_path: Path) -> dict[str, str]:
    return settings_for(database.url(), database.url("worker"), tmp_path)


def test_a_folder_is_loaded_once_and_listed(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "rates"
    folder.mkdir()
    (folder / "hist.csv").write_text(HISTORY)
    (folder / "day.csv").write_text("Date, USD, \n21 March 2026, 1.09, \n")
    first = run(environment, "rates", "load", str(folder))
    assert (first.stdout, first.stderr) == ("6 rates loaded, 0 were on record already.\n", "")
    again = run(environment, "rates", "load", str(folder))
    assert again.stdout == "0 rates loaded, 6 were on record already.\n"
    listed = run(environment, "rates", "list")
    assert listed.stdout.splitlines() == [
        f"2026-03-19  EUR/CYP  0.585  1 days  {folder}",
        f"2026-03-20  EUR/JPY  158.12  2 days  {folder}",
        f"2026-03-21  EUR/USD  1.09  3 days  {folder}",
    ]


def test_of_a_bad_file_nothing_is_loaded(environment: dict[str, str], tmp_path: Path) -> None:
    good, bad = tmp_path / "rates" / "a.csv", tmp_path / "rates" / "b.csv"
    good.parent.mkdir()
    good.write_text(HISTORY)
    bad.write_text("Date,USD\n2026-03-20,about one\n")
    refused = run(environment, "rates", "load", str(good.parent))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"{bad}, line 2, column 2: 'about one' is no rate above zero, written like 1.0831. "
        "Nothing was loaded.\n"
    )
    bad.write_text("Date,USD\n2026-03-20,1.0832\n")
    assert (
        "Two rates EUR/USD of 2026-03-20 were given"
        in run(environment, "rates", "load", str(good.parent)).stderr
    )
    assert run(environment, "rates", "list").stdout.startswith("No rates are on record;")
