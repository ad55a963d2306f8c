"""Measure exporting and verifying beside COPY and hashing of the same: `python -m bench.export [--json]`.

One advertiser with twenty partners. Clicks, orders, decisions with their receipts, commissions and a close
are made by the product's own code before anything is measured. Then all that the advertiser may see is
written, and verified, each by a fresh process that works as the command does; its memory is watched (Linux),
PostgreSQL's is not in it. The same rows are also written by COPY, and the same files only read and hashed. No
figure is printed unless the export proves itself and COPY wrote as many rows.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from bench import alone
from bench.close import __main__ as close
from bench.export import papers
from bench.export.asked import Answer
from bench.replay import deciding, network, progress

_BYTES_PER_MIB = 1024 * 1024


class Measured(Struct, frozen=True):
    """What one export costs; seconds, and mebibytes of our own processes and of the files."""

    conversions: int
    rows: int
    files_mib: int
    export_s: float
    copy_s: float
    export_mib: int
    verify_s: float
    hash_s: float
    verify_mib: int


def main() -> None:
    """Measure, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.export", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--conversions", type=int, default=100_000, metavar="N")
    options = parser.parse_args()
    measured = measure(options.conversions)
    if options.json:
        print(json.dumps(msgspec.to_builtins(measured)), flush=True)
    else:
        print_table(measured)


def measure(conversions: int) -> Measured:
    """Found a network of that size on a server of its own, and measure on it."""
    with alone.server(durable=False) as (owner_url, worker_url):
        asyncio.run(network.found(owner_url, conversions))
        asyncio.run(papers.sign(owner_url))
        asyncio.run(deciding.decide_all(owner_url))
        for what in ("accrue", "mature", "close"):
            close.asked_alone(what, worker_url)
            asyncio.run(close.books.settle(owner_url))
        with tempfile.TemporaryDirectory(prefix="pn-export-") as name:
            return exported(worker_url, conversions, Path(name))


def exported(worker_url: str, conversions: int, folder: Path) -> Measured:
    """Export and verify, and do beside each what is the least that could be done."""
    copied, _ = asked_alone("copy", worker_url, folder / "copied")
    written, export_mib = asked_alone("export", worker_url, folder / "exported")
    close.must_be(copied.count, written.count, "rows written")
    hashed, _ = asked_alone("hash", "-", folder / "exported")
    verified, verify_mib = asked_alone("verify", "-", folder / "exported")
    return Measured(
        conversions=conversions,
        rows=written.count,
        files_mib=round(verified.count / _BYTES_PER_MIB),
        export_s=round(written.seconds, 2),
        copy_s=round(copied.seconds, 2),
        export_mib=round(export_mib),
        verify_s=round(verified.seconds, 2),
        hash_s=round(hashed.seconds, 2),
        verify_mib=round(verify_mib),
    )


def asked_alone(what: str, url: str, folder: Path) -> tuple[Answer, float]:
    """Do one task in a fresh process; return what it says and the greatest memory it held."""
    answer, peak_mib = alone.asked("bench.export.asked", what, url, Answer, str(folder))
    progress.say(f"{what}: {answer.seconds:.2f} s, {peak_mib:,.0f} MiB")
    return answer, peak_mib


def print_table(measured: Measured) -> None:
    """Print what a person reads."""
    print(
        f"{measured.conversions:,} conversions: {measured.rows:,} rows, {measured.files_mib:,} MiB of files"
    )
    print(f"  export        {measured.export_s:8.2f} s  {measured.export_mib:6,} MiB of memory")
    print(f"  COPY          {measured.copy_s:8.2f} s")
    print(f"  verify        {measured.verify_s:8.2f} s  {measured.verify_mib:6,} MiB of memory")
    print(f"  read and hash {measured.hash_s:8.2f} s", flush=True)


if __name__ == "__main__":
    main()
