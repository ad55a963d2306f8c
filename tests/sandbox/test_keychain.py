from datetime import UTC, datetime
from pathlib import Path

import pytest

from partner_network.identity.rules import factors
from partner_network.kernel.errors import NotFoundError
from partner_network.sandbox import keychain

NOW = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
ROSA, BEN = "rosa@riff-radio.example", "ben@backline.example"


def test_the_demos_authenticator_shows_the_code_of_each_person(tmp_path: Path) -> None:
    keys = {email: factors.new_totp_key() for email in (ROSA, BEN)}
    for email, key in keys.items():
        keychain.keep(tmp_path, email, key)

    for email, key in keys.items():
        assert keychain.code_of(tmp_path, email, NOW) == factors.totp_code(key, NOW)
    assert keychain.lasts(NOW).seconds == 20


def test_nobody_but_its_owner_reads_the_demos_keys(tmp_path: Path) -> None:
    keychain.keep(tmp_path, ROSA, factors.new_totp_key())

    (kept,) = tmp_path.iterdir()

    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_person_without_a_second_factor_is_told_who_has_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="start bin/demo"):
        keychain.code_of(tmp_path, ROSA, NOW)
    keychain.keep(tmp_path, ROSA, factors.new_totp_key())

    with pytest.raises(NotFoundError, match=f"{BEN}.*{ROSA} have"):
        keychain.code_of(tmp_path, BEN, NOW)
