import asyncio
import io
import struct
import threading
import warnings
import zlib
from typing import Any

import pytest
from PIL import Image

from partner_network.creatives import rules
from partner_network.identity.rules import limits
from partner_network.kernel.errors import InvalidError
from tests.agreements.cast import Cast
from tests.doors import Browser

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<html><script>alert(1)</script></html>"


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (9, 9, 9)).save(written, kind)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small file that says it is huge, and would be when it is unpacked."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows = zlib.compress(b"\0" * 1_000_000)
    head = chunk(b"IHDR", struct.pack(">II5B", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def upload(browser: Browser, program: str, content: bytes, name: str, kind: str) -> Any:
    return await browser.client.post(
        f"/api/v1/programs/{program}/creatives", data={"title": "x"}, files={"file": (name, content, kind)}
    )


async def test_what_is_no_picture_is_refused_whatever_it_says_it_is(cast: Cast) -> None:
    for content in (
        SVG,
        PAGE,
        b"GIF89a" + PAGE,
        b"%PDF-1.7",
        b"\xff\xd8\xff" + PAGE,
        b"",
        bomb(60_000, 60_000),
    ):
        for name, kind in (("x.png", "image/png"), ("x.svg", "image/svg+xml"), ("x.html", "text/html")):
            answer = await upload(cast.shop, cast.program, content, name, kind)
            assert (answer.status_code, list(answer.json()["fields"])) == (422, ["file"])


async def test_a_picture_that_is_also_a_page_is_handed_out_as_a_picture_alone(cast: Cast) -> None:
    both = picture() + PAGE

    kept = (await upload(cast.shop, cast.program, both, "x.html", "text/html")).json()
    leads_to = await cast.shop.get(f"/api/v1/creatives/{kept['id']}/file")
    file = await cast.shop.get(leads_to.headers["location"])

    assert b"script" not in file.content
    assert file.headers["content-type"] == "image/png"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("size", [(5_001, 5_000), (60_000, 60_000), (2**31 - 1, 1), (0, 10)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidError):
        rules.made_anew(bomb(*size))


def test_a_picture_a_little_too_large_is_refused_where_the_library_would_only_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InvalidError, match="5001 x 5000 points"):
            rules.made_anew(bomb(5_001, 5_000))


async def test_pictures_are_made_anew_one_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most, guard = 0, 0, threading.Lock()
    made_anew = rules.made_anew

    def counting(content: bytes) -> rules.Picture:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        try:
            return made_anew(content)
        finally:
            with guard:
                at_once -= 1

    monkeypatch.setattr(rules, "made_anew", counting)
    answers = await asyncio.gather(
        *(
            upload(cast.shop, cast.program, picture(size=(500, 500 + n)), "x.png", "image/png")
            for n in range(8)
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert most == 1


async def test_uploads_are_counted_apart_from_other_changes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        limits, "REQUESTS", {**limits.REQUESTS, "uploads by person": limits.Limit(1, limits.HOUR)}
    )

    first, second = [await upload(cast.shop, cast.program, picture(), "x.png", "image/png") for _ in range(2)]

    assert (first.status_code, second.status_code) == (201, 429)
