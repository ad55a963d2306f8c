"""How rows by the million are kept small: alike values once, long files left where they are."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from partner_network.dashboards.exporting import chained
from partner_network.dashboards.exporting.chained import DamagedError, Sealed

Row = TypeVar("Row", bound=Struct)
_FEW = 4_096
"""As many values of one column are shared; a column that has more is left as it is."""
_HALF = 64
_LOW = (1 << _HALF) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Shared:
    """Lets the rows of one file hold what many of them say, such as brands and clauses, once for all."""

    def __init__(self, kind: type[Struct]) -> None:
        self._seen: dict[str, dict[Any, Any]] = {name: {} for name in kind.__struct_fields__}

    def share(self, row: Struct) -> None:
        """Put the first value that was equal in place of each; it is the same for whoever reads the row."""
        are_many: list[str] = []
        for name, seen in self._seen.items():
            value = getattr(row, name)
            known = seen.setdefault(value, value)
            if known is not value:
                force_setattr(row, name, known)
            elif len(seen) > _FEW:
                are_many.append(name)
        for name in are_many:
            del self._seen[name]


class InFile(Generic[Row]):
    """Rows that stay in their file, and are read from it whenever somebody goes through them."""

    def __init__(self, path: Path, kind: type[Row], sealed: Sealed | None) -> None:
        self._path = path
        self._kind = kind
        self._sealed = sealed

    def __len__(self) -> int:
        return 0 if self._sealed is None else self._sealed.rows

    def __iter__(self) -> Iterator[Row]:
        """Yield every row. Errors: DamagedError at the first that is not as it was written."""
        if self._sealed is None or not self._path.exists():
            raise DamagedError(1, "the file is missing")
        decoder = msgspec.json.Decoder(self._kind)
        for n, said in chained.rows_of(self._path, self._sealed):
            try:
                yield decoder.decode(said)
            except msgspec.DecodeError as unreadable:
                raise DamagedError(n, f"it is no row of this file: {unreadable}") from None


class Instants:
    """When clicks were, by their ids: 24 bytes for each, since an order has many and a campaign millions."""

    def __init__(self, found: Iterable[tuple[UUID, datetime]]) -> None:
        """Keep what comes in the order of ids. Errors: ValueError where it does not."""
        self._high, self._low, self._at = array("Q"), array("Q"), array("q")
        last = -1
        for id_, at in found:
            if id_.int <= last:
                raise ValueError(f"click {id_} out of its place in clicks.jsonl")
            last = id_.int
            self._high.append(last >> _HALF)
            self._low.append(last & _LOW)
            self._at.append((at - _EPOCH) // _MICROSECOND)

    def get(self, id_: UUID) -> datetime | None:
        """Return when one was, None where it is not there."""
        high, low = id_.int >> _HALF, id_.int & _LOW
        n = bisect_left(self._high, high)
        while n < len(self._at) and self._high[n] == high:
            if self._low[n] == low:
                return _EPOCH + self._at[n] * _MICROSECOND
            n += 1
        return None
