"""What a first view of a page costs a browser, and how long the server takes for each."""

import shutil
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
from playwright.sync_api import Browser, sync_playwright

from partner_network.gateways import clock
from partner_network.sandbox import keychain

COOKIE = "partner_network"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
WARM_UP = 20
CODE_LASTS_S = 31


class Visit(msgspec.Struct, frozen=True):
    """One home: bytes over the wire and requests of its first view, and the server's time for its page."""

    home: str
    path: str
    kilobytes: float
    requests: int
    p50_ms: float
    p95_ms: float


def signed_in(address: str, folder: Path, email: str, password: str) -> str:
    """Sign somebody in, with the code of the second factor where there is one, and return the cookie."""
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        given = {"email": email, "password": password}
        answer = client.post("/api/v1/sessions", json=given)
        for _ in range(3):
            if answer.is_success:
                return client.cookies[COOKIE]
            code = keychain.code_of(folder, email, clock.wall_now())
            answer = client.post("/api/v1/sessions", json={**given, "code": code})
            if not answer.is_success:
                time.sleep(CODE_LASTS_S)  # each code works once, and was used when the demo was set up
        answer.raise_for_status()
    raise RuntimeError(f"{email} could not sign in")


def visit(browser: Browser, home: str, address: str, cookie: str | None, *, times: int) -> Visit:
    """Look at a home once in a fresh browser, then ask the server for its page many times."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    if cookie is not None:
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
    page = context.new_page()
    sizes: list[float] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", partial(_note, sizes))
    page.goto(f"{address}/")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_load_state("networkidle")
    path = page.url.removeprefix(address)
    context.close()
    p50, p95 = _times_ms(f"{address}{path}", cookie, times)
    return Visit(home, path, round(sum(sizes) / 1000, 1), len(sizes), p50, p95)


def _note(sizes: list[float], told: Any) -> None:
    sizes.append(told["encodedDataLength"])


def _times_ms(url: str, cookie: str | None, times: int) -> tuple[float, float]:
    cookies = {} if cookie is None else {COOKIE: cookie}
    taken: list[float] = []
    with httpx.Client(trust_env=False, timeout=60, cookies=cookies) as client:
        for n in range(WARM_UP + times):
            began = time.perf_counter()
            client.get(url).raise_for_status()
            if n >= WARM_UP:
                taken.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(taken, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def all_of(
    address: str, cookies: dict[str, str], bare_address: str, *, times: int
) -> tuple[list[Visit], Visit]:
    """Visit every home, and the bare page in the same run."""
    name = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=name, args=FLAGS)
        bare = visit(browser, "bare page", bare_address, None, times=times)
        homes = [visit(browser, home, address, cookie, times=times) for home, cookie in cookies.items()]
        browser.close()
    return homes, bare
