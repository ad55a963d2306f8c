"""JSON lines of which each is hashed with the one before it, so that a change is found in its row."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Raw, Struct

FIRST = "0" * 64
"""What the first line follows."""


class Line(Struct, frozen=True):
    """One row with its number and the hash of what it says and of the line before it."""

    n: int
    hash: str
    row: Raw


class Sealed(Struct, frozen=True):
    """A file as the manifest names it: how many rows, the hash of the last line, the SHA-256 of the file."""

    rows: int
    last: str
    sha256: str


class Writer:
    """Writes rows one by one, and keeps nothing of them but the hashes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._whole = hashlib.sha256()
        self._last = FIRST
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: object) -> None:
        """Add a row."""
        said = msgspec.json.encode(row)
        self.rows += 1
        self._last = follows(self._last, said)
        line = msgspec.json.encode(Line(self.rows, self._last, Raw(said))) + b"\n"
        self._whole.update(line)
        self._file.write(line)

    @property
    def sealed(self) -> Sealed:
        """What is to be remembered of the file."""
        return Sealed(self.rows, self._last, self._whole.hexdigest())


def follows(last: str, said: bytes) -> str:
    """Return the hash of a row after the line before it."""
    return hashlib.sha256(last.encode() + said).hexdigest()


class DamagedError(Exception):
    """A line is not the one that was written."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(f"row {row}: {why}")


def rows_of(path: Path, sealed: Sealed) -> Iterator[tuple[int, bytes]]:
    """Yield every row of a file with its number, as long as each follows the one before it.

    Errors: DamagedError at the first row that was changed, added or taken away.
    """
    last, n, whole = FIRST, 0, hashlib.sha256()
    with path.open("rb") as file:
        for n, text in enumerate(file, start=1):
            whole.update(text)
            line = _line(n, text)
            if line.n != n:
                raise DamagedError(n, f"it says that it is row {line.n}: one was added or taken away")
            last = follows(last, bytes(line.row))
            if last != line.hash:
                raise DamagedError(n, "its hash is not that of what it says after the row before it")
            yield n, bytes(line.row)
    if (n, last) != (sealed.rows, sealed.last):
        raise DamagedError(n + 1, f"the file ends after {n:,} rows; the manifest counts {sealed.rows:,}")
    if whole.hexdigest() != sealed.sha256:
        raise DamagedError(n, "the file is not the one that the manifest names, to the byte")


def _line(n: int, text: bytes) -> Line:
    try:
        return msgspec.json.decode(text, type=Line)
    except msgspec.DecodeError as unreadable:
        raise DamagedError(n, f"it cannot be read: {unreadable}") from None
