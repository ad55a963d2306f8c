"""Files in a folder, handed out by addresses that we sign and check ourselves."""

import asyncio
import contextlib
import hashlib
import hmac
import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode

import msgspec

from partner_network.gateways.file_store import store
from partner_network.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from partner_network.kernel.sentences import Sentence

SECRET_BYTES_MIN = 32


class Opened(msgspec.Struct, frozen=True):
    """A file behind a signed address, with the headers it is to be served with."""

    content: bytes
    content_type: str
    content_disposition: str


class LocalFileStore:
    """The zero-setup store: `folder/files/KEY` holds the content, `folder/types/KEY` its content type."""

    def __init__(
        self, folder: Path, base_url: str, secret: bytes, former_secrets: Sequence[bytes] = ()
    ) -> None:
        """Sign addresses under ``secret``; those signed under a former one open until they expire."""
        if len(secret) < SECRET_BYTES_MIN:
            raise ValueError(f"the secret of a file store has at least {SECRET_BYTES_MIN} bytes")
        self._files = folder.resolve() / "files"
        self._types = folder.resolve() / "types"
        self._base_url = base_url.rstrip("/")
        self._secrets = (secret, *former_secrets)

    async def put(self, key: str, content: bytes, content_type: str) -> store.Stored:
        """Keep the content under a key; after the answer it survives a power cut."""
        record = store.stored(key, content, content_type)
        await asyncio.to_thread(self._write, key, content, content_type)
        return record

    async def get(self, key: str) -> bytes:
        """Return the content. Errors: NotFoundError."""
        store.must_be_key(key)
        return await asyncio.to_thread(_read, self._files / key, key)

    async def exists(self, key: str) -> bool:
        """Tell whether something is kept under the key."""
        store.must_be_key(key)
        return await asyncio.to_thread((self._files / key).is_file)

    async def delete(self, key: str) -> None:
        """Keep the content no longer; a key under which nothing is kept is no error."""
        store.must_be_key(key)
        for kept in (self._files / key, self._types / key):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                await asyncio.to_thread(kept.unlink)

    def signed_url(self, key: str, *, filename: str, expires_in_s: int, now: datetime) -> str:
        """Return an address below `base_url` that `open_signed` honours until it expires."""
        store.must_be_key(key)
        store.must_be_filename(filename)
        store.must_expire(expires_in_s)
        expires = int(now.timestamp()) + expires_in_s
        query = {
            "filename": filename,
            "expires": expires,
            "signature": _signature(self._secrets[0], key, filename, expires),
        }
        return f"{self._base_url}/{quote(key)}?{urlencode(query)}"

    async def open_signed(
        self, key: str, *, filename: str, expires: int, signature: str, now: datetime
    ) -> Opened:
        """Return the file behind a signed address. Errors: ForbiddenError, NotFoundError."""
        given = signature.encode("utf-8", "replace")
        expected = [_signature(secret, key, filename, expires).encode() for secret in self._secrets]
        # The signature first, in constant time: only what we signed is parsed any further.
        if not any(hmac.compare_digest(one, given) for one in expected):
            raise ForbiddenError("This download link is not valid; open the page with the file again.")
        if now.timestamp() >= expires:
            raise ForbiddenError("This download link has expired; open the page with the file again.")
        content = await self.get(key)
        content_type = await asyncio.to_thread(_read, self._types / key, key)
        return Opened(content, content_type.decode(), store.content_disposition(filename))

    def _write(self, key: str, content: bytes, content_type: str) -> None:
        try:
            # The type first: whoever finds the file also finds its type.
            _replace(self._types / key, content_type.encode())
            _replace(self._files / key, content)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            raise ConflictError(
                Sentence(
                    "A folder cannot hold {key!r} beside a file whose key is the beginning of the other; "
                    "choose another key.",
                    key=key,
                )
            ) from None


def _signature(secret: bytes, key: str, filename: str, expires: int) -> str:
    # JSON keeps the three apart whatever they contain.
    message = msgspec.json.encode(["file-1", key, filename, expires])
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFoundError(Sentence("There is no file {key!r}.", key=key)) from None


def _replace(path: Path, content: bytes) -> None:
    """Put a file in place whole: a crash leaves the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A leading dot cannot occur in a key, so no reader ever asks for the file under construction.
    handle, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name itself must survive too
    finally:
        os.close(folder)
