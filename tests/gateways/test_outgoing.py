import asyncio
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from partner_network.gateways import outgoing
from partner_network.gateways.outgoing import Reach, UnreachableError, Wish
from partner_network.kernel.errors import InvalidError

HERE = Reach(loopback=True, bytes_max=10_000, time_s_max=5)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-said: yes\r\n\r\nhello"

Answer = Callable[[str], bytes]


class Server:
    """A web server on loopback that answers each request head with given bytes."""

    def __init__(self, answer: Answer, *, hangs: bool = False) -> None:
        self.heads: list[str] = []
        self.port = 0
        self._answer = answer
        self._hangs = hangs

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            writer.write(self._answer(head))
            await writer.drain()
            if self._hangs:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    answer: Answer = lambda _: OK, *, hangs: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Server]:
    server = Server(answer, hangs=hangs)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


class Names:
    """A resolver that gives the answers it is told, one after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del port
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


def leading_to(location: str) -> Answer:
    return lambda _: f"HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()


async def test_a_good_answer_comes_back_whole() -> None:
    async with serving() as server:
        url = f"http://127.0.0.1:{server.port}/path?x=1#here"
        fetched = await outgoing.fetch(url, Wish(headers={"x-ours": "1"}), reach=HERE)

    assert (fetched.status, fetched.content, fetched.headers["x-said"]) == (200, b"hello", "yes")
    assert fetched.url == url
    assert server.heads[0].startswith("GET /path?x=1 HTTP/1.1\r\n")
    assert "x-ours: 1" in server.heads[0]


async def test_a_message_is_posted_and_its_redirect_is_not_followed() -> None:
    async with serving(leading_to("/elsewhere")) as server:
        wish = Wish(method="POST", content=b"{}")
        fetched = await outgoing.fetch(f"http://127.0.0.1:{server.port}/hook", wish, reach=HERE)

    assert (fetched.status, len(server.heads)) == (302, 1)
    assert "content-length: 2" in server.heads[0].lower()


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_inside_is_not_asked(inside: str) -> None:
    async with serving() as server:
        with pytest.raises(InvalidError, match="not on the internet"):
            await outgoing.fetch("https://shop.example/", resolve=Names([inside]))
        with pytest.raises(InvalidError):
            await outgoing.fetch(f"http://127.0.0.1:{server.port}/")

    assert server.heads == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"])
async def test_an_inside_address_written_out_is_not_asked_either(host: str) -> None:
    with pytest.raises(InvalidError):
        await outgoing.fetch(f"https://{host}/")


async def test_the_connection_goes_to_the_very_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    loop = asyncio.get_running_loop()
    async with serving() as server:
        known = loop.getaddrinfo

        async def only_numbers(host: str, *options: object, **more: object) -> object:
            ipaddress.ip_address(host)  # a name would have been looked up a second time
            return await known(host, *options, **more)  # pyright: ignore[reportArgumentType] - handed on as it came

        monkeypatch.setattr(loop, "getaddrinfo", only_numbers)
        fetched = await outgoing.fetch(f"http://localhost:{server.port}/", reach=HERE, resolve=names)

    assert (fetched.status, names.asked) == (200, ["localhost"])
    assert f"host: localhost:{server.port}" in server.heads[0].lower()


async def test_each_redirect_is_looked_at_anew() -> None:
    async with serving() as inner, serving(leading_to(f"http://shop.example:{inner.port}/")) as outer:
        with pytest.raises(InvalidError, match="not on the internet"):
            await outgoing.fetch(
                f"http://localhost:{outer.port}/", reach=HERE, resolve=Names(["127.0.0.1"], ["192.168.0.1"])
            )

    assert inner.heads == []


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://[::1", "//0x7f.1/"]
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(location: str) -> None:
    async with serving(leading_to(location)) as server:
        with pytest.raises(InvalidError):
            await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)


async def test_a_redirect_is_followed_without_what_was_meant_for_the_first_host() -> None:
    async with serving() as second, serving(leading_to(f"http://127.0.0.1:{second.port}/b")) as first:
        wish = Wish(headers={"authorization": "Bearer secret"})
        fetched = await outgoing.fetch(f"http://127.0.0.1:{first.port}/a", wish, reach=HERE)

    assert fetched.url == f"http://127.0.0.1:{second.port}/b"
    assert "secret" in first.heads[0]
    assert "secret" not in second.heads[0]


async def test_redirects_in_a_circle_end() -> None:
    async with serving(leading_to("/again")) as server:
        with pytest.raises(UnreachableError, match="more than 3 times"):
            await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)

    assert len(server.heads) == 4


@pytest.mark.parametrize("head", ["content-length: 20000\r\n", ""], ids=["announced", "unannounced"])
async def test_a_huge_answer_is_not_read_to_its_end(head: str) -> None:
    async with serving(lambda _: f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + b"x" * 20_000) as server:
        with pytest.raises(UnreachableError, match="more than 10,000 bytes"):
            await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async with serving(lambda _: OK.replace(b"x-said: yes", b"content-encoding: gzip")) as server:
        with pytest.raises(UnreachableError, match="compressed"):
            await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)

    assert "accept-encoding: identity" in server.heads[0].lower()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nslow"])
async def test_a_slow_answer_is_not_waited_for(said: bytes) -> None:
    async with serving(lambda _: said, hangs=True) as server:
        with pytest.raises(UnreachableError, match=r"within 0\.2 seconds"):
            await outgoing.fetch(
                f"http://127.0.0.1:{server.port}/", reach=Reach(loopback=True, time_s_max=0.2)
            )


async def test_a_server_that_speaks_something_else_or_nothing_is_told_plainly() -> None:
    async with serving(lambda _: b"220 mail ready\r\n") as server:
        with pytest.raises(UnreachableError, match="as a web server does"):
            await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)
    with pytest.raises(UnreachableError):
        await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)


async def test_no_proxy_of_the_environment_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server, serving() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        await outgoing.fetch(f"http://127.0.0.1:{server.port}/", reach=HERE)

    assert (len(server.heads), proxy.heads) == (1, [])


def certificates(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a name: what the server shows, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(private + certificate)
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(folder / "both.pem")
    return shows, ssl.create_default_context(cadata=certificate.decode())


async def test_the_certificate_must_be_the_names_though_the_connection_goes_to_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows, trusts = certificates(tmp_path, "shop.example")
    monkeypatch.setattr(outgoing, "_certificates", lambda: trusts)
    here = Names(["127.0.0.1"])
    async with serving(tls=shows) as server:
        fetched = await outgoing.fetch(f"https://shop.example:{server.port}/", reach=HERE, resolve=here)
        with pytest.raises(UnreachableError):
            await outgoing.fetch(f"https://other.example:{server.port}/", reach=HERE, resolve=here)

    assert fetched.content == b"hello"
    assert len(server.heads) == 1
