"""HTML to PDF in processes of its own, so that neither a request nor the event loop waits for a page."""

import asyncio
import contextlib
import gc
import io
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple, Self

ASSETS = Path(__file__).parents[2] / "assets"
HTML_BYTES_MAX = 20_000_000
LIMIT_S = 120.0
START_LIMIT_S = 60.0
PROCESSES_MAX = 8
LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class PdfError(Exception):
    """A document could not be turned into a PDF; the sentence says why and what to do."""


class _Refused(NamedTuple):
    """Why there is no PDF, in a sentence for the person who asked."""

    reason: str


_Answer = bytes | _Refused


def render(html: str, *, folder: Path = ASSETS) -> bytes:
    """Return the PDF of one document, from a process for it alone: for command lines, never in a server.

    Relative addresses are looked up in `folder`; whatever lies outside it, or on a network, is refused.
    """
    _within_limits(html)
    process = _Process(folder)
    try:
        _pdf_of(process.receive(START_LIMIT_S))
        return _pdf_of(process.answer(html, LIMIT_S))
    finally:
        process.end()


class Renderer:
    """A small pool of typesetting processes; start it once per worker and close it at the end.

    A process that dies, hangs or is abandoned is thrown away and the next document gets a fresh one,
    so that no caller can ever be handed the pages of another.
    """

    def __init__(self, *, processes: int = 2, folder: Path = ASSETS, limit_s: float = LIMIT_S) -> None:
        if not 1 <= processes <= PROCESSES_MAX:
            raise ValueError(f"a renderer has 1 to {PROCESSES_MAX} processes, not {processes}")
        self._folder = folder
        self._limit_s = limit_s
        self._processes = processes
        self._idle: asyncio.Queue[_Process | None] = asyncio.Queue()
        self._live: set[_Process] = set()

    async def start(self) -> None:
        """Start every process and wait until each can set a page; a missing library is told here."""
        started = await asyncio.gather(*(self._fresh() for _ in range(self._processes)))
        for process in started:
            self._idle.put_nowait(process)

    async def pdf(self, html: str) -> bytes:
        """Return the PDF of one document; wait for a free process first."""
        _within_limits(html)
        process = await self._idle.get()
        keep: _Process | None = None
        try:
            process = process or await self._fresh()
            answer = await asyncio.to_thread(process.answer, html, self._limit_s)
            keep = process
        finally:
            # Abandoned half-way (cancelled, hung, dead): its answer must not reach the next caller.
            if keep is None and process is not None:
                self._discard(process)
            self._idle.put_nowait(keep)
        return _pdf_of(answer)

    async def close(self) -> None:
        """End every process; documents under way are lost, their callers get an error."""
        for process in list(self._live):
            self._discard(process)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _fresh(self) -> "_Process":
        process = await asyncio.to_thread(_Process, self._folder)
        self._live.add(process)
        try:
            _pdf_of(await asyncio.to_thread(process.receive, START_LIMIT_S))
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
        # A fork server: forking a process that has threads and an event loop can hang the child.
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = multiprocessing.Pipe()
        self._child: ForkServerProcess = context.Process(target=_serve, args=(theirs, folder), daemon=True)
        self._child.start()
        theirs.close()  # so that the child's death ends our wait

    def answer(self, html: str, limit_s: float) -> _Answer:
        try:
            self._pipe.send(html)
        except OSError as error:
            raise PdfError("The PDF process had ended; ask again, a fresh one takes its place.") from error
        return self.receive(limit_s)

    def receive(self, limit_s: float) -> _Answer:
        try:
            if not self._pipe.poll(limit_s):
                raise PdfError(f"No PDF after {limit_s:g} s; make the document smaller or raise the limit.")
            return self._pipe.recv()
        except (EOFError, OSError) as error:
            raise PdfError("The PDF process ended in the middle of a document; ask again.") from error

    def end(self) -> None:
        self._child.kill()
        self._child.join()
        self._pipe.close()


def _within_limits(html: str) -> None:
    if len(html) > HTML_BYTES_MAX:
        raise PdfError(f"The document has {len(html):,} characters; at most {HTML_BYTES_MAX:,} are rendered.")


def _serve(pipe: Connection, folder: Path) -> None:
    """Answer one document after the other, in the child, until the other end closes the pipe."""
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            typeset = _typesetter(folder)
        except PdfError as error:
            pipe.send(_Refused(str(error)))
            return
        # Collect between documents, never within one: a fifth of the time otherwise goes into walking
        # boxes that are all still needed, and into the library's own objects, which never die.
        gc.disable()
        gc.collect()
        gc.freeze()
        pipe.send(b"")
        while True:
            pipe.send(_answer(typeset, pipe.recv()))
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


def _answer(typeset: Callable[[str], bytes], html: str) -> _Answer:
    try:
        return typeset(html)
    except Exception as error:  # noqa: BLE001 - whatever a document triggers is told to its author
        because = f" ({error.__cause__})" if error.__cause__ else ""
        return _Refused(f"The document could not be rendered: {type(error).__name__}: {error}{because}")


def _pdf_of(answer: _Answer) -> bytes:
    if isinstance(answer, _Refused):
        raise PdfError(answer.reason)
    return answer
