import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.links import rules

KEY = b"one secret key of this installation"
HOSTS = ("shop.example", "127.0.0.1")


def test_a_token_we_made_is_known_again() -> None:
    assert rules.is_token(rules.new_token(KEY), KEY)


def test_tokens_differ() -> None:
    assert len({rules.new_token(KEY) for _ in range(100)}) == 100


@pytest.mark.parametrize("text", ["", "0", "0" * 14, "0" * 15, "../../etc/pass", "ÄÖÜ" * 5, "a" * 10_000])
def test_a_text_that_nobody_made_is_no_token(text: str) -> None:
    assert not rules.is_token(text, KEY)


def test_a_token_is_known_only_under_the_key_that_made_it() -> None:
    assert not rules.is_token(rules.new_token(KEY), b"the secret key of another one")


def test_a_token_printed_long_ago_is_known_after_the_key_was_changed() -> None:
    former = b"the key of the year before last"
    assert rules.is_token(rules.new_token(former), KEY, b"last year's", former)


def test_one_changed_character_makes_a_token_unknown() -> None:
    token = rules.new_token(KEY)
    changed = [
        token[:place] + other + token[place + 1 :]
        for place in range(10)
        for other in "0123456789abcdefghjkmnpqrstvwxyz"
        if other != token[place]
    ]
    # 20 bits of check let one guess in a million through; 310 of them let at most one through here.
    assert sum(rules.is_token(text, KEY) for text in changed) <= 1


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/",
        "https://SHOP.example/cds?genre=jazz&x=%20#top",
        "https://shop.example:443/",
    ],
)
def test_an_https_address_on_the_list_is_a_destination(url: str) -> None:
    assert rules.must_be_destination(url, hosts=HOSTS, sandbox=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "//shop.example/",
        "http://shop.example/",
        "http://127.0.0.1:8001/",
        "javascript:alert(1)//shop.example",
        "data:text/html,shop.example",
        "https://evil.example/",
        "https://evil.example/shop.example",
        "https://shop.example.evil.example/",
        "https://evilshop.example/",
        "https://sub.shop.example/",
        "https://shop.example.",
        "https://shop.example@evil.example/",
        "https://shop.example:pass@evil.example/",
        "https://me@shop.example/",
        "https://evil.example\\@shop.example/",
        "https://evil.example#@shop.example/",
        "https://evil.example?@shop.example/",
        "https:\\\\evil.example",
        "https:///evil.example",
        "https:evil.example",
        "https://shop.example:8443/",
        "https://shop.example:x/",
        "https://[shop.example/",
        "https://shop.example/\r\nset-cookie: a=b",
        "https://shop.example/\t",
        " https://shop.example/",
        "https://shop.example/ü",
        "https://sh\u043ep.example/",
        "https://shop.example/" + "x" * 2_000,
        "https://shop.example/?clk=clk_mine",
        "https://shop.example/?a=1&clk=",
    ],
)
def test_everything_else_is_refused_and_the_field_named(url: str) -> None:
    with pytest.raises(InvalidError) as refused:
        rules.must_be_destination(url, hosts=HOSTS, sandbox=False)
    assert set(refused.value.fields) == {"destination_url"}


def test_a_sandbox_lets_plain_http_to_this_machine_through() -> None:
    url = "http://127.0.0.1:8001/cds"
    assert rules.must_be_destination(url, hosts=HOSTS, sandbox=True) == url


@pytest.mark.parametrize("url", ["http://shop.example/", "http://localhost:8001/", "http://127.0.0.2/"])
def test_a_sandbox_lets_no_other_plain_http_through(url: str) -> None:
    with pytest.raises(InvalidError):
        rules.must_be_destination(url, hosts=HOSTS, sandbox=True)


@pytest.mark.parametrize(
    ("destination", "with_click"),
    [
        ("https://shop.example", "https://shop.example?clk=ID"),
        ("https://shop.example/", "https://shop.example/?clk=ID"),
        ("https://shop.example/?a=1", "https://shop.example/?a=1&clk=ID"),
        ("https://shop.example/?", "https://shop.example/?clk=ID"),
        ("https://shop.example/?a=1&#b?c", "https://shop.example/?a=1&clk=ID#b?c"),
        ("https://shop.example/#b", "https://shop.example/?clk=ID#b"),
    ],
)
def test_the_click_id_goes_into_the_query_before_the_fragment(destination: str, with_click: str) -> None:
    assert "ID".join(rules.around_click(destination)) == with_click


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_link_without_a_fitting_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        rules.must_be_name(name)
    assert set(refused.value.fields) == {"name"}
