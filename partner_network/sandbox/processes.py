"""Start, watch and stop the processes of the demo, so that nothing it started outlives it."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn, Self

import httpx

from partner_network.database.embedded_server import die_with

_STEP_SECONDS = 0.05
_GRACE_SECONDS = 5.0
_LOG_TAIL_LINES = 20


class Processes:
    """The child processes of one demo, in the order they were started; each writes a log file of its own."""

    def __init__(self, logs: Path, *, grace_seconds: float = _GRACE_SECONDS) -> None:
        self._logs = logs
        self._grace_seconds = grace_seconds
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> int:
        """Start a process with these variables on top of our own, and return its number."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "Start processes from the main thread: they die with the thread that starts them."
            )
        if name in self._running:
            raise ValueError(f"{name} runs already: stop it first.")
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 -- the demo's own programs
                argv,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which stops the rest in order
                preexec_fn=die_with(os.getpid(), signal.SIGTERM),  # noqa: PLW1509 -- one C call, loaded before the fork
            )
        return self._running[name].pid

    def log_of(self, name: str) -> Path:
        """Return the file that holds what a process printed."""
        return self._logs / f"{name}.log"

    def wait_until_ready(self, name: str, probe: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Wait until the probe says yes; a process that ends before that is an error with its last words."""
        for _ in range(round(seconds / _STEP_SECONDS)):
            if probe():
                return
            self.must_run(name)
            time.sleep(_STEP_SECONDS)
        raise TimeoutError(
            f"{name} was not ready in {seconds:g} s. Its last words:\n{self._last_words(name)}"
        )

    def must_run(self, name: str) -> None:
        """Raise when a process has ended."""
        status = self._running[name].poll()
        if status is not None:
            raise ChildProcessError(
                f"{name} ended with status {status}. Its last words:\n{self._last_words(name)}"
            )

    def watch(self) -> NoReturn:
        """Wait until a process ends, which is an error, or until a signal interrupts."""
        while True:
            for name in self._running:
                self.must_run(name)
            time.sleep(_STEP_SECONDS)

    def stop(self) -> None:
        """Stop all, last started first; each has a few seconds to end by itself."""
        with _without_interruption():
            while self._running:
                self._end(self._running.popitem()[1])

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self._grace_seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it, and whatever it left behind
        process.wait()

    def _last_words(self, name: str) -> str:
        return "\n".join(self.log_of(name).read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def answers(url: str) -> Callable[[], bool]:
    """Return a probe that says whether an address answers over HTTP without a server error."""

    def probe() -> bool:
        try:
            return not httpx.get(url, timeout=2, trust_env=False).is_server_error
        except httpx.TransportError:
            return False

    return probe


@contextlib.contextmanager
def interruptible() -> Generator[None]:
    """Let a polite end (SIGTERM, a closed terminal) unwind the program just as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _without_interruption() -> Generator[None]:
    # A second Ctrl-C while we stop would leave processes behind; stopping is bounded anyway.
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
