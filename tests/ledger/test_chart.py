"""The operator's own codes and names for the kinds of accounts."""

from pathlib import Path
from typing import get_args

import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.ledger import chart, chart_file
from partner_network.ledger.rules import AccountKind
from partner_network.settings import from_environment

OWN = "".join(
    f'[accounts.{kind}]\ncode = "{line.code}"\nname = "{line.name}"\n' for kind, line in chart.DEFAULT.items()
)
CASH = '[accounts.cash]\ncode = "1000"\nname = "Cash at Stripe"\n'


def test_every_kind_of_account_has_a_code_of_its_own() -> None:
    assert set(chart.DEFAULT) == set(get_args(AccountKind))
    assert len({line.code for line in chart.DEFAULT.values()}) == len(chart.DEFAULT)


def test_a_chart_is_read_as_it_is_written() -> None:
    assert chart.read_chart(OWN) == chart.DEFAULT
    renamed = chart.read_chart(OWN.replace(CASH, '[accounts.cash]\ncode = "1810"\nname = "Stripe-Konto"\n'))
    assert renamed["cash"] == chart.Line("1810", "Stripe-Konto")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            OWN.replace(CASH, ""),
            r"^The chart of accounts has no code for 'cash'; add \[accounts.cash\]\.$",
        ),
        (
            OWN.replace('"1000"', '"1100"'),
            r"^The chart of accounts gives 'cash' and 'recv' the same code, 1100; change one\.$",
        ),
        (
            OWN.replace("[accounts.cash]", "[accounts.bank]"),
            r"^The chart of accounts names 'bank'; the ledger has: cash, recv, .*, credit_partner\.$",
        ),
        (
            OWN.replace('"1000"', "1000"),
            r"^\[accounts.cash\] needs `code` and `name`, texts of up to 20 and 100 letters\.$",
        ),
        (OWN.replace('"1000"', '" "'), r"\[accounts.cash\] needs"),
        (OWN.replace('"1000"', f'"{"1" * 21}"'), r"up to 20 and 100 letters"),
        (OWN.replace('"Cash at Stripe"', f'"{"x" * 101}"'), r"\[accounts.cash\] needs"),
        (OWN.replace('"Cash at Stripe"', r'"Cash\tat Stripe"'), r"\[accounts.cash\] needs"),
        (OWN.replace(CASH, f'{CASH}rate = "x"\n'), r"\[accounts.cash\] needs"),
        ("accounts.cash = 1", r"\[accounts.cash\] needs"),
        ("accounts = 1", r"^The chart of accounts holds tables \[accounts.KIND\] and nothing else\.$"),
        ("", "and nothing else"),
        (f'title = "x"\n{OWN}', "and nothing else"),
        ("[accounts", r"^The chart of accounts is no TOML: Expected '\]' .*\.$"),
    ],
)
def test_a_chart_that_is_not_whole_is_refused_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        chart.read_chart(text)


def test_one_letter_is_enough() -> None:
    text = OWN.replace('"1000"', '"1"').replace('"Cash at Stripe"', '"C"')
    assert chart.read_chart(text)["cash"] == chart.Line("1", "C")


def test_texts_of_exactly_the_greatest_length_are_taken() -> None:
    text = OWN.replace('"1000"', f'"{"1" * 20}"').replace('"Cash at Stripe"', f'"{"x" * 100}"')
    assert chart.read_chart(text)["cash"] == chart.Line("1" * 20, "x" * 100)


def test_the_file_that_the_settings_name_is_read(tmp_path: Path) -> None:
    environment = {"PARTNER_NETWORK_SECRET_KEY": "x" * 32}
    assert chart_file.chart_of(from_environment(environment)) == chart.DEFAULT
    file = tmp_path / "chart.toml"
    named = from_environment({**environment, "PARTNER_NETWORK_CHART": str(file)})
    with pytest.raises(InvalidError, match=r"PARTNER_NETWORK_CHART names .*chart.toml, which cannot be read"):
        chart_file.chart_of(named)
    file.write_text(OWN.replace("Cash at Stripe", "Kasse"))
    assert chart_file.chart_of(named)["cash"].name == "Kasse"
