from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from partner_network.agreements.terms import Settlement
from partner_network.kernel.periods import Lock
from partner_network.statements import rules

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = Settlement(currency="EUR", time_zone="Europe/Berlin", lock=Lock(months=1))
ORDERED = datetime(2026, 2, 10, 12, tzinfo=UTC)
LOCKED = datetime(2026, 4, 1, tzinfo=BERLIN)


def test_an_order_reported_at_its_lock_date_is_late_and_one_just_before_is_not() -> None:
    assert rules.is_late(MONTH, ORDERED, LOCKED)
    assert not rules.is_late(MONTH, ORDERED, LOCKED - datetime.resolution)


def test_an_order_reported_as_it_happens_is_never_late_even_without_a_lock() -> None:
    at_once = Settlement(currency="EUR", time_zone="Europe/Berlin", lock=Lock(months=0))
    last_instant = datetime(2026, 3, 1, tzinfo=BERLIN) - datetime.resolution
    assert not rules.is_late(at_once, last_instant, last_instant)


@pytest.mark.parametrize(
    ("is_revision", "is_bonus", "is_late", "kind"),
    [
        (False, False, False, "earned"),
        (False, True, False, "bonus"),
        (False, False, True, "late"),
        (True, False, False, "adjustment"),
        (True, True, True, "adjustment"),
    ],
)
def test_what_matures_is_earned_a_bonus_or_late_and_what_is_added_later_an_adjustment(
    is_revision: bool, is_bonus: bool, is_late: bool, kind: str
) -> None:
    assert rules.line_kind("mature", is_revision=is_revision, is_bonus=is_bonus, is_late=is_late) == kind


def test_an_entry_that_no_statement_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no place on a statement"):
        rules.line_kind("accrue", is_revision=False, is_bonus=False, is_late=False)
