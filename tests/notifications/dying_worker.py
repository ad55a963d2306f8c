"""A worker that kills itself at one step: `dying_worker.py DATABASE-URL FOLDER STEP`."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[2]))

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters as mail
from partner_network.gateways.mailer.folder import FolderSender
from partner_network.gateways.mailer.letters import PostOffice
from partner_network.notifications.actions import post
from partner_network.settings import Settings

STEPS: dict[str, tuple[Any, str]] = {
    "letter written": (mail, "post"),
    "message noted": (post, "_close"),
    "letter sent": (FolderSender, "send"),
    "letter closed": (mail, "_close"),
}


def die_after(step: str) -> None:
    """Let the process end without a word as soon as the step is done."""
    where, name = STEPS[step]
    done = getattr(where, name)

    async def does_and_dies(*given: Any, **named: Any) -> Any:
        await done(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(where, name, does_and_dies)


async def main() -> None:
    url, folder, step = sys.argv[1:]
    known = Settings(
        database_url=url,
        role_urls={},
        data_folder=Path(folder),
        base_url="http://127.0.0.1:8000",
        secret_key=b"s" * 32,
        sandbox=False,
        stripe_secret_key="x",
        stripe_webhook_secret="x",
        stripe_api_base=None,
        s3_bucket=None,
        s3_endpoint_url=None,
        country_header=None,
    )
    role = None if "partner_network_worker" in url else "partner_network_worker"
    await connections.open_pool(url, role=role)
    die_after(step)
    await post.post_due(known, clock.wall_now())
    office = PostOffice(FolderSender(known.outbox_folder), known.keyring, known.mail_from)
    rows = await connections.pool().fetch("SELECT id FROM letters")
    for letter_id in [UUID(str(row["id"])) for row in rows]:
        await mail.send(office, letter_id)


asyncio.run(main())
