import hashlib
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from partner_network.creatives import rules
from partner_network.kernel.errors import InvalidError
from tests.agreements.cast import Cast
from tests.doors import Browser


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(written, kind, **options)
    return written.getvalue()


async def upload(browser: Browser, program: str, content: bytes, title: str = "Summer banner") -> Any:
    return await browser.client.post(
        f"/api/v1/programs/{program}/creatives",
        data={"title": title},
        files={"file": ("../../evil.html", content, "text/html")},
    )


async def test_what_the_shop_uploads_the_partner_lists_and_downloads(cast: Cast) -> None:
    uploaded = await upload(cast.shop, cast.program, picture())
    assert uploaded.status_code == 201, uploaded.text

    listed = (await cast.partner.get(f"/api/v1/creatives?program={cast.program}")).json()["items"]
    leads_to = await cast.partner.get(f"/api/v1/creatives/{listed[0]['id']}/file")
    file = await cast.partner.get(leads_to.headers["location"])

    assert listed == [uploaded.json()]
    assert listed[0]["content_type"] == file.headers["content-type"] == "image/png"
    assert file.headers["content-disposition"].startswith('attachment; filename="summer-banner.png"')
    assert hashlib.sha256(file.content).hexdigest() == listed[0]["sha256"]
    assert Image.open(io.BytesIO(file.content)).getpixel((0, 0)) == (200, 30, 30)


async def test_a_download_address_is_for_that_file_and_that_name_alone(cast: Cast) -> None:
    uploaded = (await upload(cast.shop, cast.program, picture())).json()
    leads_to = (await cast.partner.get(f"/api/v1/creatives/{uploaded['id']}/file")).headers["location"]

    assert (await cast.partner.get(leads_to.replace("summer", "winter"))).status_code == 403
    assert (await cast.partner.get(leads_to.replace("creatives/", "agreements/"))).status_code == 403


async def test_strangers_and_partners_upload_nothing_and_strangers_see_nothing(cast: Cast) -> None:
    uploaded = (await upload(cast.shop, cast.program, picture())).json()
    await cast.network.person("eve@else.example", await cast.network.brand("someone-else"), ["owner"])
    stranger = await cast.network.signed_in("eve@else.example")

    for browser in (cast.partner, stranger):
        assert (await upload(browser, cast.program, picture())).status_code == 404
    assert (await stranger.get("/api/v1/creatives")).json()["items"] == []
    assert (await stranger.get(f"/api/v1/creatives/{uploaded['id']}/file")).status_code == 404
    assert (await stranger.client.delete(f"/api/v1/creatives/{uploaded['id']}")).status_code == 404


async def test_a_withdrawn_creative_is_gone_for_partners(cast: Cast) -> None:
    uploaded = (await upload(cast.shop, cast.program, picture())).json()

    withdrawn = await cast.shop.client.delete(f"/api/v1/creatives/{uploaded['id']}")

    assert withdrawn.json()["withdrawn_at"] is not None
    assert (await cast.partner.get(f"/api/v1/creatives/{uploaded['id']}")).status_code == 404
    assert (await cast.shop.get(f"/api/v1/creatives/{uploaded['id']}")).status_code == 200


async def test_a_file_that_is_no_picture_is_refused_and_not_kept(cast: Cast) -> None:
    refused = await upload(cast.shop, cast.program, b"<script>alert(1)</script>")
    nameless = await upload(cast.shop, cast.program, picture(), title=" ")

    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["file"])
    assert (nameless.status_code, list(nameless.json()["fields"])) == (422, ["title"])
    assert await cast.network.owner.fetchval("SELECT count(*) FROM creatives") == 0


async def test_more_than_twenty_megabytes_are_not_read(cast: Cast) -> None:
    refused = await upload(cast.shop, cast.program, b"\x89PNG\r\n\x1a\n" + b"x" * 20_200_000)

    assert refused.status_code == 413


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_keeps_its_looks_and_loses_what_hides_in_it(kind: rules.Format) -> None:
    place = Image.Exif()
    place[0x010E] = "secret place"

    made = rules.made_anew(picture(kind, exif=place) + b"<?php hidden ?>")

    opened = Image.open(io.BytesIO(made.content))
    assert (made.format, opened.format, opened.size) == (kind, kind, (40, 30))
    assert b"secret place" not in made.content
    assert b"hidden" not in made.content


def test_a_picture_keeps_what_can_be_seen_through() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 255, 0)).save(written, "PNG")

    made = rules.made_anew(written.getvalue())

    assert Image.open(io.BytesIO(made.content)).getpixel((0, 0)) == (0, 0, 255, 0)


def test_text_in_a_picture_does_not_survive() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "hidden words")

    assert b"hidden words" not in rules.made_anew(picture(pnginfo=notes)).content


def bomb() -> bytes:
    """A small file that says it has 40,000 x 40,000 points."""
    header = struct.pack(">II5B", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", picture()[:60], picture("JPEG")[:40], b"RIFF0000WEBPxxxx", bomb()],
    ids=["nothing", "a GIF", "only the beginning", "a torn PNG", "a torn JPEG", "no WebP", "a bomb"],
)
def test_what_cannot_be_read_as_a_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidError):
        rules.made_anew(content)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Summer banner", "summer-banner.png"),
        ("../../etc/passwd", "etc-passwd.png"),
        ("ünïcode €", "n-code.png"),
    ],
)
def test_a_download_is_named_in_harmless_letters(title: str, name: str) -> None:
    assert rules.file_name_of(title, "PNG") == name
