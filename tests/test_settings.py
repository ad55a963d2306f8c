import pytest

from partner_network import settings
from partner_network.kernel.errors import InvalidError

SECRET = {"PARTNER_NETWORK_SECRET_KEY": "s" * 32}
OPERATOR = {
    "PARTNER_NETWORK_OPERATOR_NAME": "Encore",
    "PARTNER_NETWORK_OPERATOR_LEGAL_NAME": "Encore Network Inc.",
    "PARTNER_NETWORK_OPERATOR_ADDRESS": "5 Stage Door; New York, NY 10001 ; USA",
    "PARTNER_NETWORK_OPERATOR_GOVERNING_LAW": "the State of New York",
    "PARTNER_NETWORK_OPERATOR_COURTS": "the courts of New York County",
}


def test_the_operator_is_read_with_one_line_of_address_after_each_semicolon() -> None:
    operator = settings.from_environment(SECRET | OPERATOR).operator

    assert operator is not None
    assert (operator.name, operator.legal_name) == ("Encore", "Encore Network Inc.")
    assert operator.address == ("5 Stage Door", "New York, NY 10001", "USA")
    assert (operator.governing_law, operator.courts) == (
        "the State of New York",
        "the courts of New York County",
    )


def test_an_installation_may_start_without_a_named_operator() -> None:
    assert settings.from_environment(SECRET).operator is None


@pytest.mark.parametrize("left_out", list(OPERATOR))
def test_half_an_operator_is_refused_by_the_name_of_what_is_missing(left_out: str) -> None:
    given = {name: value for name, value in OPERATOR.items() if name != left_out}

    with pytest.raises(InvalidError, match=left_out):
        settings.from_environment(SECRET | given)


def test_a_sandbox_refuses_a_live_stripe_key() -> None:
    with pytest.raises(InvalidError, match="live key"):
        settings.from_environment(
            SECRET | {"PARTNER_NETWORK_SANDBOX": "on", "STRIPE_SECRET_KEY": "sk_live_x"}
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"PARTNER_NETWORK_SECRET_KEY": "short"},
        {"PARTNER_NETWORK_SANDBOX": "yes"},
        {"PARTNER_NETWORK_PLATFORM_COUNTRY": "Germany"},
        {"STRIPE_TRANSFERS_PER_S": "0"},
        {"STRIPE_TRANSFERS_PER_S": "1001"},
        {"STRIPE_TRANSFERS_PER_S": "2.5"},
    ],
)
def test_a_wrong_variable_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError, match=next(iter(wrong))):
        settings.from_environment(SECRET | wrong)


def test_stripe_is_asked_for_25_transfers_a_second_unless_the_installation_says_otherwise() -> None:
    assert settings.from_environment(SECRET).stripe_transfers_per_s == 25
    assert settings.from_environment(SECRET | {"STRIPE_TRANSFERS_PER_S": "90"}).stripe_transfers_per_s == 90


def test_partners_are_paid_from_the_united_states_unless_the_installation_says_otherwise() -> None:
    assert settings.from_environment(SECRET).platform_country == "US"
    assert (
        settings.from_environment(SECRET | {"PARTNER_NETWORK_PLATFORM_COUNTRY": "de"}).platform_country
        == "DE"
    )
