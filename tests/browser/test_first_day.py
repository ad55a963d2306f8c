"""The first day of a network: from its first admin to an active partnership, by pages alone."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from playwright.sync_api import expect
from pyotp.totp import TOTP

from partner_network.gateways import clock
from partner_network.gateways.mailer import letters
from partner_network.gateways.mailer.letter import Letter
from partner_network.operations import beginning
from partner_network.operations.beginning import FirstAdmin
from partner_network.settings import Settings
from tests.browser import lived
from tests.browser.conftest import Enter, browsing
from tests.browser.lived import Served
from tests.browser.watching import Watched
from tests.conftest import Databases
from tests.doors import PASSWORD

ADA, MIA, OLIVIA, ROSA = "ada@network.test", "mia@network.test", "olivia@groove.test", "rosa@riff.test"
GROOVE = {
    "E-mail of its first owner": OLIVIA,
    "Name": "Groove Street",
    "Legal name": "Groove Street Inc.",
    "Short name": "groove-street",
    "Address": "1 Groove Street\nAlbany",
    "Country": "US",
}
RIFF = {
    "E-mail of its first owner": ROSA,
    "Name": "Riff Radio",
    "Legal name": "Riff Radio Inc.",
    "Short name": "riff-radio",
    "Address": "9 Air Street\nAlbany",
    "Country": "US",
}
TREES = {
    "E-mail of its first owner": "theo@trees.test",
    "Name": "Trees for All",
    "Legal name": "Trees for All Foundation",
    "Short name": "trees-for-all",
    "Address": "3 Wood Lane\nAlbany",
    "Country": "US",
}


class Day(msgspec.Struct, frozen=True):
    """An installation as `partner-network init` leaves it: tables, one admin, and nothing else."""

    served: Served
    settings: Settings

    def link_for(self, email: str) -> str:
        """Return the path of the link in somebody's newest letter of invitation."""
        # The browser's own loop runs in this thread.
        with ThreadPoolExecutor(1) as beside:
            text = beside.submit(asyncio.run, self._letter(email)).result()
        return re.findall(r"/invitations/\S+", text)[0]

    async def _letter(self, email: str) -> str:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(self.served.database_url)
        try:
            rows = await connection.fetch(
                "SELECT sealed FROM letters WHERE kind = 'invitation' AND sealed IS NOT NULL ORDER BY id DESC"
            )
        finally:
            await connection.close()
        opened = [
            msgspec.json.decode(self.settings.keyring.open(letters.SEALED_FOR, row["sealed"]), type=Letter)
            for row in rows
        ]
        return next(one.text for one in opened if one.to == email)


@pytest.fixture
def day(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    name = f"browser_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    settings = lived.settings_of(databases.url(name), tmp_path_factory.mktemp("begun"), "http://127.0.0.1:1")
    asyncio.run(beginning.begin(settings, FirstAdmin("Ada", ADA, PASSWORD)))
    with lived.web(settings, databases, name):
        yield Day(Served(settings.base_url, settings.database_url or ""), settings)
    asyncio.run(databases.drop(name))


def fill(tab: Watched, fields: Mapping[str, str]) -> None:
    for label, text in fields.items():
        tab.page.get_by_label(label, exact=True).fill(text)


def arrive(enter: Enter, day: Day, email: str, name: str) -> Watched:
    """Take an invitation up as its letter leads."""
    tab = enter(name)
    tab.open(day.link_for(email))
    fill(tab, {"Your name": name, "A password": PASSWORD})
    tab.page.get_by_role("button", name="Accept").click()
    tab.page.wait_for_load_state("networkidle")
    return tab


def prove(tab: Watched) -> None:
    """Set an authenticator app up, which signing takes."""
    page = tab.page
    tab.open("/account/second-factors")
    page.get_by_role("button", name="Show the key").click()
    key = (page.locator(".key code").text_content() or "").replace(" ", "")
    page.get_by_label("The code that the app shows now").fill(TOTP(key).at(clock.wall_now()))
    page.get_by_role("button", name="Take it into use").click()
    page.get_by_role("link", name="I have kept them, go on").click()


def sign(tab: Watched, name: str) -> None:
    page = tab.page
    tab.open("/")
    page.get_by_role("link", name="Agreements", exact=True).first.click()
    page.get_by_role("link", name="groove-records/riff-radio/1").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=f"Sign as {name}").click()
    page.wait_for_load_state("networkidle")


def take_a_charity_in(tab: Watched) -> None:
    page = tab.page
    page.get_by_role("link", name="Brands", exact=True).click()
    page.get_by_role("link", name="Charities").click()
    page.get_by_role("link", name="Take a charity in").click()
    fill(tab, TREES)
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_text("In its terms it stands as trees-for-all.")).to_be_visible()


def test_from_the_first_admin_to_an_active_partnership_nobody_needs_the_api(day: Day) -> None:
    with browsing(day.served) as enter:
        ada = enter("ada")
        ada.open("/sign-in?next=/account/people")
        ada.sign_in(ADA)
        ada.page.get_by_label("E-mail", exact=True).fill(MIA)
        ada.page.get_by_label("Role", exact=True).select_option("manager")
        ada.page.get_by_role("button", name="Invite", exact=True).click()

        mia = arrive(enter, day, MIA, "Mia")
        page = mia.page
        expect(page.get_by_role("heading", name="The first steps")).to_be_visible()
        page.get_by_role("link", name="Take an advertiser in").click()
        fill(mia, GROOVE)
        page.get_by_role("button", name="Take it in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Groove Street")
        expect(page.get_by_text(f"A letter is on its way to {OLIVIA}")).to_be_visible()
        olivia = arrive(enter, day, OLIVIA, "Olivia")
        expect(olivia.page.get_by_role("heading", level=1)).to_have_text("Groove Street")

        page.get_by_role("link", name="Open its program").click()
        expect(page.get_by_label("Advertiser")).to_have_value(re.compile("bnd_"))
        program = {"Name": "Groove Records", "Short name": "groove-records", "Offer": "Five per cent"}
        fill(mia, program)
        page.get_by_label("Where links lead unless they say otherwise").fill("https://shop.groove.test/")
        page.get_by_label("Hosts that links may lead to").fill("shop.groove.test")
        page.get_by_role("button", name="Open it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Policy of Groove Records")
        page.get_by_role("button", name="Publish it").click()
        page.get_by_role("link", name="Invite a partner").click()
        page.get_by_label("Partner", exact=True).select_option("new")
        fill(mia, RIFF)
        page.get_by_role("button", name="Invite", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Riff Radio is invited")
        rosa = arrive(enter, day, ROSA, "Rosa")

        mia.open("/admin/")
        page.get_by_role("link", name="Draft an agreement").click()
        if not page.get_by_label("Contract").input_value():
            page.get_by_label("Contract").select_option(index=1)
        page.get_by_role("button", name="Draft it").click()
        expect(page.get_by_text("Nobody has signed yet")).to_be_visible()
        for tab, name in ((rosa, "Rosa"), (olivia, "Olivia")):
            prove(tab)
            sign(tab, name)

        mia.open("/admin/partnerships")
        row = page.get_by_role("row", name=re.compile("Riff Radio"))
        expect(row.get_by_text("active", exact=True)).to_be_visible()
        rosa.open("/links")
        expect(rosa.page.get_by_label("Where it leads")).to_be_visible()

        take_a_charity_in(mia)
        assert [tab.faults for tab in (ada, mia, olivia, rosa)] == [[], [], [], []]
