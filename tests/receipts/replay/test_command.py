"""What is typed to replay a period, and what the exit code says."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from partner_network.kernel import ids
from partner_network.receipts.replay import commands
from tests.receipts.replay.conftest import Decided
from tests.test_cli import run, settings_for

MARCH = ("--from", "2026-03-01", "--to", "2026-04-01")


@pytest.fixture
def environment(decided: Decided, tmp_path: Path) -> dict[str, str]:
    return settings_for(decided.owner.url(), decided.owner.url("worker"), tmp_path)


def replay(environment: dict[str, str], *arguments: str) -> CompletedProcess[str]:
    return run(environment, "replay", *arguments)


async def test_a_period_that_is_all_alike_ends_well_with_its_digest(
    decided: Decided, environment: dict[str, str]
) -> None:
    program = ids.shown("prg", decided.shop.program_id)
    by_slug = replay(environment, "--program", "tune-house-records", *MARCH)
    assert (by_slug.returncode, by_slug.stderr) == (0, "")
    asked, line = by_slug.stdout.splitlines()
    assert asked == (
        f"tune-house-records ({program}), orders from 2026-03-01 00:00 up to 2026-04-01 00:00 UTC:"
    )
    assert line.startswith("5 decisions on 4 orders replayed: all alike; digest ")
    by_id = replay(environment, "--program", program, *MARCH, "--zone", "Europe/Berlin", "--processes", "2")
    assert by_id.returncode == 0
    assert by_id.stdout.splitlines()[1] == line
    assert "2026-04-01 00:00 Europe/Berlin:" in by_id.stdout


async def test_a_difference_is_named_with_its_order_and_ends_with_1(
    decided: Decided, environment: dict[str, str]
) -> None:
    bob = "(SELECT id FROM conversions WHERE order_id = '00003')"
    await decided.damage("receipts", f"UPDATE receipts SET root = sha256('x') WHERE conversion_id = {bob}")
    done = replay(environment, "--program", "tune-house-records", *MARCH)
    assert done.returncode == 1
    assert "1 differing" in done.stdout
    assert done.stderr.startswith("Decision 1 on the sale 00003 has the root ")


async def test_what_cannot_be_asked_ends_with_2_and_a_sentence(
    decided: Decided, environment: dict[str, str]
) -> None:
    assert decided.shop.program_id
    for arguments, said in (
        (("--program", "nobody", *MARCH), "There is no program 'nobody'"),
        (("--program", "prg_x", *MARCH), "is not the id of a program"),
        (("--program", "x", "--from", "March", "--to", "2026-04-01"), "--from is no day: 'March'."),
        (("--program", "x", "--from", "2026-04-01", "--to", "2026-04-01"), "--to is the day after"),
        (("--program", "x", *MARCH, "--zone", "Mars"), "is no IANA time zone"),
        (("--program", "x", *MARCH, "--processes", "-1"), "--processes is 0 to 64."),
    ):
        done = replay(environment, *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert said in done.stderr


def test_progress_is_said_now_and_then_and_not_into_the_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    instants = iter([0.0, 1.9, 2.0, 2.0, 5.0])
    monkeypatch.setattr(commands.time, "monotonic", lambda: next(instants))
    told = commands.Progress()
    for done in (1, 2, 4):
        told(done, 4)
    assert capsys.readouterr() == ("", "50 % proved\n")
