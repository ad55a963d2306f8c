"""Keep clicks on this machine's disk while the database does not answer.

One line of JSON a click. A file belongs to whoever holds its flock: its writer as long as that process
lives and writes, then any process that ships it. So a file nobody holds is either finished or orphaned,
and both are treated alike.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import msgspec

from partner_network.clicks.rules import Click

_SUFFIX = ".clicks"
_REFUSED_SUFFIX = ".refused"


class Spool:
    """The folder of one installation's waiting clicks, shared by its processes. Calls block on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: int | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Make the folder, so that a process without a place to spool refuses to start."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def append(self, clicks: Sequence[Click]) -> None:
        """Write clicks and return once they are on the disk; OSError when they are not."""
        lines = b"".join(msgspec.json.encode(click) + b"\n" for click in clicks)
        with self._lock:
            if self._open is None:
                self._open = self._new_file()
            try:
                _write(self._open, lines)
            except OSError:
                self._close()  # its last line may be torn; the next clicks begin a new file
                raise

    def finish(self) -> None:
        """Let go of the file being written, so that it can be shipped."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def _new_file(self) -> int:
        making = self._folder / f"{uuid4().hex}.making"
        descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # It gets its name under the lock, or a shipper could remove it before the first line.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            making.rename(making.with_suffix(_SUFFIX))
            _sync_folder(self._folder)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def waiting(self) -> list[Path]:
        """Return all files that hold clicks, those in other hands too."""
        return sorted(self._folder.glob("*" + _SUFFIX))

    @contextlib.contextmanager
    def adopt(self, path: Path) -> Generator[BinaryIO | None]:
        """Hold a file alone and read it; none when it is another process's, or gone."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            # Another process may have shipped and removed it between our open() and our flock().
            yield file if os.fstat(file.fileno()).st_nlink else None

    def refuse(self, path: Path, lines: Sequence[bytes]) -> None:
        """Put aside what the database will never take, for a person to look at."""
        descriptor = os.open(
            path.with_suffix(_REFUSED_SUFFIX), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        try:
            _write(descriptor, b"".join(lines))
            _sync_folder(self._folder)
        finally:
            os.close(descriptor)


def _write(descriptor: int, lines: bytes) -> None:
    rest = memoryview(lines)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fdatasync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
