"""Commands run as an operator runs them: a process, its settings, what it says and how it ends."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import Databases
from tests.identity.conftest import watch
from tests.test_cli import command, settings_for

__all__ = ["watch"]

PASSWORD = "a long enough password"


@pytest.fixture
async def empty(databases: Databases) -> AsyncIterator[str]:
    """A database that nothing was ever done to."""
    name = f"empty_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name}")
    yield databases.url(name)
    await databases.drop(name)


@pytest.fixture
def new(empty: str, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation that has not begun."""
    return settings_for(empty, empty, tmp_path)


def run(environment: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own program
        command(*arguments), env=environment, check=False, capture_output=True, text=True, input=typed
    )
