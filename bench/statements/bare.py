"""The engine alone: sets files that are named to it, one a line, and says how long the PDF is."""

import gc
import logging
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from partner_network.gateways.pdf import ASSETS

ROOT = Path(__file__).parents[2]
VARIANT = "pdf/ua-1"
"""Tagged, as a statement has to be; without tags a page would be cheaper and useless to a screen reader."""


class Engine:
    """A process that is warm and holds nothing of ours but the typefaces' folder."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.statements.bare"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pdf(self, page: Path) -> None:
        """Have one page set into a file beside it. Errors: RuntimeError when the process has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the bare engine has no pipes")
        self._process.stdin.write(f"{page}\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            raise RuntimeError("the bare engine has ended")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


def serve() -> None:
    """Set what is named on the input until it ends."""
    import weasyprint  # noqa: PLC0415 - in the child alone
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - the same

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    fonts = FontConfiguration()
    gc.disable()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        page = Path(line.strip())
        source = weasyprint.HTML(string=page.read_text(), base_url=f"{ASSETS.as_uri()}/")
        size = source.write_pdf(page.with_suffix(".pdf"), font_config=fonts, pdf_variant=VARIANT)
        print(size, flush=True)
        gc.collect()


if __name__ == "__main__":
    serve()
