"""A small S3 on loopback that believes nothing: it recomputes every signature from AWS's published rules.

It shares no code with botocore, checks the body against the signed hash, the age of a request, and the
expiry of a presigned address by a clock that a test can move.
"""

import hashlib
import hmac
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "eu-central-1"
BUCKET = "assets"
_SKEW = timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%SZ"


class RefusedError(Exception):
    """A request that a real store would answer with this code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class S3Responder(ThreadingHTTPServer):
    """Keeps objects of one bucket in memory; `clock_ahead` moves the clock it checks expiry by."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.clock_ahead = timedelta()
        self.refusals: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_ahead


@contextmanager
def running() -> Generator[S3Responder]:
    server = S3Responder()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: S3Responder  # pyright: ignore[reportIncompatibleVariableOverride] - made by no other server
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            query = must_be_signed(self, body)
            self._act(self._key(), body, query)
        except RefusedError as refused:
            self.server.refusals.append(refused.code)
            xml = f"<?xml version='1.0'?><Error><Code>{refused.code}</Code></Error>".encode()
            self._send(refused.status, xml, {"Content-Type": "application/xml"})

    def _key(self) -> str:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        if bucket != BUCKET:
            raise RefusedError(404, "NoSuchBucket")
        return key

    def _act(self, key: str, body: bytes, query: Mapping[str, str]) -> None:
        if self.command == "PUT":
            self.server.objects[key] = (body, self.headers["Content-Type"])
            self._send(200, b"", {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
            return
        if self.command == "DELETE":
            self.server.objects.pop(key, None)
            self._send(204, b"", {})
            return
        if key not in self.server.objects:
            raise RefusedError(404, "NoSuchKey")
        content, content_type = self.server.objects[key]
        headers = {"Content-Type": content_type}
        if disposition := query.get("response-content-disposition"):
            headers["Content-Disposition"] = disposition
        self._send(200, content, headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def must_be_signed(request: _Handler, body: bytes) -> dict[str, str]:
    """Return the query of a request whose signature, hash and age hold; else refuse as S3 does."""
    parts = urlsplit(request.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = dict(pairs)
    if "X-Amz-Signature" in query:
        given = {name.removeprefix("X-Amz-"): value for name, value in pairs if name.startswith("X-Amz-")}
        payload_hash = "UNSIGNED-PAYLOAD"
        _must_be_unexpired(given, request.server.now())
        if request.command not in {"GET", "HEAD"}:
            raise RefusedError(403, "AccessDenied")
    else:
        given = _header_fields(request.headers.get("Authorization", ""))
        given["Date"] = request.headers.get("X-Amz-Date", "")
        payload_hash = request.headers.get("X-Amz-Content-Sha256", "")
        if payload_hash != hashlib.sha256(body).hexdigest():
            raise RefusedError(400, "XAmzContentSHA256Mismatch")
        if abs(_instant(given["Date"]) - request.server.now()) > _SKEW:
            raise RefusedError(403, "RequestTimeTooSkewed")
    signed = given["SignedHeaders"].split(";")
    if "host" not in signed:
        raise RefusedError(403, "AccessDenied")
    canonical = "\n".join(
        [
            request.command,
            parts.path,
            "&".join(
                sorted(f"{_quoted(k)}={_quoted(v)}" for k, v in pairs if k != "X-Amz-Signature"),
            ),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signed),
            "",
            given["SignedHeaders"],
            payload_hash,
        ]
    )
    if not hmac.compare_digest(_signature(canonical, given), given["Signature"]):
        raise RefusedError(403, "SignatureDoesNotMatch")
    return query


def _must_be_unexpired(given: Mapping[str, str], now: datetime) -> None:
    signed_at = _instant(given["Date"])
    if now >= signed_at + timedelta(seconds=int(given["Expires"])) or signed_at > now + _SKEW:
        raise RefusedError(403, "AccessDenied")


def _header_fields(authorization: str) -> dict[str, str]:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != "AWS4-HMAC-SHA256":
        raise RefusedError(403, "AccessDenied")
    return dict(field.strip().split("=", 1) for field in rest.split(","))


def _signature(canonical: str, given: Mapping[str, str]) -> str:
    access_key, day, region, service, end = given["Credential"].split("/")
    if (access_key, region, service, end) != (ACCESS_KEY, REGION, "s3", "aws4_request"):
        raise RefusedError(403, "InvalidAccessKeyId")
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            given["Date"],
            f"{day}/{region}/s3/aws4_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _instant(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError(403, "AccessDenied") from None


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
