"""What every file store promises, and the keys and file names that all of them accept."""

import hashlib
import re
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

CONTENT_BYTES_MAX = 100_000_000
EXPIRES_IN_S_MAX = 7 * 86_400  # what S3 allows
FILENAME_CHARACTERS_MAX = 150
KEY_CHARACTERS_MAX = 500

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*(?:; ?charset=[a-z0-9-]+)?")
_NOT_IN_FILENAMES = re.compile(r'[\x00-\x1f\x7f-\x9f/\\"\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


class Stored(msgspec.Struct, frozen=True):
    """What was written: its key, the SHA-256 of its content and its size in bytes."""

    key: str
    sha256: str
    size: int


class FileStore(Protocol):
    """Keeps whole files by key; a second `put` under one key replaces the first, never half of it."""

    async def put(self, key: str, content: bytes, content_type: str) -> Stored:
        """Keep the content under a key, durably before the answer; name keys by content to never replace."""
        ...

    async def get(self, key: str) -> bytes:
        """Return the content. Errors: NotFoundError."""
        ...

    async def exists(self, key: str) -> bool:
        """Tell whether something is kept under the key."""
        ...

    async def delete(self, key: str) -> None:
        """Keep the content no longer; a key under which nothing is kept is no error."""
        ...

    def signed_url(self, key: str, *, filename: str, expires_in_s: int, now: datetime) -> str:
        """Return an address that downloads the file under that name until it expires."""
        ...


def must_be_key(key: str) -> None:
    """Refuse keys that a file system or an address could read as something else."""
    if len(key) > KEY_CHARACTERS_MAX or not _KEY.fullmatch(key):
        raise InvalidError(
            Sentence(
                "{key!r} is no file key: use letters, digits, '.', '_' and '-' in parts joined by '/', "
                "no part starting with '.', at most {most} characters.",
                key=key[:80],
                most=KEY_CHARACTERS_MAX,
            )
        )


def must_be_filename(filename: str) -> None:
    """Refuse file names that could leave the download folder or pass for another type."""
    if not 0 < len(filename) <= FILENAME_CHARACTERS_MAX or _NOT_IN_FILENAMES.search(filename):
        raise InvalidError(
            Sentence(
                "{name!r} cannot name a download: use 1 to {most} characters without slashes, quotes or "
                "control characters.",
                name=filename[:80],
                most=FILENAME_CHARACTERS_MAX,
            )
        )


def must_expire(expires_in_s: int) -> None:
    """Refuse addresses that last for ever."""
    if not 1 <= expires_in_s <= EXPIRES_IN_S_MAX:
        raise InvalidError(
            Sentence(
                "A signed address lasts 1 to {most} seconds, not {given}.",
                most=EXPIRES_IN_S_MAX,
                given=expires_in_s,
            )
        )


def stored(key: str, content: bytes, content_type: str) -> Stored:
    """Return the record of a write, after its key, type and size were found acceptable."""
    must_be_key(key)
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise InvalidError(
            Sentence("{kind!r} is no content type; write it like application/pdf.", kind=content_type[:80])
        )
    if len(content) > CONTENT_BYTES_MAX:
        raise InvalidError(
            Sentence(
                "The file has {size:,} bytes; at most {most:,} are kept.",
                size=len(content),
                most=CONTENT_BYTES_MAX,
            )
        )
    return Stored(key, hashlib.sha256(content).hexdigest(), len(content))


def content_disposition(filename: str) -> str:
    """Return the header value that makes a browser save the file under that name, never show it."""
    must_be_filename(filename)
    plain = filename.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
