import time
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
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


SHOP, BLOG = UUID(int=1), UUID(int=2)
RECV, PAY = Account("recv", "EUR", SHOP, BLOG), Account("pay", "EUR", BLOG, SHOP)
LEG = Leg(RECV, PAY, 400, "post", 7, 9)
SAID = Entry("accrue", "k", NOON, [LEG], "clause", "reason")
HASH = "557d0c8b49ded40b4e7ea6706fc81d39db1eaf62e209605693df98d6974ac913"
OTHERWISE = [
    replace(SAID, kind="mature"),
    replace(SAID, clause="another"),
    replace(SAID, clause=None),
    replace(SAID, reason="another"),
    replace(SAID, reason=None),
    replace(SAID, legs=[LEG, LEG]),
    *(
        replace(SAID, legs=[replace(LEG, **{name: value})])
        for name, value in (
            ("debit", PAY),
            ("credit", RECV),
            ("amount_minor", 401),
            ("phase", "void"),
            ("pending_id", 8),
            ("pending_id", None),
            ("commission_id", 10),
            ("debit", replace(RECV, kind="pay")),
            ("debit", replace(RECV, currency="USD")),
            ("debit", replace(RECV, holder_id=BLOG)),
            ("debit", replace(RECV, holder_id=None)),
            ("debit", replace(RECV, counterparty_id=SHOP)),
            ("debit", replace(RECV, counterparty_id=None)),
            ("credit", replace(PAY, kind="recv")),
        )
    ),
]


@pytest.mark.parametrize("entry", OTHERWISE)
def test_whatever_an_entry_says_is_in_its_hash(entry: Entry) -> None:
    assert rules.payload_hash(entry) != rules.payload_hash(SAID)


def test_the_key_is_not_in_the_hash_that_it_is_compared_by() -> None:
    assert rules.payload_hash(replace(SAID, key="another")) == rules.payload_hash(SAID)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_hash_of_an_entry_is_what_it_has_always_been_whatever_the_machines_clock_shows(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    said = rules.payload_hash(SAID).hex()
    monkeypatch.undo()
    time.tzset()
    assert said == HASH


def test_an_entry_is_in_one_currency_and_each_leg_moves_something() -> None:
    assert rules.currency_of(SAID) == "EUR"
    mixed = replace(SAID, legs=[LEG, replace(LEG, credit=replace(PAY, currency="USD"))])
    with pytest.raises(
        ValueError, match=r"entry k needs legs in exactly one currency, not \['EUR', 'USD'\]$"
    ):
        rules.currency_of(mixed)
    with pytest.raises(ValueError, match=r"exactly one currency, not \[\]$"):
        rules.currency_of(replace(SAID, legs=[]))
    for minor in (0, -1):
        with pytest.raises(ValueError, match=r"^entry k has a leg that moves nothing$"):
            rules.currency_of(replace(SAID, legs=[replace(LEG, amount_minor=minor)]))
    assert rules.currency_of(replace(SAID, legs=[replace(LEG, amount_minor=1)])) == "EUR"


def test_accounts_are_locked_in_the_order_of_kind_currency_holder_and_counterparty() -> None:
    wanted = [
        Account("cash", "EUR"),
        Account("cash", "USD"),
        Account("pay", "EUR", SHOP, BLOG),
        Account("pay", "EUR", BLOG, SHOP),
        Account("prepaid", "EUR", SHOP),
        Account("recv", "EUR", SHOP, None),
        Account("recv", "EUR", SHOP, SHOP),
        Account("recv", "EUR", SHOP, BLOG),
    ]
    shuffled = [wanted[at] for at in (3, 7, 0, 5, 1, 6, 2, 4)]
    assert sorted(shuffled, key=rules.account_order) == wanted
    assert rules.account_order(wanted[0]) == ("cash", "EUR", "", "")
    assert rules.account_order(RECV) == ("recv", "EUR", SHOP.hex, BLOG.hex)


def test_a_leg_is_posted_unless_it_says_otherwise_and_is_about_nothing() -> None:
    leg = Leg(RECV, PAY, 1)
    assert (leg.phase, leg.pending_id, leg.commission_id) == ("posted", None, None)
