"""Every page that is linked from anywhere, as everybody who may see it."""

import pytest

from tests.browser.conftest import DESK, TELEPHONE, Enter
from tests.browser.crawling import Crawler, examine, kind_of, look, shape_of
from tests.browser.people import EVERYBODY, GUEST
from tests.browser.watching import Watched

STARTS = {GUEST: ("/sign-in", "/forgotten-password", "/privacy/opt-out", "/privacy/closed", "/outbox")}
Examined = set[tuple[str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def examined() -> Examined:
    """What axe has seen already: the same page of somebody else is built of the same parts."""
    return set()


@pytest.mark.parametrize("kind", EVERYBODY)
def test_no_page_that_somebody_is_led_to_has_a_fault(enter: Enter, kind: str, examined: Examined) -> None:
    tab = enter(kind, viewport=DESK, color_scheme="light")
    crawler = Crawler(tab, starts=STARTS.get(kind, ("/",)))
    for path in crawler.pages_ahead():
        shape = kind_of(path), shape_of(tab)
        is_new = shape not in examined
        examined.add(shape)
        _look_around(tab, crawler, is_new=is_new)
    assert not crawler.findings, "\n".join(crawler.findings)


def _look_around(tab: Watched, crawler: Crawler, *, is_new: bool) -> None:
    crawler.tell(look(tab))
    if is_new:
        crawler.tell(examine(tab))
    tab.page.set_viewport_size(TELEPHONE)
    crawler.tell(look(tab), about=" (360)")
    if is_new:
        tab.page.emulate_media(color_scheme="dark")
        crawler.tell(examine(tab), about=" (360, dark)")
        tab.page.emulate_media(color_scheme="light")
    tab.page.set_viewport_size(DESK)
