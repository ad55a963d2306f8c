"""What an operator types about the ledger, in a process of its own as it is typed."""

import argparse
from pathlib import Path

import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.ledger import commands
from tests.conftest import FreshDatabase
from tests.test_cli import run, settings_for


@pytest.fixture
def environment(books: FreshDatabase, tmp_path: Path) -> dict[str, str]:
    return settings_for(books.url(), books.url("worker"), tmp_path)


WELL = [
    "legs                  12 each of its entry, date and currency",
    "reservations           2 each ended once at most, by a leg of its own",
    "entries               11 each keeps every equation by itself",
    "balances              11 each the sum of its legs",
    "invariants            11 all hold",
]


def test_the_ledger_is_verified_alone_now_and_at_any_day(environment: dict[str, str]) -> None:
    now = run(environment, "verify", "ledger")
    assert (now.returncode, now.stderr, now.stdout.splitlines()) == (0, "", WELL)
    before = run(environment, "verify", "ledger", "--as-of", "2026-02-28", "--by", "effective")
    assert before.returncode == 0
    assert before.stdout.splitlines()[-1] == "invariants             0 all hold"


def test_a_day_is_of_the_ledger_alone(environment: dict[str, str]) -> None:
    assert run(environment, "verify", "--as-of", "2026-03-01").stderr == (
        "Only the ledger is verified as of a day: partner-network verify ledger --as-of DAY\n"
    )


async def test_a_ledger_that_is_wrong_ends_badly_and_names_what(
    environment: dict[str, str], books: FreshDatabase
) -> None:
    owner = await books.connect("owner")
    await owner.execute("ALTER TABLE ledger_balances DISABLE TRIGGER USER")
    await owner.execute(
        "UPDATE ledger_balances SET debits_posted_minor = debits_posted_minor + 1 WHERE is_debit_normal"
    )
    await owner.close()
    found = run(environment, "verify", "ledger")
    assert found.returncode == 1
    assert found.stdout.splitlines()[-1] == "balances              11 examined, and they differ"
    assert found.stderr.startswith("The balance of account ")


def test_the_journal_goes_to_a_file_that_is_whole_or_not_there(
    environment: dict[str, str], tmp_path: Path
) -> None:
    march = ("journal", "--from", "2026-03-01", "--to", "2026-04-01")
    shown = run(environment, *march)
    out = tmp_path / "march.csv"
    assert run(environment, *march, "--out", str(out)).returncode == 0
    assert out.read_text() == shown.stdout
    assert len(shown.stdout.splitlines()) == 1 + 20 + 10
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []
    (tmp_path / "chart.toml").write_text("[accounts]")
    refused = run(
        {**environment, "PARTNER_NETWORK_CHART": str(tmp_path / "chart.toml")},
        *march,
        "--out",
        str(tmp_path / "not-there.csv"),
    )
    assert (refused.returncode, (tmp_path / "not-there.csv").exists()) == (2, False)
    assert refused.stderr == "The chart of accounts has no code for 'cash'; add [accounts.cash].\n"


@pytest.mark.parametrize("said", [["tomorrow", "UTC"], ["2026-03-01", "Mars/Olympus"]])
def test_no_day_and_no_zone_are_refused(said: list[str]) -> None:
    parser = argparse.ArgumentParser()
    commands.add_moment_to(parser)
    day, zone = said
    with pytest.raises(InvalidError):
        commands.moment_in(parser.parse_args(["--as-of", day, "--zone", zone]))
    assert commands.moment_in(parser.parse_args([])) is None
