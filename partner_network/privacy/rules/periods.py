"""After how long what goes, each with its reason; nothing that goes is of consequence for money."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

CLICK_ORIGINS_AFTER_MONTHS = 13
"""A year and the month in which it is looked back upon: the longest a partner compares its notes, and the
longest a case of fraud asks for networks."""

EVERY = timedelta(hours=24)
"""How often old things are let go."""
BATCH_ROWS = 10_000
"""How many rows one transaction lets go, so that nobody waits for it."""
BATCHES_MAX = 20
"""How many batches follow one another before the calendar goes on with its other work for a minute."""

OPT_OUT_LASTS_S = 2 * 365 * 86_400
"""How long a browser remembers that its user does not want to be told apart; then it is asked for again."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a table go, and when."""

    table: str
    key: str
    is_old: str
    """The condition in SQL; `$1` is the instant that lies so far back."""
    after: timedelta
    why: str
    time: Literal["wall", "business"]
    """Which clock the table's instants were read from."""
    emptied: str | None = None
    """The column that is emptied; none: the row is deleted."""

    @property
    def task(self) -> str:
        """Return the name under which its progress is kept."""
        return f"{self.table} {'emptied' if self.emptied else 'deleted'}"


PERIODS = (
    Period(
        table="sessions",
        key="id",
        is_old="expires_at < $1",
        after=timedelta(days=7),
        why="long enough past its end to answer 'was that me?'",
        time="wall",
    ),
    Period(
        table="pending_sign_ins",
        key="token_hash",
        is_old="expires_at < $1",
        after=timedelta(days=1),
        why="it opens nothing after some minutes",
        time="wall",
    ),
    Period(
        table="passkey_challenges",
        key="challenge",
        is_old="expires_at < $1",
        after=timedelta(days=1),
        why="it is worth nothing after some minutes",
        time="wall",
    ),
    Period(
        table="second_factors",
        key="id",
        is_old="removed_at < $1",
        after=timedelta(days=90),
        why="until then the person may ask when it was removed",
        time="wall",
    ),
    Period(
        table="notifications",
        key="id",
        is_old="(read_at < $1 OR told_at < $1 - interval '220 days')",
        after=timedelta(days=180),
        why="half a year after it was read it is in nobody's way any more; the facts themselves stay",
        time="wall",
    ),
    Period(
        table="invitations",
        key="id",
        is_old="coalesce(accepted_at, expires_at) < $1",
        after=timedelta(days=90),
        why="until then the inviter may ask what became of it",
        time="business",
    ),
    Period(
        table="stripe_events",
        key="event_id",
        is_old="handled_at < $1 AND payload <> ''",
        after=timedelta(days=400),
        why="a chargeback may come 13 months after a payment; what an event meant is booked",
        time="business",
        emptied="payload",
    ),
    Period(
        table="trials",
        key="id",
        is_old="coalesce(finished_at, asked_at) < $1",
        after=timedelta(days=90),
        why="a quarter is enough to talk terms over; whoever needs it longer asks again and gets the same",
        time="wall",
    ),
    Period(
        table="pgqueuer_log",
        key="id",
        is_old="created < $1",
        after=timedelta(days=90),
        why="a quarter is enough to find out why a job was slow",
        time="wall",
    ),
)


def months_before(at: datetime, months: int) -> datetime:
    """Return the first instant of the month that lies so many months back, in the instant's own zone."""
    years, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    return at.replace(year=years, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
