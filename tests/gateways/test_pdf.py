import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

import pypdf
import pytest
import pytest_asyncio

from partner_network.gateways import pdf


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


PAGE = """<html lang="en"><head><title>Two pages</title><link rel="stylesheet" href="pdf/fonts.css">
<link rel="attachment" href="data:text/plain,12.50" title="amount.txt">
<style>body { font-family: "Plex Sans" } h1 { break-before: page }</style></head>
<body><h1>First</h1><p>12.50</p><h1>Second</h1></body></html>"""


class SlowlyRead:
    """A pipe whose reader is held up between learning of an answer and reading it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.is_being_read = threading.Event()
        self.was_closed_while_read: bool | None = None
        self.send_bytes, self.recv_bytes, self.close = pipe.send_bytes, pipe.recv_bytes, pipe.close

    def poll(self, limit_s: float) -> bool:
        self.is_being_read.set()
        is_answered = self._pipe.poll(limit_s)
        time.sleep(0.3)
        self.was_closed_while_read = self._pipe.closed
        return is_answered


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def renderer() -> AsyncIterator[pdf.Renderer]:
    async with pdf.Renderer(processes=1, limit_s=30) as started:
        yield started


def text_of(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages]


async def test_a_document_becomes_its_pages(renderer: pdf.Renderer) -> None:
    pages = text_of(await renderer.pdf(PAGE))
    assert ["First" in pages[0], "12.50" in pages[0], "Second" in pages[1]] == [True, True, True]


async def test_two_processes_set_many_documents_and_each_caller_gets_its_own() -> None:
    async with pdf.Renderer(processes=2) as renderer:
        made = await asyncio.gather(*(renderer.pdf(f"<title>t</title><p>number {n}") for n in range(8)))
    assert [text_of(content)[0].strip() for content in made] == [f"number {n}" for n in range(8)]


async def test_there_is_a_process_for_each_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    async with pdf.Renderer() as renderer:
        assert len(renderer._live) == 3  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - how many
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert pdf.Renderer()._processes == pdf.PROCESSES_MAX  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same


async def test_the_web_process_never_imports_the_typesetter(renderer: pdf.Renderer) -> None:
    code = "import sys; from partner_network.gateways import pdf; print('weasyprint' in sys.modules)"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "False"
    assert await renderer.pdf(PAGE)


async def test_the_same_text_gives_the_same_bytes_in_another_process_at_another_time() -> None:
    code = (
        "import sys; from partner_network.gateways import pdf; "
        "sys.stdout.buffer.write(pdf.render(sys.argv[1]))"
    )
    made = {
        (
            await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", code, PAGE],
                capture_output=True,
                check=True,
                env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            )
        ).stdout
        for seed, zone in [("1", "UTC"), ("2", "Asia/Tokyo")]
    }
    assert len(made) == 1
    assert set(re.findall(rb"D:(\d{8})", made.pop())) == {
        b"20000101"
    }  # of the undated attachment, no clock's


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/logo.png",
        "https://example.org/logo.png",
        "file:///etc/passwd",
        "../pyproject.toml",
        "pdf/../../pyproject.toml",
        "pdf/%2e%2e/%2e%2e/pyproject.toml",
        "file://elsewhere/etc/passwd",
        "ftp://127.0.0.1/logo.png",
    ],
)
async def test_a_document_that_reaches_outside_the_assets_is_refused(
    renderer: pdf.Renderer, address: str
) -> None:
    with pytest.raises(pdf.PdfError, match="could not be rendered"):
        await renderer.pdf(f'<title>t</title><img alt="" src="{address}">')


async def test_a_data_address_is_allowed(renderer: pdf.Renderer) -> None:
    dot = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"
    assert (await renderer.pdf(f'<title>t</title><img alt="dot" src="{dot}">')).startswith(b"%PDF-")


async def test_a_hung_document_is_ended_and_the_next_one_is_set() -> None:
    async with pdf.Renderer(processes=1, limit_s=0.001) as renderer:
        with pytest.raises(pdf.PdfError, match="No PDF after"):
            await renderer.pdf(PAGE)
        renderer._limit_s = 30  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the hang is over
        assert len(text_of(await renderer.pdf(PAGE))) == 2


async def test_a_dead_process_fails_one_document_and_is_replaced(renderer: pdf.Renderer) -> None:
    for process in renderer._live:  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - stands for the out-of-memory killer
        process._child.kill()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same
        process._child.wait()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same
    with pytest.raises(pdf.PdfError, match="ask again"):
        await renderer.pdf(PAGE)
    assert len(text_of(await renderer.pdf(PAGE))) == 2


async def test_a_refused_document_costs_no_process(renderer: pdf.Renderer) -> None:
    before = set(renderer._live)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - which processes
    with pytest.raises(pdf.PdfError, match="could not be rendered"):
        await renderer.pdf('<title>t</title><img alt="" src="https://example.org/a.png">')
    assert renderer._live == before  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same


async def test_a_closed_renderer_sets_nothing_and_leaves_no_process_behind() -> None:
    renderer = pdf.Renderer(processes=1)
    await renderer.start()
    processes = [process._child for process in renderer._live]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - which
    await renderer.close()
    assert [process.poll() for process in processes] == [-9]
    for _ in range(2):
        with pytest.raises(pdf.PdfError):
            await renderer.pdf(PAGE)


async def test_a_process_ends_when_its_worker_is_killed(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, pathlib, signal
from partner_network.gateways import pdf
async def main():
    renderer = pdf.Renderer(processes=1)
    await renderer.start()
    [process] = renderer._live
    pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(process._child.pid))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=False)
    pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
    for _ in range(500):
        if not await asyncio.to_thread(is_running, pid):
            return
        await asyncio.sleep(0.01)
    pytest.fail("the typesetting process outlived its worker")


async def test_a_cancelled_document_never_reaches_the_next_caller(renderer: pdf.Renderer) -> None:
    first = asyncio.create_task(renderer.pdf("<title>t</title><p>for the first caller" * 2000))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert "second" in text_of(await renderer.pdf("<title>t</title><p>for the second caller"))[0]


async def test_a_pipe_is_closed_only_when_nobody_reads_it_any_more() -> None:
    async with pdf.Renderer(processes=1) as renderer:
        [process] = renderer._live  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the pipe under test
        pipe = SlowlyRead(process._pipe)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same
        process._pipe = pipe  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue] - the same
        first = asyncio.create_task(renderer.pdf("<title>t</title><p>for the first caller"))
        await asyncio.to_thread(pipe.is_being_read.wait, 30)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    assert pipe.was_closed_while_read is False


async def test_missing_system_libraries_are_named_with_the_command_that_installs_them(tmp_path: Path) -> None:
    without = "raise OSError(\"cannot load library 'libpango-1.0-0'\")"
    await asyncio.to_thread((tmp_path / "weasyprint.py").write_text, without)
    code = """
from partner_network.gateways import pdf
try:
    pdf.render("<p>x")
except pdf.PdfError as error:
    print(error)
"""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert "cannot load library 'libpango-1.0-0'" in done.stdout
    assert "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0" in done.stdout


async def test_a_document_too_large_is_refused_before_it_is_sent(renderer: pdf.Renderer) -> None:
    with pytest.raises(pdf.PdfError, match="at most 20,000,000"):
        await renderer.pdf("x" * (pdf.HTML_BYTES_MAX + 1))


WELL_FORMED = '<?xml version="1.0"?>\n<!DOCTYPE html>\n' + PAGE.replace('css">', 'css"/>').replace(
    'txt">', 'txt"/>'
)


async def test_a_document_that_says_it_is_xml_has_the_same_pages(renderer: pdf.Renderer) -> None:
    assert text_of(await renderer.pdf(WELL_FORMED)) == text_of(await renderer.pdf(PAGE))


@pytest.mark.parametrize("typed", ["\x0b", "\x01", "<br>", "&nbsp;"])
async def test_what_xml_does_not_know_is_read_as_browsers_do(renderer: pdf.Renderer, typed: str) -> None:
    odd = WELL_FORMED.replace("12.50</p>", f"12{typed}50</p>")
    pages = text_of(await renderer.pdf(odd))
    assert [page.partition("\n")[0] for page in pages] == ["First", "Second"]


async def test_each_document_has_an_identifier_of_its_own_content(renderer: pdf.Renderer) -> None:
    made = [await renderer.pdf(page) for page in (PAGE, PAGE, PAGE.replace("12.50", "12.51"))]
    first, second, other = (pypdf.PdfReader(BytesIO(content)).trailer["/ID"] for content in made)
    assert first == second != other
    assert len(re.findall(rb"/ID \[<[0-9a-f]{32}> <[0-9a-f]{32}>\]", made[0])) == 1


SHEETED = (
    '<?xml version="1.0"?><html lang="en"><head><title>t</title><link rel="stylesheet" href="{sheet}"/>'
    "</head><body><p>Well set</p></body></html>"
)


async def test_each_document_keeps_to_the_style_sheets_that_it_names(renderer: pdf.Renderer) -> None:
    plain, ruled = (SHEETED.format(sheet=one) for one in ("pdf/fonts.css", "pdf/document.css"))
    first = await renderer.pdf(plain)
    assert await renderer.pdf(ruled) != first
    assert await renderer.pdf(plain) == first, "sheets are parsed once, and none sticks to the next document"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "https://example.org/a.css", "../pyproject.toml"])
async def test_a_style_sheet_outside_of_the_assets_is_refused(renderer: pdf.Renderer, address: str) -> None:
    with pytest.raises(pdf.PdfError, match="could not be rendered"):
        await renderer.pdf(SHEETED.format(sheet=address))
