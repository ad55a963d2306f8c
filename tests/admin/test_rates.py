"""Finance reads the exchange rates, sees what waits for one, and loads a file: all of it or nothing."""

import re

import httpx
import pytest

from partner_network.gateways import clock
from tests.doors import Browser, Network, network

__all__ = ["network"]

GOOD = "Date, USD, SEK\n2 March 2026, 1.2500, 11.50\n"
BAD = "Date, USD\nsome day, 1.25\n"


async def finance(network: Network, role: str = "finance") -> Browser:
    await network.person(f"{role}@office.example", None, [role])
    return await network.signed_in(f"{role}@office.example")


async def load(browser: Browser, content: bytes | None) -> httpx.Response:
    page = await browser.get("/admin/rates")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    del browser.client.headers["x-csrf-token"]
    files = {"file": ("ecb.csv", content or b"", "text/csv")} if content is not None else {"none": ("", b"")}
    answer = await browser.client.post("/admin/rates", data={"csrf_token": token[1]}, files=files)
    browser.client.headers["x-csrf-token"] = token[1]
    return answer


async def test_a_file_is_loaded_once_and_listed_with_its_name(network: Network) -> None:
    assert (await clock.now()).year >= 2026
    browser = await finance(network)
    assert "No rates are on record" in (await browser.get("/admin/rates")).text
    assert [(await load(browser, GOOD.encode())).status_code for _ in range(2)] == [303, 303]
    page = (await browser.get("/admin/rates")).text
    assert "EUR/SEK" in page
    assert "ecb.csv" in page
    rates = await network.owner.fetch("SELECT quote, rate::text FROM exchange_rates ORDER BY quote")
    assert [tuple(row) for row in rates] == [("SEK", "11.50"), ("USD", "1.2500")]
    recorded = await network.owner.fetchval(
        "SELECT count(*) FROM audit_records WHERE object_kind = 'exchange rates'"
    )
    assert recorded == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [(BAD.encode(), "ecb.csv"), (b"\xff\xfe", "no UTF-8 text"), (None, "Choose a file first")],
)
async def test_what_cannot_be_read_is_refused_with_its_place(
    network: Network, content: bytes | None, told: str
) -> None:
    browser = await finance(network)
    answer = await load(browser, content)
    assert answer.status_code == 422
    assert told in answer.text
    assert await network.owner.fetchval("SELECT count(*) FROM rate_loads") == 0


async def test_another_rate_of_a_day_on_record_is_refused_whole(network: Network) -> None:
    browser = await finance(network)
    await load(browser, GOOD.encode())
    answer = await load(browser, GOOD.replace("1.2500", "1.2600").encode())
    assert answer.status_code == 409
    assert "A published rate never changes" in answer.text


async def test_a_manager_reads_and_loads_nothing(network: Network) -> None:
    browser = await finance(network, "manager")
    page = await browser.get("/admin/rates")
    assert page.status_code == 200
    assert "Load the file" not in page.text
