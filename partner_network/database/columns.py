"""Columns of PostgreSQL that Piccolo has no class for; they are only ever read."""

from typing import Any

from piccolo.columns import Column
from piccolo.querystring import QueryString


class Xid8(Column):
    """The number of the transaction that wrote a row."""

    value_type = int


class TstzRange(Column):
    """A half-open range of instants, read as PostgreSQL writes it."""

    value_type = str

    def get_select_string(self, engine_type: str, with_alias: bool = True) -> QueryString:
        """Return the expression that reads the range as text."""
        del engine_type
        return as_text(self, "{}::text", with_alias=with_alias)


def as_text(column: Column, expression: str, *, with_alias: bool) -> QueryString:
    """Return a column's SQL wrapped in an expression, under the column's own name."""
    meta: Any = column._meta  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - Piccolo's only door
    wrapped = expression.format(meta.get_full_name(with_alias=False))
    return QueryString(f'{wrapped} AS "{meta.get_default_alias()}"' if with_alias else wrapped)
