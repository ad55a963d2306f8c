import json
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from partner_network.identity.web import assets, problems


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as assets/build.mjs lays it out."""
    folder = tmp_path / "build"
    (folder / "css").mkdir(parents=True)
    (folder / "fonts").mkdir()
    (folder / "manifest.json").write_text(
        json.dumps({"css/app.css": "css/app.123.css", "fonts/a.woff2": "fonts/a.1.woff2"})
    )
    (folder / "css" / "app.123.css").write_bytes(b"plain")
    (folder / "css" / "app.123.css.br").write_bytes(b"by brotli")
    (folder / "css" / "app.123.css.gz").write_bytes(b"by gzip")
    (folder / "fonts" / "a.1.woff2").write_bytes(b"letters")
    (folder / "LICENSE.txt").write_bytes(b"free")
    return folder


async def get(folder: Path, path: str, **headers: str) -> httpx.Response:
    app = Litestar(route_handlers=[*assets.routes(folder)], exception_handlers=problems.HANDLERS)
    transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://network.test") as client:
        request = client.build_request("GET", path, headers={"accept-encoding": "", **headers})
        answer = await client.send(request, stream=True)
        answer.extensions["sent"] = b"".join([part async for part in answer.aiter_raw()])
        return answer


@pytest.mark.parametrize(
    ("accepts", "way", "sent"),
    [
        ("gzip, deflate, br, zstd", "br", b"by brotli"), ("gzip", "gzip", b"by gzip"), ("", None, b"plain"),
        ("br;q=0, gzip;q=0.5", "gzip", b"by gzip"), ("br;q=0.000,gzip; q=0", None, b"plain"),
        ("identity", None, b"plain"), ("BR", "br", b"by brotli"),
    ],
)  # fmt: skip
async def test_a_style_comes_packed_as_the_browser_takes_it(
    built: Path, accepts: str, way: str | None, sent: bytes
) -> None:
    answer = await get(built, "/assets/css/app.123.css", **{"accept-encoding": accepts})

    assert answer.extensions["sent"] == sent
    assert answer.headers.get("content-encoding") == way
    assert answer.headers["vary"] == "Accept-Encoding"  # a cache in between keeps them apart
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


async def test_a_name_that_holds_its_hash_is_kept_for_a_year_and_others_for_an_hour(built: Path) -> None:
    for path, kept in (
        ("/assets/css/app.123.css", assets.KEPT_FOR_A_YEAR),
        ("/assets/fonts/a.1.woff2", assets.KEPT_FOR_A_YEAR),
        ("/assets/LICENSE.txt", assets.KEPT_FOR_AN_HOUR),
        ("/assets/manifest.json", assets.KEPT_FOR_AN_HOUR),
    ):
        assert (await get(built, path)).headers["cache-control"] == kept, path


async def test_a_typeface_is_packed_already_and_says_its_kind(built: Path) -> None:
    answer = await get(built, "/assets/fonts/a.1.woff2", **{"accept-encoding": "br"})

    assert (answer.extensions["sent"], answer.headers["content-type"]) == (b"letters", "font/woff2")
    assert {"content-encoding", "vary"} & set(answer.headers) == set()


async def test_only_what_was_laid_out_is_there(built: Path) -> None:
    (built.parent / "secret.css").write_text("secret")
    for path in (
        "css/app.css",
        "css/app.123.css.br",
        "../secret.css",
        "%2e%2e/secret.css",
        "css/",
        "x" * 5_000,
    ):
        assert (await get(built, f"/assets/{path}")).status_code == 404, path


async def test_what_comes_later_into_the_folder_is_not_there(built: Path) -> None:
    app_files = assets.read(built)
    (built / "later.css").write_text("later")

    assert "later.css" not in app_files


def test_without_a_build_there_is_no_door(tmp_path: Path) -> None:
    assert assets.routes(tmp_path) == ()
