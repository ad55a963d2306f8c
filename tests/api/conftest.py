"""The lived network of the permission tests, behind its real doors, and its description."""

from pathlib import Path
from typing import Any

import pytest

from partner_network import app as web_app
from partner_network.identity.web import description
from tests import doors
from tests.conftest import FreshDatabase
from tests.dashboards.conftest import lived
from tests.permissions.conftest import COOKIE, world

__all__ = ["lived", "world"]


class NoDatabase(FreshDatabase):
    """What an app that never starts needs to know of its database."""

    def __init__(self) -> None:
        self.name = "none"

    def url(self, role: str = "owner") -> str:
        return f"postgresql://{role}@127.0.0.1:1/none"


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the API says of itself."""
    app = web_app.create_app(doors.settings(NoDatabase(), Path(tmp_path_factory.mktemp("none"))))
    return description.described(app, app.openapi_schema.to_schema(), cookie=COOKIE)
