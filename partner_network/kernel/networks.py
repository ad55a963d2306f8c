"""Internet addresses cut down to the network they lie in."""

import functools
import ipaddress

_V4, _V4_BITS, _V6_BITS = 4, 24, 48


@functools.lru_cache(maxsize=20_000)
def prefix_of(address: str) -> str | None:
    """Cut an address down to its network: /24, or /48 for IPv6; none where there is no address."""
    try:
        whole = ipaddress.ip_address(address.partition("%")[0])  # the zone is of one machine only
    except ValueError:
        return None
    if isinstance(whole, ipaddress.IPv6Address) and whole.ipv4_mapped is not None:
        whole = whole.ipv4_mapped  # a server that listens on IPv6 writes IPv4 visitors so
    bits = _V4_BITS if whole.version == _V4 else _V6_BITS
    return str(ipaddress.ip_network((whole, bits), strict=False))
