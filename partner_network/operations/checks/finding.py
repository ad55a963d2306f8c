"""What a check found, in one line that says what to do, and never a secret."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from partner_network.kernel.errors import PartnerNetworkError
from partner_network.settings import Settings

LIMIT_S = 15.0
_SHORTEST_SECRET = 4  # a shorter one would blank out ordinary words
Level = Literal["ok", "warning", "FAILED"]


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do about it where it is not well."""

    level: Level
    what: str
    sentence: str
    to_do: str = ""

    @property
    def line(self) -> str:
        """Return it as one line of a list."""
        return f"{self.level:<8} {self.what:<20} {self.sentence} {self.to_do}".rstrip()


class Check(msgspec.Struct, frozen=True):
    """One look; ``advice`` is what to do when not even looking was possible."""

    what: str
    look: Callable[[Settings], Awaitable[Sequence[Finding]]]
    advice: str
    limit_s: float = LIMIT_S


async def find(check: Check, settings: Settings) -> Sequence[Finding]:
    """Look, and say in a line what kept us from looking; nothing that goes wrong stops the other checks."""
    try:
        async with asyncio.timeout(check.limit_s):
            found = await check.look(settings)
    except TimeoutError:
        found = [failed(check.what, f"There was no answer within {check.limit_s:g} s.", check.advice)]
    except PartnerNetworkError as refused:
        found = [failed(check.what, refused.detail, check.advice)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator is told and the others go on
        said = " ".join(str(error).split()) or "no reason given"
        found = [failed(check.what, f"{type(error).__name__}: {said}.", check.advice)]
    secrets = sorted(secrets_of(settings), key=len, reverse=True)
    return [without(secrets, one) for one in found]


def ok(what: str, sentence: str) -> Finding:
    """Say that something is as it should be."""
    return Finding("ok", what, sentence)


def warning(what: str, sentence: str, to_do: str) -> Finding:
    """Say that something works and should be looked at."""
    return Finding("warning", what, sentence, to_do)


def failed(what: str, sentence: str, to_do: str) -> Finding:
    """Say that something does not work."""
    return Finding("FAILED", what, sentence, to_do)


def without(secrets: Iterable[str], finding: Finding) -> Finding:
    """Blank out every secret: an answer from outside may repeat what we sent."""
    sentence = finding.sentence
    for secret in secrets:
        sentence = sentence.replace(secret, "***")
    return msgspec.structs.replace(finding, sentence=sentence)


def secrets_of(settings: Settings) -> set[str]:
    """Return all that may be printed nowhere."""
    keys = (settings.secret_key, *settings.former_secret_keys)
    urls = (settings.database_url, settings.smtp_url, *settings.role_urls.values())
    passwords = [urlsplit(url).password for url in urls if url]
    found = {key.decode(errors="replace") for key in keys}
    found |= {settings.stripe_secret_key, settings.stripe_webhook_secret, settings.metrics_token or ""}
    found |= set(settings.stripe_webhook_secret.split(","))
    found |= {form for password in passwords if password for form in (password, unquote(password))}
    return {secret for secret in found if len(secret) >= _SHORTEST_SECRET}
