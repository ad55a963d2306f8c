import pytest

from partner_network.kernel import internet
from partner_network.kernel.errors import InvalidError

PUBLIC = ["93.184.215.14", "8.8.8.8", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::8a"]
INSIDE = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it here
    "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1",
    "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1111%eth0", "fec0::1",
    "ff02::1", "", "localhost", "127.1",
]  # fmt: skip
NO_ADDRESSES = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "//example.com/", "example.com", "", "https://", "https:///path", "https://localhost/", "https://intranet/",
    "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0/",
    "https://1.2.3.0x7f/", "https://example.com:22/", "https://example.com:6379/", "https://example.com:0/",
    "https://example.com:99999/", "https://example.com:8443x/", "https://me@example.com/",
    "https://me:secret@example.com/", "https://example.com\\@127.0.0.1/", "https://exa mple.com/",
    "https://example.com/\r\nx: y", "https://ex\u00e4mple.com/", "https://[::1/", "https://[fe80::1%25eth0]/",
    "https://a..example.com/", f"https://{'a' * 64}.example.com/", f"https://example.com/{'a' * 2_000}",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_what_the_internet_routes_is_asked(address: str) -> None:
    assert internet.is_on_internet(address)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_somebodys_inside_is_not(address: str) -> None:
    assert not internet.is_on_internet(address)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_cannot_be_on_the_internet_is_refused_before_any_look_up(url: str) -> None:
    with pytest.raises(InvalidError):
        internet.target_of(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "authority"),
    [
        ("https://example.com/a?b#c", "example.com", 443, "example.com"),
        ("https://Shop.Example.de.:8443/", "shop.example.de", 8443, "shop.example.de:8443"),
        ("https://xn--exmple-cua.com", "xn--exmple-cua.com", 443, "xn--exmple-cua.com"),
        ("https://93.184.215.14/", "93.184.215.14", 443, "93.184.215.14"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "[2606:4700::1111]"),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int, authority: str) -> None:
    target = internet.target_of(url)
    assert (target.host, target.port, target.authority) == (host, port, authority)


def test_one_address_inside_among_good_ones_is_enough_to_refuse_a_host() -> None:
    target = internet.target_of("https://example.com/")

    internet.must_be_reachable(target, ["93.184.215.14", "2606:4700::1111"])
    for addresses in ([], ["93.184.215.14", "10.0.0.1"], ["127.0.0.1"]):
        with pytest.raises(InvalidError, match="not on the internet"):
            internet.must_be_reachable(target, addresses)


def test_the_sandbox_reaches_this_machine_by_plain_http_and_nobody_else_so() -> None:
    here = internet.target_of("http://localhost:8500/hook", loopback=True)
    elsewhere = internet.target_of("http://example.com/", loopback=True)

    internet.must_be_reachable(here, ["127.0.0.1", "::1"], loopback=True)
    for target, address in ((elsewhere, "93.184.215.14"), (here, "10.0.0.1"), (here, "93.184.215.14")):
        with pytest.raises(InvalidError):
            internet.must_be_reachable(target, [address], loopback=True)
