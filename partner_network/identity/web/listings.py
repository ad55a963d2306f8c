"""How a list is looked at: what is searched, by what it is sorted, which page, read from the page's address.

Whatever stands in an address is either one of the values that the page offers or its default: a link that
somebody shortened by hand shows the list, and never fails. Addresses begin with `?`, so they keep the page.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Response

from partner_network.kernel import spreadsheets

Row = TypeVar("Row")

SIZES = (25, 50, 100, 200)
SIZE_DEFAULT = 50
SEARCHED_LETTERS_MAX = 200
PAGE_MAX = 1_000_000
CSV_ROWS_MAX = 10_000
_KEPT = ("lang",)
"""What an address may say besides the list itself, and its links keep."""


class Listing(msgspec.Struct, frozen=True):
    """One view of a list; templates turn it into a toolbar, sorted heads and pages."""

    q: str
    sort: str
    descending: bool
    page: int
    size: int
    filters: Mapping[str, str]
    """What each filter is set to; empty is any."""
    default: str
    """The order where the address says none: `name`, or `-name` for the largest first."""
    default_size: int = SIZE_DEFAULT
    wants_csv: bool = False
    total: int | None = None
    """How many rows there are in all, once somebody has counted them."""
    kept: Mapping[str, str] = {}

    @classmethod
    def read(
        cls,
        query: Mapping[str, str],
        columns: Collection[str],
        default: str,
        *,
        filters: Mapping[str, Collection[str]] | None = None,
        size: int = SIZE_DEFAULT,
    ) -> Self:
        """Read an address's query; what it says beyond the columns and values offered is left unheard."""
        asked = query.get("sort", "")
        order = asked if asked.removeprefix("-") in columns else default
        asked_size = _whole(query.get("size", ""))
        return cls(
            q=" ".join(query.get("q", "").replace("\0", " ").split())[:SEARCHED_LETTERS_MAX],
            sort=order.removeprefix("-"),
            descending=order.startswith("-"),
            page=min(max(_whole(query.get("page", "")), 1), PAGE_MAX),
            size=asked_size if asked_size in SIZES else size,
            filters={
                name: query[name] if query.get(name) in values else ""
                for name, values in (filters or {}).items()
            },
            default=default,
            default_size=size,
            wants_csv=query.get("format") == "csv",
            kept={name: query[name] for name in _KEPT if query.get(name)},
        )

    @property
    def order(self) -> str:
        """The order as an address says it."""
        return f"-{self.sort}" if self.descending else self.sort

    @property
    def offset(self) -> int:
        """How many rows stand before those of this page; a file begins with the first."""
        return 0 if self.wants_csv else (self.page - 1) * self.size

    @property
    def limit(self) -> int:
        """How many rows are shown at most."""
        return CSV_ROWS_MAX if self.wants_csv else self.size

    @property
    def pages(self) -> int:
        """How many pages there are, the one of an empty list counted too."""
        return max(-(-(self.total or 0) // self.size), 1)

    @property
    def first(self) -> int:
        """The number of the first row on this page, from 1."""
        return self.offset + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The number of the last row on this page."""
        return min(self.offset + self.limit, self.total or 0)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.q) or any(self.filters.values())

    @property
    def words(self) -> Sequence[str]:
        """The words that every row found must hold, without regard to large and small letters."""
        return self.q.casefold().split()

    @property
    def hidden(self) -> Sequence[tuple[str, str]]:
        """What a form of search and filters carries along, so that the order stays; it begins at page 1."""
        chosen = self._said()
        left = {"q", "page", *self.filters}
        return [(name, value) for name, value in chosen.items() if value and name not in left]

    @property
    def whole_href(self) -> str:
        """The same list with nothing left out."""
        return self.href(q="", page="", **dict.fromkeys(self.filters, ""))

    @property
    def csv_href(self) -> str:
        """All rows found, as a file for spreadsheets."""
        return self.href(page="", format="csv")

    def counted(self, total: int) -> Self:
        """Return the view once its rows are counted; a page beyond the last becomes the last."""
        counted = msgspec.structs.replace(self, total=total)
        return msgspec.structs.replace(counted, page=min(self.page, counted.pages))

    def chosen(self, name: str) -> str:
        """Return what a filter is set to, or nothing."""
        return self.filters.get(name, "")

    def href(self, **changes: str | int) -> str:
        """Return the address of this view with some of it changed; an empty change takes a part away."""
        said = {**self._said(), **{name: str(value) for name, value in changes.items()}}
        return "?" + urlencode({name: value for name, value in said.items() if value})

    def sorted_href(self, key: str, *, largest_first: bool = False) -> str:
        """Return the address of this list sorted by a column, the other way round if it is already."""
        descending = not self.descending if key == self.sort else largest_first
        order = f"-{key}" if descending else key
        return self.href(sort="" if order == self.default else order, page="")

    def page_href(self, page: int) -> str:
        """Return the address of another page of this list."""
        return self.href(page=page if page > 1 else "")

    def order_by(self, expressions: Mapping[str, str], *, tie: str) -> str:
        """Return what follows ORDER BY: our expression of the column, and a unique one for equal rows."""
        direction = "DESC" if self.descending else "ASC"
        return f"{expressions[self.sort]} {direction} NULLS LAST, {tie} {direction}"

    @property
    def like(self) -> str:
        """The search as a pattern for `ILIKE $n`; what a pattern could mean by its signs is taken as text."""
        escaped = self.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"

    def cut(
        self,
        rows: Iterable[Row],
        *,
        by: Mapping[str, Callable[[Row], Any]],
        text: Callable[[Row], str] | None = None,
        values: Mapping[str, Callable[[Row], str]] | None = None,
    ) -> tuple[Self, Sequence[Row]]:
        """Search, filter, sort and page rows that are all at hand; long lists leave that to the database.

        ``text`` is what of a row is searched, ``values`` what a filter compares, ``by`` what a column sorts.
        """
        found = [row for row in rows if self._holds(row, text, values or {})]
        key = by[self.sort]
        known = [row for row in found if key(row) is not None]
        ordered = sorted(known, key=key, reverse=self.descending)
        ordered += [row for row in found if key(row) is None]  # last, whichever way the others go
        view = self.counted(len(ordered))
        return view, ordered[view.offset : view.offset + view.limit]

    def _holds(
        self, row: Row, text: Callable[[Row], str] | None, values: Mapping[str, Callable[[Row], str]]
    ) -> bool:
        if any(
            wanted and name in values and values[name](row) != wanted for name, wanted in self.filters.items()
        ):
            return False
        if text is None or not self.q:
            return True
        held = text(row).casefold()
        return all(word in held for word in self.words)

    def _said(self) -> dict[str, str]:
        """Return the parts of the address that say more than the defaults do."""
        return {
            **self.kept,
            "q": self.q,
            **self.filters,
            "sort": "" if self.order == self.default else self.order,
            "size": "" if self.size == self.default_size else str(self.size),
            "page": "" if self.page == 1 else str(self.page),
        }


def csv_answer(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | int]],
    *,
    numbers: AbstractSet[int] = frozenset(),
) -> Response[bytes]:
    """Answer with rows as a file for spreadsheets, in which no text runs as a formula."""
    # The mark at the beginning tells spreadsheets that the letters are UTF-8.
    content = "\ufeff" + spreadsheets.csv_of(columns, rows, numbers=numbers)
    return Response(
        content.encode(),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX)) else 0
