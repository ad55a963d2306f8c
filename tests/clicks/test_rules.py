import pytest

from partner_network.clicks import rules
from partner_network.clicks.rules import Consent
from tests.clicks.served import CHROME

SALT = b"s" * rules.SALT_BYTES


@pytest.mark.parametrize(
    "user_agent",
    [
        b"",
        b"   ",
        b"curl/8.5.0",
        b"python-requests/2.32",
        b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        b"facebookexternalhit/1.1",
        b"Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0",
    ],
)
def test_crawlers_and_whoever_gives_no_name_are_bots(user_agent: bytes) -> None:
    assert rules.exclusion({b"user-agent": user_agent}) == "bot"


def test_a_request_without_any_user_agent_is_a_bots() -> None:
    assert rules.exclusion({}) == "bot"


def test_a_browser_is_a_person() -> None:
    assert rules.exclusion({b"user-agent": CHROME.encode()}) is None


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"sec-purpose", b"prefetch"),
        (b"sec-purpose", b"prefetch;prerender"),
        (b"purpose", b"prefetch"),
        (b"purpose", b"Prefetch"),
        (b"x-moz", b"prefetch"),
    ],
)
def test_a_browser_that_only_looks_ahead_says_so(header: bytes, value: bytes) -> None:
    assert rules.exclusion({b"user-agent": CHROME.encode(), header: value}) == "prefetch"


@pytest.mark.parametrize(
    ("query", "consent"),
    [
        (b"", "unknown"),
        (b"consent=granted", "granted"),
        (b"a=1&consent=denied", "denied"),
        (b"consent=", "unknown"),
        (b"consent=yes", "unknown"),
        (b"consent=GRANTED", "unknown"),
        (b"consent=granted&consent=denied", "denied"),
        (b"&".join(b"a=1" for _ in range(100)), "unknown"),
        (b"\xff\xfe=%ff", "unknown"),
    ],
)
def test_consent_is_what_the_link_says_and_else_unknown(query: bytes, consent: Consent) -> None:
    assert rules.wishes(query).consent == consent


@pytest.mark.parametrize(
    ("query", "subs"),
    [
        (b"sub1=a", ("a",)),
        (b"sub3=c", ("", "", "c")),
        (b"sub1=a&sub5=e&sub6=f", ("a", "", "", "", "e")),
        (b"sub1=", ()),
        (b"sub1=a%00b%1fc%0a", ("abc",)),
        (b"sub1=%E2%82%AC", ("\u20ac",)),
        (b"sub1=%ED%A0%80", ("\ufffd\ufffd\ufffd",)),
        (b"sub2=" + b"x" * 1_000, ("", "x" * 200)),
    ],
)
def test_sub_ids_keep_their_places_and_nothing_that_a_database_refuses(
    query: bytes, subs: tuple[str, ...]
) -> None:
    assert rules.wishes(query).subs == subs


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1234:5678::9", "2001:db8:1234::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("", None),
        ("unix:", None),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, prefix: str | None) -> None:
    assert rules.network_prefix(address) == prefix


@pytest.mark.parametrize(
    ("said", "country"), [(b"DE", "DE"), (b"de", None), (b"", None), (b"XXX", None), (b"\xff\xff", None)]
)
def test_the_country_is_what_the_proxy_names(said: bytes, country: str | None) -> None:
    assert rules.country({b"cf-ipcountry": said}, b"cf-ipcountry") == country


def test_without_a_proxy_that_names_it_the_country_is_unknown() -> None:
    assert rules.country({b"cf-ipcountry": b"DE"}, None) is None


def test_one_visitor_of_a_day_has_one_key() -> None:
    assert rules.visitor_key(SALT, "203.0.113.0/24", b"A") == rules.visitor_key(SALT, "203.0.113.0/24", b"A")


def test_another_network_another_browser_or_another_day_is_another_visitor() -> None:
    keys = {
        rules.visitor_key(SALT, "203.0.113.0/24", b"A"),
        rules.visitor_key(SALT, "203.0.114.0/24", b"A"),
        rules.visitor_key(SALT, "203.0.113.0/24", b"B"),
        rules.visitor_key(b"t" * rules.SALT_BYTES, "203.0.113.0/24", b"A"),
    }
    assert len(keys) == 4


def test_without_the_days_salt_nobody_is_told_apart() -> None:
    assert rules.visitor_key(None, "203.0.113.0/24", b"A") is None
