"""Passwords as argon2 hashes, made and checked in threads: each takes a core for a twentieth of a second."""

import asyncio
import functools

from pwdlib import PasswordHash

from partner_network.identity.rules import credentials

_hasher = PasswordHash.recommended()


async def hash_of(password: str, *, email: str = "") -> str:
    """Return what is stored of a password; InvalidError when it is too short, too long or too easy."""
    credentials.must_be_password(password, email=email)
    return await asyncio.to_thread(_hasher.hash, password)


async def is_right(password: str, stored: str | None) -> bool:
    """Check a password; an account that does not exist takes just as long and is never right."""
    if len(password) > credentials.PASSWORD_CHARACTERS_MAX:
        return False
    matches = await asyncio.to_thread(lambda: _hasher.verify(password, stored or _nobodys(_hasher)))
    return matches and stored is not None


@functools.cache
def _nobodys(hasher: PasswordHash) -> str:
    """A hash that no password was ever told for, with the same costs as a real one."""
    return hasher.hash(credentials.new_token())
