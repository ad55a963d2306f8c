"""Hashes of content and of pairs of hashes, gathered under one root."""

import hashlib
from collections.abc import Sequence

# So that no hash of one kind can be taken for another's.
_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(content: bytes) -> bytes:
    """Return the SHA-256 of one leaf. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(_LEAF + content).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashed leaves in their order. Source: RFC 6962, section 2.1.

    Errors: ValueError when there is no leaf.
    """
    if not leaf_hashes:
        raise ValueError("no root stands over nothing")
    level = list(leaf_hashes)
    # Pairing neighbours level by level, the odd one moving up as it is, splits where the RFC does: at the
    # largest power of two below the count.
    while len(level) > 1:
        pairs = [
            hashlib.sha256(_NODE + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)
        ]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]
