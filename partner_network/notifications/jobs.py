"""What the worker does about messages: post letters, tell of accounts, warn of keys that end."""

from datetime import datetime

import msgspec

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import telling
from partner_network.identity.actions.telling import Happened
from partner_network.kernel import sentences
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import keys, post, tell
from partner_network.notifications.rules.values import Value
from partner_network.settings import Settings

MAIL = tell.MAIL
TELL = telling.TELL
_THE_NETWORK = Sentence("the network itself")


async def mail(settings: Settings) -> None:
    """Post the letters whose time has come."""
    await post.post_due(settings, clock.wall_now())


async def tell_of_account(payload: bytes) -> None:
    """Tell what happened to an account; a second time it is new to nobody."""
    happened = msgspec.json.decode(payload, type=Happened)
    said: dict[str, Value] = {**happened.said, "at": happened.at}
    if said.get("place") == "":
        said["place"] = _THE_NETWORK
    if happened.roles:
        said["role"] = said["roles"] = sentences.joined(map(Sentence, happened.roles), ", ")
    async with connections.transaction() as connection:
        await tell.notify(
            connection,
            happened.kind,
            happened.fact,
            _whom(happened),
            said=said,
            at=happened.at,
            but=happened.but,
        )


async def tell_of_failure(job: str, number: str, fact: str, error: str) -> None:
    """Tell the operator's admins that a job failed and is held."""
    async with connections.transaction() as connection:
        said: dict[str, Value] = {"job": job, "number": number, "error": error}
        await tell.notify(connection, "job-failed", fact, tell.OPERATOR, said=said)


async def follow_calendar(settings: Settings, wall_now: datetime) -> None:
    """Do what each minute asks for."""
    await keys.tell_of_ends(wall_now)
    await post.post_due(settings, wall_now)


def _whom(happened: Happened) -> tell.To:
    if happened.person is not None:
        return tell.person(happened.person)
    return tell.OPERATOR if happened.brand is None else tell.brand(happened.brand)
