"""One person of each kind that a network has."""

from collections.abc import Mapping

import msgspec

from tests.builders import RADIO, SHOP

GUEST = "guest"


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account: the brand, or the operator's house, and the role there."""

    email: str
    brand: str
    role: str


def _at(brand: str, name: str, role: str) -> Person:
    return Person(f"{name}@{brand}.test", brand, role)


PEOPLE: Mapping[str, Person] = {
    "partner owner": _at(RADIO, "olga", "owner"),
    "partner marketer": _at(RADIO, "mark", "marketer"),
    "partner finance": _at(RADIO, "fran", "finance"),
    "partner developer": _at(RADIO, "dora", "developer"),
    "partner viewer": _at(RADIO, "vic", "viewer"),
    "advertiser owner": _at(SHOP, "olga", "owner"),
    "advertiser finance": _at(SHOP, "fay", "finance"),
    "manager": _at("network", "mia", "manager"),
    "finance": _at("network", "pia", "finance"),
    "admin": _at("network", "ada", "admin"),
}
EVERYBODY = (GUEST, *PEOPLE)
