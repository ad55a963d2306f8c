"""Ids that sort by the time they were made, and the prefixed form people see."""

import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal, get_args
from uuid import UUID

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

Prefix = Literal[
    "adj", "agr", "bnd", "clk", "cod", "com", "cnv", "crt", "cse", "dsp", "fnd", "inq", "key", "lnk", "mbr",
    "msg", "pay", "prg", "prt", "red", "ref", "rwd", "stm", "tch", "try",
]  # fmt: skip

NOUN_OF: Mapping[Prefix, Sentence] = MappingProxyType(
    {
        "adj": Sentence("adjustment"),
        "agr": Sentence("agreement"),
        "bnd": Sentence("brand"),
        "clk": Sentence("click"),
        "cod": Sentence("code"),
        "com": Sentence("commission"),
        "cnv": Sentence("conversion"),
        "crt": Sentence("creative"),
        "cse": Sentence("case"),
        "dsp": Sentence("dispute"),
        "fnd": Sentence("payment"),
        "inq": Sentence("inquiry"),
        "key": Sentence("key"),
        "lnk": Sentence("link"),
        "mbr": Sentence("member"),
        "msg": Sentence("message"),
        "pay": Sentence("payout"),
        "prg": Sentence("program"),
        "prt": Sentence("partnership"),
        "red": Sentence("redemption"),
        "ref": Sentence("refund"),
        "rwd": Sentence("credit"),
        "stm": Sentence("statement"),
        "tch": Sentence("touch"),
        "try": Sentence("trial"),
    }
)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_VALUE_OF = {digit: value for value, digit in enumerate(_ALPHABET)}
_DIGITS = 26
_UUID_BITS = 128
_VERSION = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_REST_BITS = 74
_LOW_BITS = 62
_STEP_BITS = 32


class _Series:
    """The last id made by this process, so that ids of one millisecond still ascend."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = -1
        self._rest = 0

    def rest(self, millisecond: int) -> int:
        with self._lock:
            if millisecond == self._millisecond:
                self._rest += 1 + secrets.randbits(_STEP_BITS)
            else:
                # The top bit starts clear: 2**41 ids of one millisecond fit before it could overflow.
                self._millisecond, self._rest = millisecond, secrets.randbits(_REST_BITS - 1)
            return self._rest


_series = _Series()


def new_id(at: datetime) -> UUID:
    """Make a UUIDv7 of the instant `at`; within one process and millisecond later ids are greater."""
    if at.tzinfo is None:
        raise ValueError("an id needs an instant with a time zone")
    millisecond = (at - _EPOCH) // _MILLISECOND
    rest = _series.rest(millisecond)
    high, low = rest >> _LOW_BITS, rest & ((1 << _LOW_BITS) - 1)
    return UUID(int=millisecond << 80 | _VERSION << 76 | high << 64 | 0b10 << _LOW_BITS | low)


def at_of(made: UUID) -> datetime:
    """Return the instant, to the millisecond, at which a UUIDv7 says it was made."""
    if made.version != _VERSION:
        raise ValueError(f"{made} is not a UUIDv7 and holds no time")
    return _EPOCH + (made.int >> 80) * _MILLISECOND


def shown(prefix: Prefix, uuid: UUID) -> str:
    """Return the id as people see it: the prefix, `_`, 26 digits that sort like the id."""
    if prefix not in NOUN_OF:
        raise ValueError(f"nothing is shown with the prefix {prefix!r}")
    rest, digits = uuid.int, ""
    for _ in range(_DIGITS):
        digits = _ALPHABET[rest & 31] + digits
        rest >>= 5
    return f"{prefix}_{digits}"


def parse(prefix: Prefix, text: str) -> UUID:
    """Return the id that `shown` wrote; InvalidError for any other text."""
    head, _, digits = text.partition("_")
    value = 0
    if head == prefix and len(digits) == _DIGITS and all(digit in _VALUE_OF for digit in digits):
        for digit in digits:
            value = value << 5 | _VALUE_OF[digit]
        if value < 1 << _UUID_BITS:
            return UUID(int=value)
    raise InvalidError(
        Sentence(
            "{text!r} is not the id of a {noun}: it is {prefix}_ and {digits} letters and digits.",
            text=text,
            noun=NOUN_OF[prefix],
            prefix=prefix,
            digits=_DIGITS,
        )
    )


assert set(NOUN_OF) == set(get_args(Prefix))  # noqa: S101  # the table and the type cannot drift apart
