"""Ids and cursors as they stand in addresses and answers."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from litestar.params import FromQuery, QueryParameter

from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence

T = TypeVar("T")
R = TypeVar("R")

After: TypeAlias = FromQuery[str | None]
"""The `next` of the page before; left out: the first page."""
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=200)]
LIMIT = 50


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some of a list in the order of its ids, and where to go on: the next page comes `?after=<next>`."""

    items: list[T]
    next: str | None


def in_path(prefix: ids.Prefix, text: str) -> UUID:
    """Read an id from an address; what is no id names nothing that is there."""
    try:
        return ids.parse(prefix, text)
    except InvalidError:
        raise NotFoundError(
            Sentence("There is no {noun} {text!r} for you.", noun=ids.NOUN_OF[prefix], text=text[:40])
        ) from None


def plain_uuid(text: str) -> UUID:
    """Read an id that nobody outside its brand ever sees, from an address."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("There is nothing by that id for you.") from None


def in_body(prefix: ids.Prefix, text: str, *, field: str) -> UUID:
    """Read an id from a body, naming the field at fault."""
    try:
        return ids.parse(prefix, text)
    except InvalidError as error:
        why = Sentence("not the id of a {noun}", noun=ids.NOUN_OF[prefix])
        raise InvalidError(error.sentence, fields={field: why}) from None


def cursor(prefix: ids.Prefix, after: str | None) -> UUID | None:
    """Read where a page of a list begins."""
    return None if after is None else in_body(prefix, after, field="after")


def plain_cursor(after: str | None) -> UUID | None:
    """Read where a page of a list begins whose ids nobody outside its brand ever sees."""
    try:
        return None if after is None else UUID(after)
    except ValueError:
        raise InvalidError(
            Sentence("{after!r} is not the `next` of a page; leave it out to begin anew.", after=after),
            fields={"after": Sentence("not a cursor")},
        ) from None


def page(rows: Sequence[R], limit: int, show: Callable[[R], T], id_of: Callable[[T], str]) -> Page[T]:
    """Cut a list that was read with one row more than asked for, which says whether there is a next page."""
    items = [show(row) for row in rows[:limit]]
    return Page(items, id_of(items[-1]) if len(rows) > limit else None)
