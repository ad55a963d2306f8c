from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from partner_network.ledger import rules
from partner_network.ledger.rules import Account, Entry, Leg

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRY = Entry("receive", "r", NOON, [Leg(Account("cash", "USD"), Account("own", "USD"), 400)])


def test_the_same_instant_told_in_another_zone_is_the_same_entry() -> None:
    told = replace(ENTRY, effective_at=NOON.astimezone(ZoneInfo("America/New_York")))
    assert rules.payload_hash(told) == rules.payload_hash(ENTRY)


def test_another_instant_is_another_entry() -> None:
    later = replace(ENTRY, effective_at=NOON + datetime.resolution)
    assert rules.payload_hash(later) != rules.payload_hash(ENTRY)
