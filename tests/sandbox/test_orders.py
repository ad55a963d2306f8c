"""The demo's orders are the real ones, whole and untouched but for the years."""

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.sandbox import orders
from partner_network.sandbox.orders import ZONE

HEAD = "customer_id,date,quantity,value_usd"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def write(file: Path, *rows: str, head: str = HEAD) -> Path:
    file.write_text("\n".join([head, *rows, ""]))
    return file


def rows_of_the_sample() -> list[dict[str, str]]:
    with orders.SAMPLE.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_sample_is_the_whole_of_the_real_one() -> None:
    sold = orders.read_orders(orders.SAMPLE, seed=1)
    assert len(sold) == 6_919
    assert len({order.customer_id for order in sold}) == 2_357
    assert sum(order.net_minor for order in sold) == 24_409_194
    assert sorted(order.order_id for order in sold) == [f"{n:06}" for n in range(1, 6_920)]


def test_each_order_keeps_its_customer_and_weekday_and_moves_by_exactly_28_years() -> None:
    sold = {order.order_id: order for order in orders.read_orders(orders.SAMPLE, seed=1)}
    for number, row in enumerate(rows_of_the_sample(), start=1):
        order, real = sold[f"{number:06}"], date.fromisoformat(row["date"])
        day = order.at.astimezone(ZONE).date()
        assert order.customer_id == row["customer_id"]
        assert (day.year, day.month, day.day) == (real.year + 28, real.month, real.day)
        assert day.weekday() == real.weekday()


def test_orders_come_in_the_order_of_their_time_within_opening_hours() -> None:
    sold = orders.read_orders(orders.SAMPLE, seed=1)
    assert sold == sorted(sold, key=lambda order: (order.at, order.order_id))
    assert {order.at.astimezone(ZONE).hour for order in sold} == set(range(8, 23))


def test_the_time_of_day_follows_from_seed_and_order_alone(file: Path) -> None:
    write(file, "7,1997-05-09,1,10.00", "8,1997-05-09,1,10.00")
    first, again, other = (orders.read_orders(file, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert {order.at for order in first} != {order.at for order in other}


def test_identical_rows_are_different_orders(file: Path) -> None:
    sold = orders.read_orders(write(file, "7,1997-05-09,1,10.00", "7,1997-05-09,1,10.00"), seed=1)
    assert sorted(order.order_id for order in sold) == ["000001", "000002"]
    assert sold[0].at != sold[1].at


@pytest.mark.parametrize(
    ("value", "minor"), [("0.00", 0), ("29.33", 2_933), ("12", 1_200), ("12.5", 1_250), ("0.07", 7)]
)
def test_dollars_become_cents_exactly_and_nothing_is_an_amount(file: Path, value: str, minor: int) -> None:
    (order,) = orders.read_orders(write(file, f"7,1997-05-09,1,{value}"), seed=1)
    assert order.net_minor == minor


def test_a_leap_day_stays_a_leap_day(file: Path) -> None:
    (order,) = orders.read_orders(write(file, "7,1996-02-29,1,1.00"), seed=1)
    assert order.at.astimezone(ZONE).date() == date(2024, 2, 29)


def test_an_order_of_a_day_when_clocks_change_lies_on_that_day(file: Path) -> None:
    (order,) = orders.read_orders(write(file, "7,1997-03-09,1,1.00"), seed=1)
    assert order.at.astimezone(ZONE).date() == date(2025, 3, 9)
    assert isinstance(order.at, datetime)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("7,1997-05-09,1", "3 columns instead of 4"),
        ("7,1997-05-09,1,10.00,x", "5 columns instead of 4"),
        ("", "0 columns instead of 4"),
        ("7,1997-02-30,1,10.00", "date '1997-02-30' is no day"),
        ("7,09.05.1997,1,10.00", "date '09.05.1997' is no day"),
        ("7,1997-05-09,1,10.005", "has more than two decimals"),
        ("7,1997-05-09,1,-10.00", "value_usd '-10.00' is no amount"),
        ("7,1997-05-09,1,1e3", "value_usd '1e3' is no amount"),
        ("7,1997-05-09,1,10.", "value_usd '10.' is no amount"),
        ("7,1997-05-09,1,10000000000000", "more than this demo believes"),
        ("7,1997-05-09,-1,10.00", "quantity '-1' is no whole number"),
        (",1997-05-09,1,10.00", "customer_id is empty"),
        ("  ,1997-05-09,1,10.00", "customer_id is empty"),
        (f"{'7' * 201},1997-05-09,1,10.00", "customer_id has more than 200 characters"),
        ("7\t7,1997-05-09,1,10.00", "customer_id holds a control character"),
        ("7,1960-01-04,1,10.00", "date '1960-01-04' lies before 1962-04-01"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line_number(file: Path, row: str, complaint: str) -> None:
    write(file, "7,1997-05-09,1,10.00", row, "8,1997-05-10,1,10.00")
    with pytest.raises(InvalidError) as refused:
        orders.read_orders(file, seed=1)
    assert "orders.csv, line 3: " in refused.value.detail
    assert complaint in refused.value.detail
    assert "Nothing was loaded" in refused.value.detail


def test_other_columns_are_refused_by_their_line(file: Path) -> None:
    with pytest.raises(InvalidError, match="line 1: the columns must be customer_id,date,quantity"):
        orders.read_orders(write(file, "7,1,1997-05-09", head="customer_id,quantity,date"), seed=1)


def test_a_file_without_orders_or_without_text_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="holds no orders"):
        orders.read_orders(write(file), seed=1)
    with pytest.raises(InvalidError, match="cannot be read"):
        orders.read_orders(tmp_path / "nowhere.csv", seed=1)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidError, match="cannot be read"):
        orders.read_orders(file, seed=1)
