"""The file of a backup: a plain tar of the database's dump, the files, and a manifest that vouches for both.

It is written in one pass, however large: a part's header is filled in once its size is known.
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Protocol, Self

import msgspec

from partner_network.kernel.errors import InvalidError

FORMAT = 1
DUMP, MANIFEST, FILES = "database.dump", "manifest.json", "files/"
MANIFEST_BYTES_MAX = 10_000_000
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds, and what it was taken from."""

    format: int
    product_version: str
    taken_at: datetime
    migration: str
    server_version: int
    dumped_by: int
    """The major version of the pg_dump that wrote the dump."""
    owner: str
    """The role that owned the tables; policies name it."""
    rows: dict[str, int]
    unlogged: list[str]
    """Tables whose rows are kept out of every backup on purpose."""
    dump_sha256: str
    files_sha256: str
    file_count: int
    files_are_elsewhere: bool
    audit_head: str | None
    """The hash of the last seal of the audit trail."""


class Readable(Protocol):
    """What gives bytes, piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""
        ...


class Digest:
    """The hash over many files: over the name, the size and the content of each, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def begin(self, name: str, size: int) -> None:
        """Begin the next file."""
        self._hash.update(f"{len(name.encode())}:{name}:{size}:".encode())
        self.count += 1

    def update(self, content: bytes) -> None:
        """Go on with the content of the file."""
        self._hash.update(content)

    def hexdigest(self) -> str:
        """Return the hash of all files so far."""
        return self._hash.hexdigest()


class Writer:
    """Writes a backup beside its place and puts it there whole, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                self._file.write(bytes(2 * _BLOCK))  # a tar ends with two empty blocks
                self._file.flush()
                os.fsync(self._file.fileno())
        if kind is None:
            self._partial.rename(self._path)
            _sync(self._path.parent)
        else:
            self._partial.unlink()

    def add(self, name: str, content: Readable, at: datetime, also: Callable[[bytes], None]) -> int:
        """Add a part of a size that nobody knows yet; return that size."""
        start, size = self._file.tell(), 0
        self._file.write(_header(name, 0, at))  # as long as the one that knows the size
        while piece := content.read(_CHUNK):
            self._file.write(piece)
            also(piece)
            size += len(piece)
        self._file.write(bytes(-size % _BLOCK))
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(_header(name, size, at))
        self._file.seek(end)
        return size


def _header(name: str, size: int, at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    return info.tobuf(tarfile.GNU_FORMAT)


class Opened:
    """A backup that proved whole: its manifest, its dump, its files."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    def dump(self) -> IO[bytes]:
        """Open the dump of the database."""
        return _content(self._tar, self._tar.getmember(DUMP))

    def files(self) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        """Yield each file with its place below the folder of files."""
        for member in self._tar.getmembers():
            if member.name.startswith(FILES):
                yield _place(member), _content(self._tar, member)


@contextmanager
def opened(path: Path) -> Generator[Opened]:
    """Open a backup and hold it against its manifest. Errors: InvalidError when damaged, or no backup."""
    try:
        with tarfile.open(path, "r:") as tar:
            manifest = _must_be_whole(tar, path)
            yield Opened(tar, manifest)
    except (tarfile.TarError, EOFError) as error:
        raise InvalidError(f"{path} is no backup, or only a part of one: {error}.") from None


def _must_be_whole(tar: tarfile.TarFile, path: Path) -> Manifest:
    dump, files, manifest = hashlib.sha256(), Digest(), None
    for member in tar:
        if not member.isreg():
            raise InvalidError(f"{path} holds {member.name!r}, which is no plain file; use another backup.")
        if member.name == MANIFEST and member.size <= MANIFEST_BYTES_MAX:
            manifest = _manifest(_content(tar, member).read(), path)
        elif member.name == DUMP:
            _walk(_content(tar, member), dump.update)
        elif member.name.startswith(FILES):
            _place(member)
            files.begin(member.name, member.size)
            _walk(_content(tar, member), files.update)
        else:
            raise InvalidError(f"{path} holds {member.name!r}, which no backup of ours does.")
    if manifest is None:
        raise InvalidError(f"{path} ends before its manifest: it was cut off. Use another backup.")
    same = (manifest.dump_sha256, manifest.files_sha256, manifest.file_count)
    if (dump.hexdigest(), files.hexdigest(), files.count) != same:
        raise InvalidError(f"{path} is damaged: its content is not what its manifest says. Use another.")
    return manifest


def _manifest(content: bytes, path: Path) -> Manifest:
    try:
        head: Mapping[str, Any] = msgspec.json.decode(content, type=dict)
        if head.get("format") == FORMAT:
            return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InvalidError(f"{path} has a manifest that cannot be read. Use another backup.") from None
    raise InvalidError(f"{path} has a format that this version does not know; restore with a newer one.")


def _place(member: tarfile.TarInfo) -> PurePosixPath:
    place = PurePosixPath(member.name.removeprefix(FILES))
    if place.is_absolute() or not place.parts or ".." in place.parts:
        raise InvalidError(f"{member.name!r} would lie outside the folder of files; use another backup.")
    return place


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise InvalidError(f"{member.name!r} has no content; use another backup.")
    return content


def _walk(content: IO[bytes], take: Callable[[bytes], None]) -> None:
    while piece := content.read(_CHUNK):
        take(piece)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
