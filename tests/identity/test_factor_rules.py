from base64 import b32encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from partner_network.identity.rules import factors, permissions
from partner_network.identity.rules.permissions import Member, SecondFactorNeededError, Verb
from partner_network.kernel.errors import InvalidError
from partner_network.statements.actions import sign_off

RFC_KEY = b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
ROLE_FOR: dict[Verb, tuple[UUID | None, str]] = {
    "sign agreements": (UUID(int=1), "owner"),
    "prepare statements": (None, "finance"),
    "approve statements": (None, "finance"),
    "reset second factors": (None, "admin"),
}


def person(verb: Verb, *, has_given_factor: bool) -> Member:
    brand_id, role = ROLE_FOR[verb]
    return Member(
        UUID(int=2), "Pat", "pat@x.example", brand_id, frozenset({role}), has_given_factor=has_given_factor
    )


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert factors.matching_step(RFC_KEY, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize("steps", [-3, -2, -1, 0, 1, 2, 3])
def test_the_code_of_a_neighbouring_step_is_good_and_none_further_away(steps: int) -> None:
    shown = factors.totp_code(RFC_KEY, NOW + timedelta(seconds=30 * steps))

    step = factors.matching_step(RFC_KEY, shown, NOW)

    assert step == (int(NOW.timestamp()) // 30 + steps if abs(steps) <= 1 else None)


@pytest.mark.parametrize("typed", ["287082", " 287 082 ", "287-082"])
def test_a_code_may_be_typed_as_it_is_shown(typed: str) -> None:
    assert factors.plain_code(typed) == "287082"
    assert factors.is_totp(factors.plain_code(typed))


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "٢٨٧٠٨٢", "28708a"])
def test_what_is_no_code_is_not_taken_for_one(typed: str) -> None:
    assert not factors.is_totp(factors.plain_code(typed))


def test_recovery_codes_are_ten_of_eighty_bits_each() -> None:
    codes = factors.new_recovery_codes()

    assert len(set(codes)) == 10
    assert all(len(factors.plain_code(code)) * 5 == 80 for code in codes)
    assert factors.plain_code(codes[0].upper().replace("-", " ")) == factors.plain_code(codes[0])


def test_every_new_key_is_another_one_of_160_bits() -> None:
    keys = {factors.new_totp_key() for _ in range(10)}

    assert len(keys) == 10
    assert {len(key) * 5 for key in keys} == {160}


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "two\nlines"])
def test_a_factor_has_a_name_that_can_be_read(name: str) -> None:
    with pytest.raises(InvalidError):
        factors.must_be_name(name)


@pytest.mark.parametrize("verb", sorted(ROLE_FOR))
def test_the_role_alone_does_not_let_anybody_bind_a_brand_or_move_money(verb: Verb) -> None:
    assert permissions.may(person(verb, has_given_factor=False), verb)
    with pytest.raises(SecondFactorNeededError, match=f"To {verb} you need your second factor"):
        permissions.must(person(verb, has_given_factor=False), verb)

    permissions.must(person(verb, has_given_factor=True), verb)


def test_the_second_factor_alone_gives_no_right_that_the_role_does_not() -> None:
    with pytest.raises(permissions.ForbiddenError, match="You may not prepare statements"):
        permissions.must(person("sign agreements", has_given_factor=True), "prepare statements")


async def test_statements_are_signed_off_by_nobody_without_a_second_factor_whatever_the_door() -> None:
    finance = person("prepare statements", has_given_factor=False)
    with pytest.raises(SecondFactorNeededError):
        await sign_off.prepare_statement(UUID(int=9), content_hash=b"", preparer=finance, now=NOW)
    with pytest.raises(SecondFactorNeededError):
        await sign_off.approve_statement(UUID(int=9), content_hash=b"", approver=finance, reason="x", now=NOW)
