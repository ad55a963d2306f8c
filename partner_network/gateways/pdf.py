"""HTML to PDF in processes of its own, so that neither a request nor the event loop waits for a page."""

import asyncio
import contextlib
import gc
import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

ASSETS = Path(__file__).parents[2] / "assets"
HTML_BYTES_MAX = 20_000_000
LIMIT_S = 120.0
START_LIMIT_S = 60.0
PROCESSES_MAX = 8
# A fresh interpreter, for forking one that has threads and an event loop can hang the child, and
# multiprocessing would import the caller's main module, which is the whole app, once more in each child.
_CHILD = "import sys; from partner_network.gateways import pdf; pdf.serve(int(sys.argv[1]), sys.argv[2])"
_PDF, _REFUSED = b"+", b"-"
LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class PdfError(Exception):
    """A document could not be turned into a PDF; the sentence says why and what to do."""


class _RefusedError(PdfError):
    """The process is well, the document was not."""


def render(html: str, *, folder: Path = ASSETS) -> bytes:
    """Return the PDF of one document, from a process for it alone: for command lines, never in a server.

    Relative addresses are looked up in `folder`; whatever lies outside it, or on a network, is refused.
    """
    _within_limits(html)
    process = _Process(folder)
    try:
        process.wait_until_ready()
        return process.pdf(html, LIMIT_S)
    finally:
        process.end()


class Renderer:
    """A small pool of typesetting processes; start it once per worker and close it at the end.

    A process that dies, hangs or is abandoned is thrown away and the next document gets a fresh one,
    so that no caller can ever be handed the pages of another. Left out, there are as many processes
    as processors, for setting pages is nothing but reckoning.
    """

    def __init__(
        self, *, processes: int | None = None, folder: Path = ASSETS, limit_s: float = LIMIT_S
    ) -> None:
        if processes is None:
            processes = min(PROCESSES_MAX, os.cpu_count() or 1)
        if not 1 <= processes <= PROCESSES_MAX:
            raise ValueError(f"a renderer has 1 to {PROCESSES_MAX} processes, not {processes}")
        self._folder = folder
        self._limit_s = limit_s
        self._processes = processes
        self._idle: asyncio.Queue[_Process | None] = asyncio.Queue()
        self._live: set[_Process] = set()
        self._is_closed = False

    async def start(self) -> None:
        """Start every process and wait until each can set a page; a missing library is told here."""
        fresh = (self._fresh() for _ in range(self._processes))
        started = await asyncio.gather(*fresh, return_exceptions=True)
        for process in started:
            if isinstance(process, BaseException):
                await self.close()
                raise process
            self._idle.put_nowait(process)

    async def pdf(self, html: str) -> bytes:
        """Return the PDF of one document; wait for a free process first. Errors: PdfError."""
        _within_limits(html)
        process = await self._idle.get()
        well: _Process | None = None
        try:
            process = process or await self._fresh()
            content = await asyncio.to_thread(process.pdf, html, self._limit_s)
            well = process
        except _RefusedError:
            well = process
            raise
        finally:
            # Abandoned half-way (cancelled, hung, dead): its answer must not reach the next caller.
            if well is None and process is not None:
                self._discard(process)
            self._idle.put_nowait(well)
        return content

    async def close(self) -> None:
        """End every process; documents under way are lost, their callers get an error."""
        self._is_closed = True
        for process in list(self._live):
            self._discard(process)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _fresh(self) -> "_Process":
        if self._is_closed:
            raise PdfError("The renderer is closed; start another one.")
        process = _Process(self._folder)
        self._live.add(process)
        try:
            await asyncio.to_thread(process.wait_until_ready)
        except BaseException:
            self._discard(process)
            raise
        return process

    def _discard(self, process: "_Process") -> None:
        self._live.discard(process)
        process.end()


class _Process:
    """One child and our end of the pipe to it."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = socket.socketpair()
        with theirs:  # closed here once the child has it, so that its death ends our wait
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter with our own words
                [sys.executable, "-P", "-c", _CHILD, str(theirs.fileno()), str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us; the child ends when our end of the pipe does
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        self._pipe = Connection(ours.detach())
        self._speaking = threading.Lock()

    def pdf(self, html: str, limit_s: float) -> bytes:
        with self._speaking:
            try:
                self._pipe.send_bytes(html.encode())
            except OSError as error:
                raise PdfError(
                    "The PDF process had ended; ask again, a fresh one takes its place."
                ) from error
            return self._receive(limit_s)

    def wait_until_ready(self) -> None:
        with self._speaking:
            self._receive(START_LIMIT_S)

    def _receive(self, limit_s: float) -> bytes:
        try:
            if not self._pipe.poll(limit_s):
                raise PdfError(f"No PDF after {limit_s:g} s; make the document smaller or raise the limit.")
            answer = self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise PdfError("The PDF process ended in the middle of a document; ask again.") from error
        if answer[:1] != _PDF:
            raise _RefusedError(answer[1:].decode())
        return answer[1:]

    def end(self) -> None:
        self._child.kill()
        self._child.wait()
        # The child's death ends whoever still speaks with it. Closed under them, the descriptor's number
        # would go to the next process, and they would read its answer or write into its document.
        with self._speaking:
            self._pipe.close()


def _within_limits(html: str) -> None:
    if len(html) > HTML_BYTES_MAX:
        raise PdfError(f"The document has {len(html):,} characters; at most {HTML_BYTES_MAX:,} are rendered.")


def serve(descriptor: int, folder: str) -> None:
    """Be the child: answer one document after the other until the other end closes the pipe."""
    with contextlib.suppress(EOFError, OSError), Connection(descriptor) as pipe:
        try:
            typeset = _typesetter(Path(folder))
        except PdfError as error:
            pipe.send_bytes(_REFUSED + str(error).encode())
            return
        # Collect between documents, never within one: a fifth of the time otherwise goes into walking
        # boxes that are all still needed, and into the library's own objects, which never die.
        gc.disable()
        gc.collect()
        gc.freeze()
        pipe.send_bytes(_PDF)
        while True:
            pipe.send_bytes(_answer(typeset, pipe.recv_bytes().decode()))
            gc.collect()


def _typesetter(folder: Path) -> Callable[[str], bytes]:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a page of advice of its own
            from partner_network.gateways import typesetter  # noqa: PLC0415 - 70 MB, wanted in the child alone
    except OSError as error:
        raise PdfError(
            f"PDFs need system libraries that are missing ({error}). "
            f"On Debian or Ubuntu run: apt-get install --no-install-recommends {LIBRARIES}"
        ) from error
    return typesetter.Typesetter(folder).pdf


def _answer(typeset: Callable[[str], bytes], html: str) -> bytes:
    try:
        return _PDF + typeset(html)
    except Exception as error:  # noqa: BLE001 - whatever a document triggers is told to its author
        because = f" ({error.__cause__})" if error.__cause__ else ""
        reason = f"The document could not be rendered: {type(error).__name__}: {error}{because}"
        return _REFUSED + reason.encode("utf-8", "replace")
