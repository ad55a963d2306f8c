"""The demo's mailbox: every letter of a sandbox that has no mail server, for everybody to read.

Letters open accounts, so these doors exist nowhere else: they are not even made.
"""

import asyncio
import re
from collections.abc import Sequence

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from partner_network.gateways.mailer import folder
from partner_network.gateways.mailer.folder import LetterInFolder
from partner_network.identity.web import addresses
from partner_network.kernel.errors import NotFoundError
from partner_network.settings import Settings

LETTERS = 100
_LINK = re.compile(r"(https?://[^\s<>\"]+)")
# A letter brings its styles along, as mail programs want it. It runs nothing, fetches nothing and sends
# nothing; its links open beside it, as they would from a mail program.
_OF_A_LETTER = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def routes(settings: Settings) -> Sequence[ControllerRouterHandler]:
    """Return the doors of the mailbox where it may stand: in a sandbox whose letters are files."""
    return (list_letters, show_letter, show_html) if settings.sandbox and settings.smtp_url is None else ()


@get("/outbox", include_in_schema=False)
async def list_letters(settings: NamedDependency[SkipValidation[Settings]]) -> Template:
    """List the newest letters."""
    found = await asyncio.to_thread(folder.letters_in, settings.outbox_folder, limit=LETTERS)
    return Template("identity/outbox.html", context={"letters": found})


@get("/outbox/{letter:str}", include_in_schema=False)
async def show_letter(letter: FromPath[str], settings: NamedDependency[SkipValidation[Settings]]) -> Template:
    """Show what a letter says, with its links to open."""
    found = await _letter(letter, settings)
    return Template(
        "identity/outbox_letter.html",
        context={"letter": found, "parts_of_text": _LINK.split(found.text)},
        headers={"referrer-policy": "no-referrer"},
    )


@get("/outbox/{letter:str}/html", include_in_schema=False)
async def show_html(
    letter: FromPath[str], settings: NamedDependency[SkipValidation[Settings]]
) -> Response[str]:
    """Show a letter as a mail program does, under a policy of its own."""
    found = await _letter(letter, settings)
    if found.html is None:
        raise NotFoundError("This letter is plain text alone.")
    return Response(
        found.html.replace("<head>", '<head><base target="_blank">', 1),
        media_type="text/html",
        headers={"content-security-policy": _OF_A_LETTER, "referrer-policy": "no-referrer"},
    )


async def _letter(letter: str, settings: Settings) -> LetterInFolder:
    letter_id = addresses.plain_uuid(letter)
    found = await asyncio.to_thread(folder.letter_in, settings.outbox_folder, letter_id)
    if found is None:
        raise NotFoundError("There is no such letter in the outbox.")
    return found
