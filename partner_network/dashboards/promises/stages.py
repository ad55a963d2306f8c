"""The stations of money on its way to a partner, and how late an amount is: pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

from partner_network.payouts.ages import STEPS_DAYS, step_of

Stage = Literal["pending", "held", "matured", "stated", "approved", "funded", "paid"]
STAGES: Sequence[Stage] = get_args(Stage)
Actor = Literal["time", "network", "advertiser", "partner", "nobody"]
"""Who must act next: nobody but the calendar, one of the three, or nobody any more."""


class Between(Struct, frozen=True):
    """Who pays whom, in which currency."""

    payer_id: UUID
    payee_id: UUID
    payer: str
    payee: str
    currency: str


class Promise(Struct, frozen=True):
    """An amount at one station, when it is due to move on, by whose hand and which clause; minor units."""

    between: Between
    stage: Stage
    minor: int
    due_at: datetime | None
    """None where no day is agreed: while it is held."""
    actor: Actor
    clause: str
    statement_id: UUID | None = None
    number: str | None = None
    count: int = 1

    def days_late(self, now: datetime) -> int:
        """Return how many whole days it is late; nothing is late that is paid or whose day is to come."""
        if self.due_at is None or self.stage == "paid" or now < self.due_at:
            return 0
        return (now - self.due_at).days + 1


class Step(Struct, frozen=True):
    """What stands at one station in one currency, in minor units: on time, and late."""

    stage: Stage
    currency: str
    on_time_minor: int
    late_minor: int

    @property
    def sum_minor(self) -> int:
        """All of it."""
        return self.on_time_minor + self.late_minor


def steps(promises: Iterable[Promise], now: datetime) -> list[Step]:
    """Return what stands at each station by currency, in the order of the stations."""
    on_time: defaultdict[tuple[str, Stage], int] = defaultdict(int)
    late: defaultdict[tuple[str, Stage], int] = defaultdict(int)
    for one in promises:
        of = late if one.days_late(now) else on_time
        of[one.between.currency, one.stage] += one.minor
    keys = sorted({*on_time, *late}, key=lambda key: (key[0], STAGES.index(key[1])))
    return [
        Step(stage, currency, on_time[currency, stage], late[currency, stage]) for currency, stage in keys
    ]


class Lateness(Struct, frozen=True):
    """What of one pair waits at all stations, in minor units: on time, and late by the steps of ageing."""

    payer: str
    payee: str
    currency: str
    on_time_minor: int
    late_minor: tuple[int, ...]

    @property
    def sum_minor(self) -> int:
        """All of it."""
        return self.on_time_minor + sum(self.late_minor)


def lateness(promises: Iterable[Promise], now: datetime) -> list[Lateness]:
    """Return every pair's waiting amounts by how late they are, the latest and largest first."""
    on_time: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    late: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * (len(STEPS_DAYS) + 1))
    for one in promises:
        if one.stage == "paid":
            continue
        key = (one.between.payer, one.between.payee, one.between.currency)
        days = one.days_late(now)
        if days:
            late[key][step_of(days)] += one.minor
        else:
            on_time[key] += one.minor
    rows = [Lateness(*key, on_time[key], tuple(late[key])) for key in {*on_time, *late}]
    return sorted(
        rows, key=lambda row: ([-minor for minor in reversed(row.late_minor)], row.payee, row.payer)
    )
