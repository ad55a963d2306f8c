from uuid import UUID

import pytest

from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.permissions import ApiKey, Member, Verb
from partner_network.kernel.errors import ForbiddenError, InvalidError

BRAND = UUID(int=1)


def person(role: str, *, at_operator: bool = False) -> Member:
    return Member(UUID(int=2), "Pat", "pat@x.example", None if at_operator else BRAND, frozenset({role}))


@pytest.mark.parametrize(
    ("verb", "at_brand", "at_operator"),
    [
        ("sign agreements", {"owner"}, set[str]()),
        ("draft agreements", {"owner", "marketer"}, {"manager"}),
        ("manage programs", {"owner", "marketer"}, {"manager"}),
        ("prepare statements", set[str](), {"finance"}),
        ("approve statements", set[str](), {"finance"}),
        ("fund payouts", {"finance"}, set[str]()),
        ("manage API keys", {"owner", "developer"}, set[str]()),
        ("manage brands", set[str](), {"manager", "admin"}),
        ("browse data", set[str](), {"admin"}),
    ],
)
def test_only_the_roles_of_the_design_may(verb: Verb, at_brand: set[str], at_operator: set[str]) -> None:
    for role in ("owner", "marketer", "finance", "developer", "viewer"):
        assert permissions.may(person(role), verb) == (role in at_brand), role
    for role in ("manager", "finance", "admin"):
        assert permissions.may(person(role, at_operator=True), verb) == (role in at_operator), role


def test_a_brands_finance_is_not_the_operators() -> None:
    with pytest.raises(ForbiddenError, match="finance of the network"):
        permissions.must(person("finance"), "prepare statements")


def test_a_key_needs_the_scope_it_uses() -> None:
    key = ApiKey(UUID(int=3), BRAND, frozenset({"reports:read"}), is_live=True)

    permissions.must(key, "read reports")
    with pytest.raises(ForbiddenError, match="lacks the scope conversions:write"):
        permissions.must(key, "report conversions")


@pytest.mark.parametrize(
    "verb", sorted(set(permissions.MAY) - {verb for verbs in permissions.SCOPES.values() for verb in verbs})
)
def test_what_no_scope_names_no_key_may_do(verb: Verb) -> None:
    key = ApiKey(UUID(int=3), BRAND, frozenset(permissions.SCOPES), is_live=True)

    with pytest.raises(ForbiddenError, match=f"No API key may {verb}; a person signs in"):
        permissions.must(key, verb)


def test_nothing_that_a_person_stands_for_is_in_a_scope() -> None:
    of_machines = {verb for verbs in permissions.SCOPES.values() for verb in verbs}

    assert {verb for verb in of_machines if not verb.startswith("read ")} == {
        "manage customers",  # a shop hands out and erases its customers' data as they ask it
        "manage codes",
        "manage links",
        "redeem credits",  # a shop takes what its customer pays with off what it granted
        "report conversions",
        "try terms",  # a brand tests terms in its own CI; nothing is booked
    }


def test_a_person_reports_no_conversions_and_is_told_what_does() -> None:
    with pytest.raises(ForbiddenError, match="API key with the scope conversions:write"):
        permissions.must(person("owner"), "report conversions")


@pytest.mark.parametrize("scope", sorted(permissions.LIVE_SCOPES))
def test_a_test_key_never_sees_live_figures_and_makes_nothing_live(scope: str) -> None:
    with pytest.raises(InvalidError, match=f"A test key never has {scope}"):
        permissions.must_be_scopes([scope, "programs:read"], is_live=False)
    permissions.must_be_scopes([scope], is_live=True)


@pytest.mark.parametrize("scopes", [[], ["all"], ["reports:read", "everything"]])
def test_a_key_is_not_made_with_no_scope_or_one_that_nothing_checks(scopes: list[str]) -> None:
    with pytest.raises(InvalidError):
        permissions.must_be_scopes(scopes, is_live=True)


@pytest.mark.parametrize(
    "text", ["", "nobody", "@x.example", "a b@x.example", "a@localhost", f"{'a' * 250}@x.io"]
)
def test_what_no_message_can_reach_is_no_address(text: str) -> None:
    with pytest.raises(InvalidError):
        credentials.email_of(text)


def test_an_address_is_kept_in_small_letters() -> None:
    assert credentials.email_of(" Olivia@Groove.Example ") == "olivia@groove.example"


@pytest.mark.parametrize(("length", "is_good"), [(11, False), (12, True), (200, True), (201, False)])
def test_a_password_has_twelve_to_two_hundred_characters(length: int, is_good: bool) -> None:
    try:
        credentials.must_be_password(("wxyz" * 51)[:length])
    except InvalidError:
        assert not is_good
    else:
        assert is_good


@pytest.mark.parametrize(
    ("password", "is_good"),
    [("aaaabbbbcccc", False), ("aaaabbbbcccd", True), (" Olivia@Groove.example", False)],
)
def test_a_password_is_neither_nearly_one_character_nor_ones_own_address(
    password: str, *, is_good: bool
) -> None:
    try:
        credentials.must_be_password(password, email="olivia@groove.example")
    except InvalidError:
        assert not is_good
    else:
        assert is_good


def test_tokens_are_256_bits_of_chance() -> None:
    tokens = {credentials.new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
