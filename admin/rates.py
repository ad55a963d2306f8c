"""Exchange rates in the back office: what is on record, what waits for a day, and a file to load."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from admin.queries import stopped
from partner_network.commissions import rate_queries
from partner_network.commissions.actions import load_rates
from partner_network.commissions.rules import rate_files
from partner_network.commissions.rules.rate_files import Published
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards, problems
from partner_network.identity.web.limits import LIMITED_AS
from partner_network.kernel.errors import ConflictError, InvalidError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence

FILE_BYTES_MAX = 4_000_000
"""All days of all the ECB's currencies since 1999 are a sixth of it."""
NAME_CHARACTERS_MAX = 200
_FRAME_BYTES_MAX = 100_000  # what the form adds around the file
_DAY = timedelta(days=1)


@get("/admin/rates", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def show_rates(member: NamedDependency[Member]) -> Template:
    """Show the newest rate of each pair, and which partnerships wait for one."""
    return await _page(member)


@post(
    "/admin/rates",
    guards=[guards.must_be_operator, guards.must_load_exchange_rates],
    request_max_body_size=FILE_BYTES_MAX + _FRAME_BYTES_MAX,
    opt={LIMITED_AS: "uploads by person"},
    include_in_schema=False,
)
async def load(member: NamedDependency[Member], request: Request[Any, Any, Any]) -> Redirect | Template:
    """Load a file in a form of the ECB's; the same rates again change nothing."""
    sent = (await request.form()).get("file")
    now = await clock.now()
    try:
        text, name = await _read(sent)
        # Megabytes of figures keep no other request waiting while they are read.
        rates = await asyncio.to_thread(_rates_in, text, name, now)
        await load_rates.load_rates(rates, source=name, now=now, by=member)
    except (InvalidError, ConflictError) as refused:
        return await _page(member, refused)
    return Redirect("/admin/rates", status_code=303)


async def _read(sent: object) -> tuple[str, str]:
    """Return the text of the file that was chosen, and its name."""
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise InvalidError("Choose a file first.", fields={"file": Sentence("Choose a file first.")})
    try:
        return (await sent.read()).decode("utf-8-sig"), sent.filename[:NAME_CHARACTERS_MAX]
    except UnicodeDecodeError:
        told = Sentence("This file is no UTF-8 text. Nothing was loaded.")
        raise InvalidError(told, fields={"file": told}) from None


def _rates_in(text: str, name: str, now: datetime) -> list[Published]:
    # A day begins in the east before it does in UTC.
    return list(rate_files.read(text, name, until=now.date() + _DAY))


async def _page(member: Member, refused: PartnerNetworkError | None = None) -> Template:
    async with connections.transaction(eyes=member.eyes) as connection:
        newest = await rate_queries.newest_of_each_pair(connection)
    waiting = [one for one in await stopped.streams() if one.key == "settlement.currency"]
    status = 200 if refused is None else problems.status_of(refused)
    context: dict[str, Any] = {
        "newest": newest,
        "waiting": waiting,
        "refusal": "" if refused is None else refused.sentence,
    }
    return Template("admin/rates.html", context=context, status_code=status)
