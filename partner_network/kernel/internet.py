"""Which addresses are on the internet, and which only look so: ours, the machine's own, a cloud's inside."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

URL_CHARACTERS_MAX = 2_000
PORTS = frozenset({443, 8443})

_NOT_INTERNET_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Of IPv6 only what has been given out for the internet, and not the parts of it in which IPv4 addresses hide
# (6to4, Teredo). All else is outside: loopback, local networks, multicast, IPv4 in other clothes, NAT64.
_INTERNET_V6 = IPv6Network("2000::/3")
_NOT_INTERNET_V6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_DEFAULT_PORT = {"https": 443, "http": 80}


class Target(msgspec.Struct, frozen=True):
    """An address on the web, taken apart."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Return host and port as a request names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, *, loopback: bool = False) -> Target:
    """Take an address apart, or say what about it cannot be.

    ``loopback`` is for the sandbox: then plain HTTP and any port of this machine will do too.
    """
    parts = _parts(url)
    if parts is None or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InvalidError(
            Sentence("{url!r} is no web address; write it like https://example.com/path.", url=url[:80])
        )
    scheme, host, port, has_user = parts
    if scheme not in ({"https", "http"} if loopback else {"https"}):
        raise InvalidError(
            Sentence("{url!r} does not begin with https://; give an address that does.", url=url[:80])
        )
    if has_user:
        raise InvalidError("A web address must not hold a user name or a password; leave them out.")
    port = _DEFAULT_PORT[scheme] if port is None else port
    if port not in PORTS and not loopback:
        raise InvalidError(
            Sentence("Nothing is asked at port {port}; give an address at port 443 or 8443.", port=port)
        )
    if not _is_name(host) and _address(host) is None and not (loopback and host == "localhost"):
        raise InvalidError(
            Sentence("{host!r} is no host name; write it in full, like example.com.", host=host[:80])
        )
    return Target(url, scheme, host, port)


def must_be_reachable(target: Target, addresses: Sequence[str], *, loopback: bool = False) -> None:
    """Refuse a host of which any address is not on the internet: the good ones may be there to distract."""
    if loopback and addresses and all(_is_loopback(one) for one in addresses):
        return
    is_public = target.scheme == "https" and target.port in PORTS
    if not (addresses and is_public and all(is_on_internet(one) for one in addresses)):
        raise InvalidError(
            Sentence(
                "{host} is not on the internet; give an address that everybody reaches.", host=target.host
            )
        )


def is_on_internet(address: str) -> bool:
    """Say whether an address is one that the internet routes, and nobody's inside."""
    known = _address(address)
    if isinstance(known, IPv4Address):
        return not any(known in network for network in _NOT_INTERNET_V4)
    if known is None or known not in _INTERNET_V6:
        return False
    return not any(known in network for network in _NOT_INTERNET_V6)


def _is_loopback(address: str) -> bool:
    known = _address(address)
    return known is not None and known.is_loopback


def _parts(url: str) -> tuple[str, str, int | None, bool] | None:
    if len(url) > URL_CHARACTERS_MAX:
        return None
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").rstrip("."), parts.port, "@" in parts.netloc
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    """Say whether this is a name in full; 127.1, 0x7f000001 and 2130706433 are numbers that look like one."""
    labels = host.split(".")
    return (
        len(labels) > 1
        and labels[-1][:1].isalpha()
        and all(
            0 < len(label) <= 63 and label.replace("-", "").replace("_", "").isalnum()  # noqa: PLR2004 - RFC 1035
            for label in labels
        )
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None
