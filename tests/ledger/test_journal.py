"""The journal for other software: every leg twice, between balances that they join."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from partner_network.database import connections
from partner_network.ledger import chart, events, journal
from partner_network.ledger.accounts import Pair
from partner_network.ledger.journal import Asked
from tests.conftest import FreshDatabase
from tests.ledger.conftest import fact, happen, post
from tests.ledger.parties import BLOG, NOON, PAIR, SHOP

UTC_ZONE = ZoneInfo("UTC")
MARCH = Asked(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), "recorded", UTC_ZONE)
Table = list[dict[str, str]]


async def table(asked: Asked = MARCH) -> Table:
    async with connections.transaction(isolation="repeatable_read") as connection:
        text = "".join([part async for part in journal.lines(connection, asked, chart.DEFAULT)])
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sums(rows: Sequence[dict[str, str]]) -> dict[tuple[str, ...], Decimal]:
    found: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = (row["account_code"], row["holder"], row["counterparty"], row["currency"])
        found[key] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    return {key: minor for key, minor in found.items() if minor}


async def test_each_leg_is_a_debit_line_and_a_credit_line(books: FreshDatabase) -> None:
    assert books.name
    rows = await table()
    assert list(rows[0]) == list(journal.HEAD)
    assert rows[0] == {
        "number": "1",
        "entry": "1",
        "leg": "1",
        "date": "2026-03-01",
        "recorded": "2026-03-01T12:00:00Z",
        "kind": "accrue",
        "account_code": "1100",
        "account_name": "Receivable from advertisers",
        "holder": "shop",
        "counterparty": "blog",
        "debit": "10.00",
        "credit": "",
        "currency": "EUR",
        "clause": "commission.components[0]",
        "reason": "",
        "key": "march accrue",
    }
    assert (rows[1]["account_code"], rows[1]["debit"], rows[1]["credit"]) == ("2100", "", "10.00")
    assert (rows[1]["holder"], rows[1]["counterparty"]) == ("blog", "shop")


async def test_reservations_are_left_out_and_the_numbers_have_no_gap(books: FreshDatabase) -> None:
    assert books.name
    rows = [row for row in await table() if row["number"]]
    assert [int(row["number"]) for row in rows if row["leg"] == "1"][::2] == list(range(1, 10))
    assert not {row["kind"] for row in rows} & {"payout", "void", "opening", "closing"}


@pytest.mark.parametrize("basis", ["recorded", "effective"])
async def test_opening_and_movements_come_to_closing(books: FreshDatabase, basis: str) -> None:
    assert books.name
    april = datetime(2026, 4, 2, tzinfo=UTC)
    await post(
        events.accrue(fact("april", at=april), PAIR, 33),
        events.mature(fact("backdated", at=NOON), PAIR, 11),
        at=april,
    )
    asked = Asked(MARCH.until, MARCH.until + timedelta(days=30), "recorded", UTC_ZONE)
    if basis == "effective":
        asked = Asked(MARCH.since, MARCH.until, "effective", UTC_ZONE)
    rows = await table(asked)
    opening, closing = ([row for row in rows if row["kind"] == one] for one in ("opening", "closing"))
    moved = [row for row in rows if row["number"]]
    assert moved
    assert sums(opening + moved) == sums(closing)
    assert len(opening) == (10 if basis == "recorded" else 0)
    for part in (opening, closing, moved):
        assert sum((Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)) for row in part) == 0


async def test_a_day_begins_at_its_zones_midnight(brands: FreshDatabase) -> None:
    assert brands.name
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
    await post(events.accrue(fact("late", at=late), PAIR, 5), at=late)
    berlin = ZoneInfo("Europe/Berlin")
    in_berlin = Asked(MARCH.since, datetime(2026, 3, 31, 22, tzinfo=UTC), "recorded", berlin)
    assert await table(in_berlin) == []
    after = await table(Asked(in_berlin.until, in_berlin.until + timedelta(days=1), "effective", berlin))
    assert {row["date"] for row in after} == {"2026-04-01"}
    assert {row["date"] for row in await table() if row["number"]} == {"2026-03-31"}


async def test_no_text_of_the_journal_runs_as_a_formula(books: FreshDatabase) -> None:
    assert books.name
    assert {row["reason"] for row in await table()} == {"", "'=cmd|asked for"}


async def test_amounts_have_every_digit_of_their_currency_and_none_is_rounded(brands: FreshDatabase) -> None:
    assert brands.name
    great = 9_007_199_254_740_993
    for currency, shown in (
        ("JPY", "9007199254740993"),
        ("EUR", "90071992547409.93"),
        ("KWD", "9007199254740.993"),
        ("CLF", "900719925474.0993"),
    ):
        await post(events.accrue(fact(currency), Pair(BLOG, SHOP, currency), great))
        assert shown in {row["debit"] for row in await table() if row["currency"] == currency}
    assert journal.decimal_text(7, "X-EUR-0000000000A1") == "0.07"
    assert journal.decimal_text(7, "X-JPY-0000000000A1") == "7"
    assert journal.decimal_text(7, "X-POINTS") == "7"
    assert journal.decimal_text(5, "EUR") == "0.05"


async def test_a_long_journal_comes_in_parts_that_are_one_table(
    brands: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert brands.name
    monkeypatch.setattr(journal, "READ_AT_ONCE", 3)
    await happen()
    rows = await table()
    assert len([row for row in rows if row["number"]]) == 20


async def test_an_empty_ledger_has_a_journal_with_heads_alone(brands: FreshDatabase) -> None:
    assert brands.name
    async with connections.transaction() as connection:
        parts = [part async for part in journal.lines(connection, MARCH, chart.DEFAULT)]
    assert "".join(parts) == ",".join(journal.HEAD) + "\r\n"
