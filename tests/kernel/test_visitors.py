from ipaddress import ip_network

import pytest

from partner_network.kernel import visitors

OURS = (ip_network("10.0.0.0/8"), ip_network("2001:db8:9::/48"))
PROXY = "10.0.0.7"


def said(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), *((b"x-forwarded-for", value.encode()) for value in values)]


def test_from_anybody_but_a_proxy_of_ours_the_header_is_a_claim_and_not_read() -> None:
    assert visitors.visitor_address("203.0.113.9", said("198.51.100.1"), OURS) == "203.0.113.9"
    assert visitors.visitor_address(PROXY, said("198.51.100.1"), ()) == PROXY
    assert visitors.visitor_address(None, said("198.51.100.1"), OURS) is None


@pytest.mark.parametrize(
    ("values", "visitor"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
        (["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["[2001:db8:1::5]:4711"], "2001:db8:1::5"),
        (["2001:db8:1::5"], "2001:db8:1::5"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, ::ffff:10.1.1.1"], "198.51.100.1"),
        (["198.51.100.1, unknown"], PROXY),
        (["198.51.100.1, unknown, 10.1.1.1"], "10.1.1.1"),
        ([""], PROXY),
        ([], PROXY),
        (["6.6.6.6," * 5_000 + "198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1" + ",10.1.1.1" * 5_000], "10.1.1.1"),
    ],
)
def test_behind_our_proxies_the_nearest_hop_that_is_none_of_ours_is_the_visitor(
    values: list[str], visitor: str
) -> None:
    assert visitors.visitor_address(PROXY, said(*values), OURS) == visitor


def test_a_proxy_is_known_by_its_ipv4_address_on_an_ipv6_socket_too() -> None:
    assert visitors.visitor_address("::ffff:10.0.0.7", said("198.51.100.1"), OURS) == "198.51.100.1"
