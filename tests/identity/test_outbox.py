from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from partner_network import app as web_app
from partner_network.gateways.mailer import letter
from partner_network.gateways.mailer.folder import FolderSender
from partner_network.settings import Settings
from tests.conftest import FreshDatabase
from tests.doors import Network, serving, settings
from tests.gateways.post import AT, LETTER, LETTER_ID, MAIL_FROM

LATER_ID = UUID("019aaaab-0000-7000-8000-000000000001")


@pytest.fixture
async def demo(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Network]:
    """A sandbox with two letters in its outbox."""
    outbox = FolderSender(settings(database, tmp_path).outbox_folder)
    later = msgspec.structs.replace(
        LETTER,
        subject="A later <b>letter</b>",
        to="pat@needle.example",
        html="<html><head></head><body><p style='color:red'>Hello Pat</p><script>1</script></body></html>",
    )
    for one, letter_id in ((LETTER, LETTER_ID), (later, LATER_ID)):
        await outbox.send(letter.message_of(one, letter_id, mail_from=MAIL_FROM, at=AT))
    async with serving(database, tmp_path, sandbox=True) as network:
        yield network


async def test_everybody_reads_the_demos_letters_the_newest_first(demo: Network) -> None:
    page = (await (await demo.browser()).get("/outbox")).text

    assert page.index("A later &lt;b&gt;letter") < page.index("Grüße from Encore")
    assert "pat@needle.example" in page
    assert "22 November 2026, 09:30 UTC" in page


async def test_a_letters_links_can_be_opened(demo: Network) -> None:
    page = (await (await demo.browser()).get(f"/outbox/{LETTER_ID}")).text

    link = "http://127.0.0.1:8000/invitations/abc_DEF-123"
    assert f'Hello Ned,\n\nopen <a href="{link}">{link}</a> to join.' in page


async def test_a_letter_is_shown_with_its_headers_and_as_html_in_a_frame_that_may_do_nothing(
    demo: Network,
) -> None:
    browser = await demo.browser()

    page = (await browser.get(f"/outbox/{LATER_ID}")).text
    html = await browser.get(f"/outbox/{LATER_ID}/html")

    assert f'src="/outbox/{LATER_ID}/html"' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "Message-ID" in page
    assert "Hello Ned" in page
    assert '<base target="_blank"></head><body><p style=' in html.text
    policy = html.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'unsafe-inline';" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    assert "frame-ancestors 'self'; sandbox allow-popups" in policy
    assert (await browser.get(f"/outbox/{LETTER_ID}/html")).status_code == 404


@pytest.mark.parametrize("path", [f"/outbox/{UUID(int=5)}", "/outbox/..%2Fkeys.json", "/outbox/keys"])
async def test_the_outbox_shows_letters_and_no_other_file(demo: Network, path: str) -> None:
    assert (await (await demo.browser()).get(path)).status_code == 404


async def test_outside_of_the_sandbox_there_is_no_outbox(network: Network) -> None:
    assert (await (await network.browser()).get("/outbox")).status_code == 404
    assert (await (await network.browser()).get(f"/outbox/{LETTER_ID}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "has_outbox"),
    [
        ({"sandbox": True}, True),
        ({"sandbox": False}, False),
        ({"sandbox": True, "smtp_url": "smtp://mail.example"}, False),
    ],
)
def test_the_doors_of_the_outbox_exist_only_where_letters_are_a_sandboxs_files(
    database: FreshDatabase, tmp_path: Path, changes: dict[str, object], *, has_outbox: bool
) -> None:
    described: Settings = msgspec.structs.replace(settings(database, tmp_path), **changes)

    paths = {route.path for route in web_app.create_app(described).routes}

    assert ("/outbox" in paths, "/outbox/{letter:str}" in paths) == (has_outbox, has_outbox)
