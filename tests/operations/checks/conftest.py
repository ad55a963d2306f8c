"""An installation in which everything is well, until a test breaks one thing."""

from pathlib import Path

import msgspec
import pytest

from partner_network.settings import Settings
from tests import doors
from tests.conftest import FreshDatabase


@pytest.fixture
def settings(database: FreshDatabase, tmp_path: Path) -> Settings:
    made = doors.settings(database, tmp_path / "data", sandbox=True)
    return msgspec.structs.replace(made, secret_key=b"a secret key of many different characters")
