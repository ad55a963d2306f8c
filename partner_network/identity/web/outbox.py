"""The demo's mailbox: every letter of a sandbox that has no mail server, for everybody to read.

Letters open accounts, so these doors exist nowhere else: they are not even made.
"""

import asyncio
import re
from collections.abc import Sequence

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from partner_network.gateways.mailer import folder
from partner_network.identity.web import addresses
from partner_network.kernel.errors import NotFoundError
from partner_network.settings import Settings

LETTERS = 100
_LINK = re.compile(r"(https?://[^\s<>\"]+)")


def routes(settings: Settings) -> Sequence[ControllerRouterHandler]:
    """Return the doors of the mailbox where it may stand: in a sandbox whose letters are files."""
    return (list_letters, show_letter) if settings.sandbox and settings.smtp_url is None else ()


@get("/outbox", include_in_schema=False)
async def list_letters(settings: NamedDependency[SkipValidation[Settings]]) -> Template:
    """List the newest letters."""
    found = await asyncio.to_thread(folder.letters_in, settings.outbox_folder, limit=LETTERS)
    return Template("identity/outbox.html", context={"letters": found})


@get("/outbox/{letter:str}", include_in_schema=False)
async def show_letter(letter: FromPath[str], settings: NamedDependency[SkipValidation[Settings]]) -> Template:
    """Show what a letter says, with its links to open."""
    letter_id = addresses.plain_uuid(letter)
    found = await asyncio.to_thread(folder.letter_in, settings.outbox_folder, letter_id)
    if found is None:
        raise NotFoundError("There is no such letter in the outbox.")
    return Template(
        "identity/outbox_letter.html",
        context={"letter": found, "parts_of_text": _LINK.split(found.text)},
        headers={"referrer-policy": "no-referrer"},
    )
