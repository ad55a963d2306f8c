"""Where a request came from: the visitor's address, and when to believe what a proxy says of it."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

FORWARDED = b"x-forwarded-for"
_HOPS_MAX = 20  # whoever stacks more proxies than this is making them up

Proxies = Sequence[IPv4Network | IPv6Network]
_Address = IPv4Address | IPv6Address


def visitor_address(
    peer: str | None, headers: Iterable[tuple[bytes, bytes]], trusted_proxies: Proxies
) -> str | None:
    """Return who asks: the peer, or, when a proxy of ours asks, the nearest hop that is none of ours.

    Everything further left in `X-Forwarded-For` is what the visitor wrote there, and is not read.
    """
    if not trusted_proxies or peer is None or not _is_trusted(_read(peer), trusted_proxies):
        return peer
    nearest = peer
    for hop in _hops(headers):
        address = _read(hop)
        if address is None:  # our own proxy wrote something that names nobody: it is the last one we know
            return nearest
        nearest = str(address)
        if not _is_trusted(address, trusted_proxies):
            return nearest
    return nearest


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return the last hops, the nearest first; several headers are one list, in their order."""
    told = b",".join(value for name, value in headers if name == FORWARDED)
    hops = told.decode("latin-1").rsplit(",", _HOPS_MAX)[-_HOPS_MAX:]
    return [hop.strip() for hop in reversed(hops)] if told else []


def _read(text: str) -> _Address | None:
    """Read an address, with or without a port; an IPv4 address in IPv6's clothes is the IPv4 address."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: _Address | None, trusted_proxies: Proxies) -> bool:
    return address is not None and any(address in network for network in trusted_proxies)
