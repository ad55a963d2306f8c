"""What a session remembers of where it was opened, and how people are told."""

import msgspec

from partner_network.kernel import networks
from partner_network.kernel.sentences import Sentence

USER_AGENT_CHARACTERS_MAX = 300

_BROWSERS = (
    # The first that fits: nearly every browser also claims to be one of those further down.
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


class Device(msgspec.Struct, frozen=True):
    """From where one signs in: the network, never the whole address, and how the browser calls itself."""

    network_prefix: str | None = None
    user_agent: str | None = None


def device_of(address: str | None, user_agent: str | None) -> Device:
    """Return what is kept of an address and of a browser's name for itself."""
    named = "".join(one for one in user_agent or "" if one.isprintable())[:USER_AGENT_CHARACTERS_MAX]
    return Device(None if address is None else networks.prefix_of(address), named or None)


def in_words(user_agent: str | None) -> str:
    """Return a browser and its system as people call them, or the first word of any other program."""
    if not user_agent:
        return Sentence("Unknown device")
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return Sentence("{browser} on {system}", browser=browser, system=system)
    return browser or system or user_agent.split("/")[0].split(" ")[0][:40]
