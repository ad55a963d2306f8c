"""The whole list, as an operator sees it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from partner_network.operations import doctor
from partner_network.operations.checks import finding
from partner_network.operations.checks.finding import Check, Finding
from partner_network.settings import Settings
from tests import doors
from tests.conftest import FreshDatabase
from tests.operations.conftest import run
from tests.test_cli import settings_for


async def findings(environment: dict[str, str]) -> dict[str, str]:
    return {one.what: one.level async for one in doctor.examine(environment)}


async def test_a_database_that_was_never_migrated_is_sent_there(
    new: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stripe.HTTPClient.INITIAL_DELAY", 0.001)
    levels = await findings(new)
    assert levels["database as owner"] == "ok"
    assert levels["migrations"] == levels["clock"] == levels["held jobs"] == "FAILED"


async def test_every_check_says_something_even_if_all_others_fail(
    new: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stripe.HTTPClient.INITIAL_DELAY", 0.001)
    levels = await findings(new | {"DATABASE_URL": "postgresql://a@127.0.0.1:1/b"})
    assert list(levels) == ["settings", *(check.what for check in doctor.CHECKS)]


async def test_a_check_that_hangs_is_left_and_said(database: FreshDatabase, tmp_path: Path) -> None:
    async def hang(_: Settings) -> Sequence[Finding]:
        await asyncio.Event().wait()
        return []

    [found] = await finding.find(
        Check("the sea", hang, "Wait.", limit_s=0.01), doors.settings(database, tmp_path)
    )
    assert found.line == "FAILED   the sea              There was no answer within 0.01 s. Wait."


async def test_nothing_that_is_secret_is_said(database: FreshDatabase, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        doors.settings(database, tmp_path),
        secret_key=b"the present key",
        former_secret_keys=(b"the former key",),
        stripe_secret_key="sk_live_key",
        stripe_webhook_secret="whsec_secret",
        smtp_url="smtp://me:pass%40word@127.0.0.1",
        metrics_token="the token",
        role_urls={"web": "postgresql://web:webs-own@127.0.0.1/x"},
    )
    secrets = ("the present key", "the former key", "sk_live_key", "whsec_secret", "pass%40word", "pass@word",
               "the token", "webs-own")  # fmt: skip

    async def blab(_: Settings) -> Sequence[Finding]:
        raise RuntimeError(" and ".join(secrets))

    [found] = await finding.find(Check("it", blab, ""), settings)
    assert found.sentence == f"RuntimeError: {' and '.join(['***'] * len(secrets))}."


async def test_settings_that_cannot_be_read_are_the_only_finding(tmp_path: Path) -> None:
    assert await findings({"PARTNER_NETWORK_DATA": str(tmp_path)}) == {"settings": "FAILED"}


async def test_the_exit_code_says_whether_something_failed(database: FreshDatabase, tmp_path: Path) -> None:
    environment = settings_for(database.url(), database.url("worker"), tmp_path)
    sick = run(environment, "doctor")
    assert sick.returncode == 1
    assert sum(line.startswith("FAILED") for line in sick.stdout.splitlines()) >= 1
    told = run(environment, "doctor", "--json")
    lines = json.loads(told.stdout)["findings"]
    assert (told.returncode, len(lines)) == (1, len(sick.stdout.splitlines()))
    assert set(lines[0]) == {"level", "what", "sentence", "to_do"}
