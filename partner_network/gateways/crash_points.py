"""Numbered points around each commit and call, at which a test ends the process without a word.

They do nothing unless the environment names one; the numbers are those of docs/decisions/0032.
"""

import os
import signal

VARIABLE = "PARTNER_NETWORK_CRASH_AT"


def reach(point: int) -> None:
    """Die here, as a machine does that loses its power, if the environment says so."""
    if os.environ.get(VARIABLE) == str(point):
        os.kill(os.getpid(), signal.SIGKILL)
