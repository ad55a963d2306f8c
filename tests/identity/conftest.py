import pytest

from partner_network.gateways import clock
from tests.doors import network
from tests.identity.authenticators import Watch

__all__ = ["network"]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The wall's time of this process, which stands still until a test moves it."""
    watch = Watch()
    monkeypatch.setattr(clock, "wall_now", lambda: watch.now)
    return watch
