"""The three forms in which the ECB publishes rates, and what is refused by line and column."""

from datetime import date
from decimal import Decimal

import pytest

from partner_network.commissions.rules import rate_files
from partner_network.commissions.rules.rate_files import Published
from partner_network.kernel.errors import InvalidError

UNTIL = date(2026, 3, 31)
DAILY = "Date, USD, JPY, \n20 March 2026, 1.0831, 158.12, \n"
HISTORY = "Date,USD,JPY,EEK,\n2026-03-20,1.0831,158.12,N/A,\n2026-03-19,1.0800,158,N/A,\n"
LONG = (
    "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,TITLE\r\n"
    'EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-03-20,1.0831,A,"US dollar, spot"\r\n'
    "EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-03-21,,H,US dollar\r\n"
    "EXR.D.JPY.EUR.SP00.A,D,JPY,EUR,SP00,A,2026-03-20,158.12,A,Yen\r\n"
)


def read(text: str) -> list[Published]:
    return list(rate_files.read(text, "rates.csv", until=UNTIL))


def rate(day: int, quote: str, text: str) -> Published:
    return Published(date(2026, 3, day), "EUR", quote, Decimal(text))


def refused(text: str) -> str:
    with pytest.raises(InvalidError) as caught:
        read(text)
    return caught.value.detail.removesuffix(". Nothing was loaded.")


def test_the_daily_file_states_one_day_in_words() -> None:
    assert read(DAILY) == [rate(20, "USD", "1.0831"), rate(20, "JPY", "158.12")]


def test_the_history_states_every_day_and_says_where_there_was_no_rate() -> None:
    assert read(HISTORY) == [*read(DAILY), rate(19, "USD", "1.0800"), rate(19, "JPY", "158")]


def test_the_data_portal_states_one_rate_a_row_among_other_columns() -> None:
    assert read(LONG) == read(DAILY)


def test_every_digit_is_kept() -> None:
    assert str(read("Date,USD\n2026-03-20,1.08310\n")[0].rate) == "1.08310"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "1:1: the columns are none of the three forms of the ECB"),
        ("<html>\n", "1:1: the columns are none of the three forms of the ECB"),
        ("Date,Dollar\n", "1:2: 'Dollar' is no currency, or is there twice"),
        ("Date,USD,USD\n", "1:3: 'USD' is no currency, or is there twice"),
        ("Date,USD\n2026-02-30,1\n", "2:1: '2026-02-30' is no day, like 2026-03-31"),
        ("Date,USD\n20 Marz 2026,1\n", "2:1: '20 Marz 2026' is no day, like 2026-03-31"),
        ("Date,USD\n2026-04-01,1\n", "2:1: 2026-04-01 has not come yet"),
        ("Date,USD,JPY\n2026-03-20,1,1\n2026-03-19,1\n", "3:3: 2 cells where the first line has 3"),
        ("Date,USD\n2026-03-20,-1\n", "2:2: '-1' is no rate above zero, written like 1.0831"),
        ("Date,USD\n2026-03-20,0.00\n", "2:2: '0.00' is no rate above zero, written like 1.0831"),
        ("Date,USD\n2026-03-20,1e3\n", "2:2: '1e3' is no rate above zero, written like 1.0831"),
        ('Date,USD\n2026-03-20,"1,08"\n', "2:2: '1,08' is no rate above zero, written like 1.0831"),
        (LONG.replace(",D,USD", ",M,USD"), "2:2: 'M' is no daily reference rate"),
        (LONG.replace("SP00,A,2026-03-21", "EN00,A,2026-03-21"), "3:5: 'EN00' is no daily reference rate"),
        (LONG.replace("JPY,EUR", "EUR,EUR"), "4:3: 'EUR' is no currency that can have a rate here"),
        (LONG.replace("2026-03-20", "2026-03"), "2:7: '2026-03' is no day, like 2026-03-31"),
    ],
)
def test_a_bad_file_is_refused_by_line_and_column(text: str, why: str) -> None:
    assert refused(text) == f"rates.csv, line {why.replace(':', ', column ', 1)}"
