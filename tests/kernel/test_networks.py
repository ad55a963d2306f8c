import pytest

from partner_network.kernel import networks


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1::%eth0", "2001:db8:1::/48"),
        ("unix", None),
        ("", None),
    ],
)
def test_an_address_is_cut_down_to_its_network_and_what_is_none_to_nothing(
    address: str, prefix: str | None
) -> None:
    assert networks.prefix_of(address) == prefix
