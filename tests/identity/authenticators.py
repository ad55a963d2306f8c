"""A watch that tests set, and what people hold in their hands: authenticator apps."""

from datetime import datetime, timedelta
from typing import Any

from pyotp.totp import TOTP

from partner_network.gateways import clock
from tests.doors import Browser

STEP = timedelta(seconds=30)


class Watch:
    """The wall's time, as far as this process reads it: it goes on only when a test says so."""

    def __init__(self) -> None:
        self.now: datetime = clock.wall_now()

    def go_on(self, by: timedelta = STEP) -> None:
        self.now += by


class Authenticator:
    """An app that holds a key and shows its codes."""

    def __init__(self, factor_id: str, key: str, watch: Watch) -> None:
        self.factor_id = factor_id
        self.key = key
        self._watch = watch

    @property
    def code(self) -> str:
        return TOTP(self.key).at(self._watch.now)

    def code_after(self, away: timedelta) -> str:
        return TOTP(self.key).at(self._watch.now + away)

    def next_code(self) -> str:
        """Wait for a code that was never shown before, and return it."""
        self._watch.go_on()
        return self.code


async def start(browser: Browser, watch: Watch, name: str = "Telephone") -> Authenticator:
    """Put a key into an app that nothing has confirmed yet."""
    started = await browser.accepted("/api/v1/second-factors", {"name": name})
    return Authenticator(started["id"], started["key"], watch)


async def confirm(browser: Browser, app: Authenticator) -> Any:
    """Take an app into use; the browser goes on with the session that it is told."""
    path = f"/api/v1/second-factors/{app.factor_id}/confirmation"
    enrolled = await browser.accepted(path, {"code": app.next_code()})
    browser.client.headers["x-csrf-token"] = enrolled["session"]["csrf_token"]
    return enrolled


async def enrol(browser: Browser, watch: Watch) -> tuple[Authenticator, list[str]]:
    """Set an app up as the first factor, which brings recovery codes."""
    app = await start(browser, watch)
    return app, (await confirm(browser, app))["recovery_codes"]
