"""Days, months and periods by MONEY, section 2, written from its words alone."""

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_of(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def months_on(year: int, month: int, months: int) -> tuple[int, int]:
    count = year * 12 + month - 1 + months
    return count // 12, count % 12 + 1


def months_after(at: datetime, months: int, zone: str) -> datetime:
    local = at.astimezone(ZoneInfo(zone))
    year, month = months_on(local.year, local.month, months)
    last = calendar.monthrange(year, month)[1]
    return local.replace(year=year, month=month, day=min(local.day, last), fold=0).astimezone(UTC)


def lock_of(at: datetime, settlement: dict[str, Any]) -> datetime:
    zone, lock = settlement["time_zone"], settlement["lock"]
    tracked = day_of(at, zone)
    year, month = months_on(tracked.year, tracked.month, 1 + lock["months"])
    return midnight(date(year, month, 1) + lock["days"] * DAY, zone)


def label(at: datetime, kind: str, zone: str) -> str:
    day = day_of(at, zone)
    return {
        "month": f"{day.year}-{day.month:02}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        "year": str(day.year),
        "lifetime": "lifetime",
    }[kind]
