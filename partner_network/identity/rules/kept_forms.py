"""Which forms wait for their sender to sign in again, and what of them does."""

import re
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from partner_network.identity.rules import credentials

KEPT_FOR = timedelta(minutes=30)
BYTES_MAX = 65_536
LIVE_MAX = 2_000
"""How many wait at once, whoever sends more: a convenience must not fill the disk."""
SHOWN_CHARACTERS_MAX = 300

_NEVER_SENT_AGAIN = frozenset({"/sign-out", "/kept-form", "/kept-form/dismissal"})
_SECRET = re.compile(r"passw|secret|token|csrf|credential|(^|_)(code|pin|otp)$", re.IGNORECASE)


class KeptForm(msgspec.Struct, frozen=True):
    """What somebody was about to send, and to which address of ours."""

    path: str
    is_multipart: bool
    fields: tuple[tuple[str, str], ...]
    has_lost: bool
    """Whether a password or a file was in it, which is kept for nobody."""

    @property
    def readable(self) -> list[tuple[str, str]]:
        """Return the fields as people read them."""
        return [(name, _shortened(value)) for name, value in self.fields]


def form_of(path: str, fields: Iterable[tuple[str, object]], *, is_multipart: bool) -> KeptForm | None:
    """Return what of a form may wait; None for one that is too large, or has nothing without its secrets."""
    if path.partition("?")[0] in _NEVER_SENT_AGAIN or credentials.local_path(path) != path:
        return None
    kept: list[tuple[str, str]] = []
    has_lost = False
    for name, value in fields:
        if isinstance(value, str) and not _SECRET.search(name):
            kept.append((name, value))
        elif name != "csrf_token":
            has_lost = True
    form = KeptForm(path, is_multipart, tuple(kept), has_lost)
    if (has_lost and not kept) or len(msgspec.json.encode(form)) > BYTES_MAX:
        return None
    return form


def _shortened(value: str) -> str:
    return value if len(value) <= SHOWN_CHARACTERS_MAX else f"{value[:SHOWN_CHARACTERS_MAX]}…"
