"""Watch how much memory a process and those it starts hold at once."""

import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

_STEP_SECONDS = 0.05
_KIB_PER_MIB = 1024


class Watch:
    """The most that a process and all below it held in memory at one time, sampled while it runs.

    What processes share is counted in each of them, so the figure is rather too high than too low. The
    database's processes are not below the one that is watched.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.peak_mib = 0.0
        self._process = process
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while self._process.poll() is None:
            held = sum(map(_resident_kib, _with_descendants(self._process.pid))) / _KIB_PER_MIB
            self.peak_mib = max(self.peak_mib, held)
            threading.Event().wait(_STEP_SECONDS)

    def wait(self) -> float:
        """Return the peak in MiB once the process has ended."""
        self._thread.join()
        return self.peak_mib


def _with_descendants(pid: int) -> Iterable[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it ended while we looked
            continue
        for child in children:
            yield from _with_descendants(int(child))


def _resident_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
