"""At which moment a ledger is looked at."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.ledger import moments
from partner_network.ledger.moments import AsOf

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_day_ends_where_the_next_begins_by_its_zones_clock() -> None:
    assert moments.end_of(date(2026, 3, 31), ZoneInfo("UTC")) == datetime(2026, 4, 1, tzinfo=UTC)
    assert moments.end_of(date(2026, 3, 31), BERLIN) == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert moments.begins(date(2026, 3, 1), BERLIN) == datetime(2026, 2, 28, 23, tzinfo=UTC)


def test_a_day_is_written_as_iso_has_it() -> None:
    assert moments.day_in("2026-03-31") == date(2026, 3, 31)
    with pytest.raises(InvalidError, match=r"^'31\.03\.2026' is no day; write it like 2026-03-31\.$"):
        moments.day_in("31.03.2026")


@pytest.mark.parametrize("day", [date.max, date.min])
def test_a_day_at_the_end_of_time_is_refused_in_a_sentence(day: date) -> None:
    with pytest.raises(InvalidError, match=rf"^{day.isoformat()} is not a day of the books\.$"):
        (moments.end_of if day == date.max else moments.begins)(day, BERLIN)


def test_unless_somebody_says_otherwise_the_date_is_when_it_was_recorded() -> None:
    assert AsOf(datetime(2026, 4, 1, tzinfo=UTC)).basis == "recorded"
