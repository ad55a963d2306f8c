"""The zero-setup sender: letters as `.eml` files in a folder, which every mail program opens."""

import asyncio
import os
import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

import msgspec

from partner_network.gateways.mailer.letter import LaterError, Message

_NAME = re.compile(r"[0-9a-f]{32}\.eml")


class LetterInFolder(msgspec.Struct, frozen=True):
    """A letter as its file tells it."""

    id: UUID
    to: str
    subject: str
    at: datetime
    text: str
    html: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class FolderSender:
    """Puts each letter into the folder under its id, whole or not at all, for its owner alone to read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: Message) -> None:
        """Write the message; a second time replaces it with the same."""
        try:
            await asyncio.to_thread(_write, self._folder, f"{message.letter_id.hex}.eml", message.content)
        except OSError as error:
            raise LaterError(f"The folder of letters cannot be written: {error.strerror}.") from None


def letters_in(folder: Path, *, limit: int) -> Sequence[LetterInFolder]:
    """List the newest letters of a folder, the newest first."""
    if not folder.is_dir():
        return []
    # The ids sort by the time they were made.
    names = sorted((path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
    return [found for name in names[:limit] if (found := _read(folder / name)) is not None]


def letter_in(folder: Path, letter_id: UUID) -> LetterInFolder | None:
    """Read one letter of a folder."""
    return _read(folder / f"{letter_id.hex}.eml")


def _read(path: Path) -> LetterInFolder | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None  # taken away meanwhile
    message = message_from_bytes(content, EmailMessage, policy=default)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (None if body is None else str(body.get_content()) for body in bodies)
    return LetterInFolder(
        UUID(hex=path.stem),
        str(message["To"]),
        str(message["Subject"]),
        parsedate_to_datetime(str(message["Date"])),
        (text or "").replace("\r\n", "\n"),
        html,
        tuple((name, str(value)) for name, value in message.items()),
    )


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made 0600, and under a name that no reader asks for until it is whole.
    handle, temporary = tempfile.mkstemp(prefix=".", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
