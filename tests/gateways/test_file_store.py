"""One suite for every store; what only one of them can break stands at the end."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest
from botocore.awsrequest import AWSPreparedRequest

from partner_network.gateways.file_store import local, s3, store
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tests.gateways import s3_responder

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTENT = b"%PDF-1.7 a signed agreement \x00\xff"
KEY = "agreements/agr_01-a.B/5c1e.pdf"


class Bench(Protocol):
    """A store and a browser that follows its signed addresses at some later time."""

    store: store.FileStore

    async def download(self, url: str, *, later_s: int = 0) -> httpx.Response: ...


class LocalBench:
    def __init__(self, folder: Path) -> None:
        self.local = local.LocalFileStore(folder, "https://network.example/files/", b"s" * 32)
        self.store: store.FileStore = self.local

    async def download(self, url: str, *, later_s: int = 0) -> httpx.Response:
        """Do what the web route does: take the address apart, ask, and turn the error into its status."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            opened = await self.local.open_signed(
                unquote(parts.path).removeprefix("/files/"),
                filename=query["filename"],
                expires=int(query["expires"]),
                signature=query["signature"],
                now=NOW + timedelta(seconds=later_s),
            )
        except ForbiddenError:
            return httpx.Response(403)
        return httpx.Response(
            200,
            content=opened.content,
            headers={
                "Content-Type": opened.content_type,
                "Content-Disposition": opened.content_disposition,
            },
        )


class S3Bench:
    def __init__(self, server: s3_responder.S3Responder) -> None:
        self.server = server
        self.store: store.FileStore = s3.S3FileStore(
            s3_responder.BUCKET,
            endpoint_url=server.url,
            region=s3_responder.REGION,
            access_key=s3_responder.ACCESS_KEY,
            secret_key=s3_responder.SECRET_KEY,
        )

    async def download(self, url: str, *, later_s: int = 0) -> httpx.Response:
        self.server.clock_ahead = timedelta(seconds=later_s)
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(url)


def tree(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.fixture(params=["local", "s3"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "local":
        yield LocalBench(tmp_path)
        return
    with s3_responder.running() as server:
        yield S3Bench(server)


async def test_what_was_put_is_got_back_with_its_hash_and_size(bench: Bench) -> None:
    kept = await bench.store.put(KEY, CONTENT, "application/pdf")
    assert kept == store.Stored(KEY, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert await bench.store.get(KEY) == CONTENT


async def test_an_empty_file_is_a_file(bench: Bench) -> None:
    assert (await bench.store.put("empty", b"", "text/plain")).size == 0
    assert await bench.store.get("empty") == b""


async def test_a_file_exists_once_it_was_put(bench: Bench) -> None:
    before = await bench.store.exists(KEY)
    await bench.store.put(KEY, CONTENT, "application/pdf")
    assert (before, await bench.store.exists(KEY), await bench.store.exists("agreements")) == (
        False,
        True,
        False,
    )


async def test_a_file_is_gone_once_it_was_deleted_and_deleting_it_again_is_no_error(bench: Bench) -> None:
    await bench.store.put(KEY, CONTENT, "application/pdf")
    for key in (KEY, KEY, "agreements", f"{KEY}/below"):
        await bench.store.delete(key)
    assert not await bench.store.exists(KEY)


@pytest.mark.parametrize("key", [KEY, "agreements"])
async def test_a_missing_file_is_not_found(bench: Bench, key: str) -> None:
    await bench.store.put("agreements/other", b"x", "text/plain")
    with pytest.raises(NotFoundError, match="no file"):
        await bench.store.get(key)


async def test_a_second_put_replaces_the_first(bench: Bench) -> None:
    await bench.store.put(KEY, b"draft", "text/plain")
    await bench.store.put(KEY, CONTENT, "application/pdf")
    answer = await bench.download(
        bench.store.signed_url(KEY, filename="a.pdf", expires_in_s=60, now=NOW), later_s=1
    )
    assert (answer.content, answer.headers["Content-Type"]) == (CONTENT, "application/pdf")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../secret",
        "a/../../secret",
        "a/./b",
        "a//b",
        "a/",
        ".hidden",
        "a/.hidden",
        "a\\b",
        "a\x00b",
        "a\n",
        "a b",
        "a?b",
        "a%2e%2e",
        "~root",
        "å",
        "k" * 501,
    ],
)
async def test_a_key_that_plays_tricks_is_refused_by_every_verb(bench: Bench, key: str) -> None:
    with pytest.raises(InvalidError, match="file key"):
        await bench.store.put(key, b"x", "text/plain")
    with pytest.raises(InvalidError, match="file key"):
        await bench.store.get(key)
    with pytest.raises(InvalidError, match="file key"):
        await bench.store.exists(key)
    with pytest.raises(InvalidError, match="file key"):
        bench.store.signed_url(key, filename="a", expires_in_s=1, now=NOW)


@pytest.mark.parametrize("content_type", ["", "pdf", "text/html\r\nSet-Cookie: a=b", "Text/Plain "])
async def test_a_content_type_that_is_none_is_refused(bench: Bench, content_type: str) -> None:
    with pytest.raises(InvalidError, match="content type"):
        await bench.store.put(KEY, b"x", content_type)


async def test_a_signed_address_downloads_the_file_under_its_name_and_type(bench: Bench) -> None:
    await bench.store.put(KEY, CONTENT, "application/pdf")
    url = bench.store.signed_url(KEY, filename="Vertrag für Ömer & Söhne.pdf", expires_in_s=60, now=NOW)
    answer = await bench.download(url, later_s=1)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="Vertrag f_r _mer & S_hne.pdf"; '
        "filename*=UTF-8''Vertrag%20f%C3%BCr%20%C3%96mer%20%26%20S%C3%B6hne.pdf"
    )


async def test_a_signed_address_works_until_it_expires_and_not_from_then_on(bench: Bench) -> None:
    await bench.store.put(KEY, CONTENT, "application/pdf")
    url = bench.store.signed_url(KEY, filename="a.pdf", expires_in_s=600, now=NOW)
    assert (await bench.download(url, later_s=500)).status_code == 200
    assert (await bench.download(url, later_s=600)).status_code == 403


async def test_a_changed_address_is_refused(bench: Bench) -> None:
    other = "agreements/agr_01-a.B/5c1f.pdf"
    await bench.store.put(KEY, CONTENT, "application/pdf")
    await bench.store.put(other, b"of another brand", "application/pdf")
    url = bench.store.signed_url(KEY, filename="a.pdf", expires_in_s=600, now=NOW)
    flipped = url[:-1] + ("0" if url[-1] != "0" else "1")
    longer = url.replace("Expires=600", "Expires=60000").replace("expires=1", "expires=2")
    for changed in (url.replace("5c1e", "5c1f"), url.replace("a.pdf", "b.pdf"), longer, flipped):
        assert changed != url
        assert (await bench.download(changed, later_s=1)).status_code == 403


@pytest.mark.parametrize(
    "filename", ["", "a/b.pdf", "..\\a", 'a".exe', "a\r\nX: y", "gpj\u202eexe.", "x" * 151]
)
def test_a_file_name_that_plays_tricks_is_refused(bench: Bench, filename: str) -> None:
    with pytest.raises(InvalidError, match="name a download"):
        bench.store.signed_url(KEY, filename=filename, expires_in_s=60, now=NOW)


@pytest.mark.parametrize("expires_in_s", [0, -1, 604_801])
def test_an_address_lasts_at_least_a_second_and_at_most_a_week(bench: Bench, expires_in_s: int) -> None:
    with pytest.raises(InvalidError, match="1 to 604800 seconds"):
        bench.store.signed_url(KEY, filename="a", expires_in_s=expires_in_s, now=NOW)


async def test_writers_of_one_key_leave_one_whole_file(bench: Bench) -> None:
    contents = [bytes([n]) * 50_000 for n in range(8)]
    await asyncio.gather(*(bench.store.put(KEY, content, "text/plain") for content in contents))
    assert await bench.store.get(KEY) in contents


async def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = local.LocalFileStore(tmp_path, "/files", b"s" * 32)
    await kept.put(KEY, CONTENT, "application/pdf")
    files = tree(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(local.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            await kept.put(KEY, b"half", "text/plain")
    assert await kept.get(KEY) == CONTENT
    assert tree(tmp_path) == files


async def test_a_key_below_a_file_is_a_conflict_in_a_folder(tmp_path: Path) -> None:
    kept = local.LocalFileStore(tmp_path, "/files", b"s" * 32)
    await kept.put("a", b"x", "text/plain")
    with pytest.raises(ConflictError, match="beginning of the other"):
        await kept.put("a/b", b"x", "text/plain")
    await kept.put("c/d", b"x", "text/plain")
    with pytest.raises(ConflictError, match="beginning of the other"):
        await kept.put("c", b"x", "text/plain")


async def test_another_secret_opens_nothing(tmp_path: Path) -> None:
    await local.LocalFileStore(tmp_path, "/f", b"s" * 32).put(KEY, CONTENT, "application/pdf")
    url = local.LocalFileStore(tmp_path, "/f", b"t" * 32).signed_url(
        KEY, filename="a.pdf", expires_in_s=60, now=NOW
    )
    assert (await LocalBench(tmp_path).download(url.replace("/f/", "/files/"))).status_code == 403


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        local.LocalFileStore(tmp_path, "/files", b"short")


async def test_an_address_signed_before_the_key_was_changed_opens_until_it_expires(tmp_path: Path) -> None:
    former, present, other = (name * 32 for name in (b"f", b"p", b"o"))
    before = local.LocalFileStore(tmp_path, "https://network.example/files", former)
    await before.put(KEY, CONTENT, "application/pdf")
    url = before.signed_url(KEY, filename="a.pdf", expires_in_s=60, now=NOW)
    bench = LocalBench(tmp_path)

    async def status(store: local.LocalFileStore, later_s: int = 0) -> int:
        bench.local = store
        return (await bench.download(url, later_s=later_s)).status_code

    after = local.LocalFileStore(tmp_path, "https://network.example/files", present, [other, former])
    assert (await status(after), await status(after, 61)) == (200, 403)
    assert await status(local.LocalFileStore(tmp_path, "https://network.example/files", present)) == 403
    signed = after.signed_url(KEY, filename="a.pdf", expires_in_s=60, now=NOW)
    assert signed != url


async def test_a_store_with_the_wrong_secret_key_refuses_our_writes() -> None:
    with s3_responder.running() as server:
        stranger = s3.S3FileStore(
            s3_responder.BUCKET,
            endpoint_url=server.url,
            region=s3_responder.REGION,
            access_key=s3_responder.ACCESS_KEY,
            secret_key="not the key",
        )
        with pytest.raises(s3.ClientError, match="SignatureDoesNotMatch"):
            await stranger.put(KEY, CONTENT, "application/pdf")
        assert server.objects == {}


async def test_s3_refuses_a_write_that_nobody_signed() -> None:
    with s3_responder.running() as server:
        async with httpx.AsyncClient(trust_env=False) as stranger:
            answer = await stranger.put(f"{server.url}/{s3_responder.BUCKET}/{KEY}", content=b"forged")
    assert (answer.status_code, server.objects) == (403, {})


async def test_s3_refuses_content_that_was_damaged_on_its_way() -> None:
    def damage(request: AWSPreparedRequest, **_: object) -> None:
        request.body = b"damaged"
        request.headers["Content-Length"] = "7"

    with s3_responder.running() as server:
        kept = S3Bench(server).store
        assert isinstance(kept, s3.S3FileStore)
        wire = kept._client.meta.events  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - stands for the network
        wire.register("before-send.s3.PutObject", damage)
        with pytest.raises(s3.ClientError, match="XAmzContentSHA256Mismatch"):
            await kept.put(KEY, CONTENT, "application/pdf")
    assert server.objects == {}


@pytest.mark.parametrize(
    ("bucket", "endpoint", "site"),
    [
        ("pictures", None, "https://pictures.s3.amazonaws.com"),
        ("my.pictures", None, "https://s3.amazonaws.com"),
        ("pictures", "https://minio.example:9000/", "https://minio.example:9000"),
    ],
)
def test_a_store_names_the_site_to_which_its_addresses_lead(
    bucket: str, endpoint: str | None, site: str
) -> None:
    store = s3.S3FileStore(bucket, endpoint_url=endpoint, access_key="a", secret_key="s" * 32)

    assert store.site == site
    assert store.signed_url(KEY, filename="a.png", expires_in_s=60, now=NOW).startswith(f"{site}/")
