"""The authenticator that all people of the demo share: their keys, in a file that only its owner reads."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from partner_network.identity.rules import factors
from partner_network.kernel.errors import NotFoundError

FILE = "second_factors.json"


def keep(folder: Path, email: str, key: str) -> None:
    """Keep a person's key, in the place of a former one."""
    _write(folder, {**_keys(folder), email: key})


def code_of(folder: Path, email: str, at: datetime) -> str:
    """Return the code that a person's authenticator shows at an instant."""
    keys = _keys(folder)
    if not keys:
        raise NotFoundError("Nobody has a second factor yet; start bin/demo and let it load first.")
    if email not in keys:
        raise NotFoundError(
            f"{email[:80]!r} has no second factor in this demo; {', '.join(sorted(keys))} have."
        )
    return factors.totp_code(keys[email], at)


def lasts(at: datetime) -> timedelta:
    """Return how long that code is still shown."""
    return timedelta(seconds=factors.STEP_S - int(at.timestamp()) % factors.STEP_S)


def _keys(folder: Path) -> dict[str, str]:
    path = folder / FILE
    return json.loads(path.read_text()) if path.exists() else {}


def _write(folder: Path, keys: dict[str, str]) -> None:
    # Beside it and renamed: whoever asks for a code meanwhile reads the one or the other, never a half.
    making = folder / f"{FILE}.making"
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)
    making.replace(folder / FILE)
