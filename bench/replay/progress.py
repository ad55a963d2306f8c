"""Say on the error stream what a long set-up is at, so that the figures stay alone on the other one."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def timed(what: str) -> Generator[None]:
    """Print how long something took."""
    started = time.perf_counter()
    yield
    say(f"{what}: {time.perf_counter() - started:.1f} s")


def say(line: str) -> None:
    """Print one line."""
    print(line, file=sys.stderr, flush=True)
