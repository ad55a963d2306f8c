"""Measure PDFs of statements beside the bare engine in the same run: `python -m bench.statements [--json]`.

Ours is what the worker does for the PDF of a closed statement: read it from the database, write its page, and
have it set by the worker's own typesetting processes as a tagged, archivable document with its CSV inside.
The bare engine sets a page that is written already, of the same words, figures, tables and drawings, at its
best setting: one plain style with `table-layout: fixed`, typefaces kept, `gc.freeze`, collecting only between
documents. Ours and bare take turns, document by document, so that whatever else the machine does strikes
both; then two processes of each take turns with all documents. No figure is printed unless each pair of
documents has equally many pages.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec
import pypdf
from msgspec import Struct

from bench import alone
from bench.statements import closed
from bench.statements.bare import Engine
from partner_network.database import connections
from partner_network.gateways.pdf import Renderer

T = TypeVar("T")
GOAL = 1.3
ROUNDS = 2


class Measured(Struct, frozen=True):
    """What statements of one size cost, in documents a second."""

    lines: int
    pages: int
    statements: int
    pdf_per_s: float
    bare_pdf_per_s: float
    ratio_bare: float
    two_process_pdf_per_s: float
    two_process_bare_pdf_per_s: float
    two_process_ratio_bare: float


def main() -> None:
    """Measure each size that is asked for, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.statements", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object a size")
    parser.add_argument("--lines", type=int, nargs="+", default=[60, 200], metavar="N")
    parser.add_argument("--statements", type=int, default=12, metavar="N", help="documents of each size")
    options = parser.parse_args()
    for lines in options.lines:
        measured = measure(lines, options.statements)
        if options.json:
            print(json.dumps(msgspec.to_builtins(measured)), flush=True)
        else:
            print_table(measured)


def measure(lines: int, statements: int) -> Measured:
    """Close so many statements of a size on a server of their own, and set them."""
    with alone.server(durable=False) as (owner_url, worker_url), tempfile.TemporaryDirectory() as folder:
        closed.found(owner_url, worker_url, statements, lines)
        return asyncio.run(_measure(worker_url, Path(folder), lines))


async def _measure(worker_url: str, folder: Path, lines: int) -> Measured:
    await connections.open_pool(worker_url, max_size=4)
    try:
        ids = await closed.all_of()
        pages = {one: await closed.write_plain(one, folder) for one in ids}
        ours_s, bare_s, each = await _one_by_one(pages)
        two_ours_s, two_bare_s = await _two_by_two(pages)
    finally:
        await connections.close_pool()
    made = len(ids) * ROUNDS
    return Measured(
        lines=lines,
        pages=each,
        statements=len(ids),
        pdf_per_s=round(made / ours_s, 2),
        bare_pdf_per_s=round(made / bare_s, 2),
        ratio_bare=round(ours_s / bare_s, 2),
        two_process_pdf_per_s=round(made / two_ours_s, 2),
        two_process_bare_pdf_per_s=round(made / two_bare_s, 2),
        two_process_ratio_bare=round(two_ours_s / two_bare_s, 2),
    )


async def _one_by_one(pages: dict[UUID, Path]) -> tuple[float, float, int]:
    """Let one process of ours and a bare one take turns; return the seconds of each, and pages a document."""
    ours_s = bare_s = 0.0
    counts: set[int] = set()
    with Engine() as bare:
        async with Renderer(processes=1) as renderer:
            first = next(iter(pages))
            await closed.pdf_of(renderer, first)  # both are warm before anything counts
            bare.pdf(pages[first])
            for one, page in [*pages.items()] * ROUNDS:
                content, seconds = await _timed(lambda one=one: closed.pdf_of(renderer, one))
                ours_s += seconds
                bare_s += (await _timed(lambda page=page: asyncio.to_thread(bare.pdf, page)))[1]
                counts.add(await asyncio.to_thread(_pages_of_both, content, page))
    if len(counts) != 1:
        raise RuntimeError(f"the statements have {sorted(counts)} pages, not all the same")
    return ours_s, bare_s, counts.pop()


def _pages_of_both(content: bytes, page: Path) -> int:
    printed = page.with_suffix(".ours.pdf")
    printed.write_bytes(content)
    ours, bare = (len(pypdf.PdfReader(one).pages) for one in (printed, page.with_suffix(".pdf")))
    if ours != bare:
        raise RuntimeError(f"our document has {ours} pages and the bare one {bare}")
    return ours


async def _two_by_two(pages: dict[UUID, Path]) -> tuple[float, float]:
    """Let two processes of ours and two bare ones take turns with all documents; return their seconds."""
    ours_s = bare_s = 0.0
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine()) for _ in range(2)]
        async with Renderer(processes=2) as renderer:
            await _all_of(renderer, pages)
            await asyncio.to_thread(_share, engines, [*pages.values()])
            for _ in range(ROUNDS):
                ours_s += (await _timed(lambda: _all_of(renderer, pages)))[1]
                bare_s += (await _timed(lambda: asyncio.to_thread(_share, engines, [*pages.values()])))[1]
    return ours_s, bare_s


async def _all_of(renderer: Renderer, pages: dict[UUID, Path]) -> None:
    await asyncio.gather(*(closed.pdf_of(renderer, one) for one in pages))


def _share(engines: list[Engine], pages: list[Path]) -> None:
    """Let each engine set every second page."""

    def all_of(nth: int) -> None:
        for page in pages[nth :: len(engines)]:
            engines[nth].pdf(page)

    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(all_of, range(len(engines))))


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    started = time.perf_counter()
    made = await work()
    return made, time.perf_counter() - started


def print_table(measured: Measured) -> None:
    """Print what a person reads."""
    one, two = measured.ratio_bare, measured.two_process_ratio_bare
    print(f"statements of {measured.lines} lines on {measured.pages} pages, PDFs a second")
    print("                       ours     bare")
    print(
        f"  one process   {measured.pdf_per_s:11.2f}{measured.bare_pdf_per_s:9.2f}"
        f"    {one:.2f} x the time, goal {GOAL} x"
    )
    print(
        f"  two processes {measured.two_process_pdf_per_s:11.2f}{measured.two_process_bare_pdf_per_s:9.2f}"
        f"    {two:.2f} x the time, goal {GOAL} x",
        flush=True,
    )


if __name__ == "__main__":
    main()
