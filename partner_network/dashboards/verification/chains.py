"""What stands on one `pay` account, walked once while its statements are drawn up again one by one."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from partner_network.dashboards.verification.money_rows import Entry, Statement
from partner_network.statements.rules import Line

Moment: TypeAlias = tuple[datetime, int]
"""When something was recorded, and in which transaction, where the clock stood still."""


class Posting(Struct, frozen=True, gc=False):
    """One posting on a `pay` account: positive for the payee."""

    at: Moment
    line: Line


class Standing(NamedTuple):
    """What an account held when a close began: effective before the end of its period, and in all."""

    before_minor: int
    now_minor: int


def moment_of(row: Entry | Statement) -> Moment:
    """Return when an entry or a statement was recorded."""
    return (row.recorded_at if isinstance(row, Entry) else row.closed_at, row.made_in)


class Chain:
    """The postings of one account, of which each statement takes those that are due.

    What is on a statement is not looked at again, so that all statements together cost one walk, as long as
    each is closed after the one before it and ends no earlier; where damaged books say otherwise, it is
    looked at again.
    """

    def __init__(self, postings: Sequence[Posting]) -> None:
        self._postings = sorted(postings, key=lambda one: one.at)
        self._moments = [one.at for one in self._postings]
        self._sums_minor = [0, *accumulate(one.line.amount_minor for one in self._postings)]
        self._reached = 0
        self._open: list[Posting] = []
        self._stated_minor = 0
        self._newest: Moment | None = None
        self._latest_end: datetime | None = None

    def lines_of(self, statement: Statement) -> list[Line]:
        """Return the lines a statement must have, given what those stated before it list."""
        closed = moment_of(statement)
        reached = max(self._reached, bisect_right(self._moments, closed))
        self._open += self._postings[self._reached : reached]
        self._reached = reached
        due = [
            one.line for one in self._open if one.line.effective_at < statement.ends_at and one.at <= closed
        ]
        return sorted(due, key=lambda line: line.transfer_id)

    def standing_at(self, statement: Statement) -> Standing:
        """Return what was there when the close of a statement began; its lines have been read."""
        began = moment_of(statement)
        recorded = bisect_left(self._moments, began)
        if self._follows(statement):
            stated_minor, left = self._stated_minor, self._open
        else:
            stated_minor, left = 0, self._postings[:recorded]
        before_minor = stated_minor + sum(
            one.line.amount_minor
            for one in left
            if one.at < began and one.line.effective_at < statement.ends_at
        )
        return Standing(before_minor, self._sums_minor[recorded])

    def state(self, statement: Statement, lines: Sequence[Line]) -> None:
        """Put lines on their statement, so that no later one has them."""
        stated = {line.transfer_id for line in lines}
        self._open = [one for one in self._open if one.line.transfer_id not in stated]
        self._stated_minor += sum(line.amount_minor for line in lines)
        closed = moment_of(statement)
        self._newest = closed if self._newest is None else max(self._newest, closed)
        ends_at = statement.ends_at
        self._latest_end = ends_at if self._latest_end is None else max(self._latest_end, ends_at)

    def _follows(self, statement: Statement) -> bool:
        """Tell whether all that is stated was there when this close began, and effective before its end."""
        return (self._newest is None or self._newest < moment_of(statement)) and (
            self._latest_end is None or self._latest_end <= statement.ends_at
        )
