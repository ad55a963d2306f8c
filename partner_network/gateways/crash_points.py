"""Numbered points around each commit and call, at which a test ends the process without a word.

They do nothing unless the environment names one.
"""

import os
import signal

POINTS = range(1, 14)
OF_INVOICES = range(14, 21)
"""1 to 3: an attempt is written, Stripe has answered it, the answer is written. 4 to 6: the same of a
funding. 7 to 9: statements are funded, attempts are sent, arrivals are settled. 10 and 11: what Stripe says
of our balance is kept, one movement of it is booked. 12 and 13: what differs is known, its cases are kept.
14 to 20: an invoice is asked for, drafted, its draft is written down, it asks for the amount, it is
finalized, it is sent, that is written down."""
VARIABLE = "PARTNER_NETWORK_CRASH_AT"


def reach(point: int) -> None:
    """Die here, as a machine does that loses its power, if the environment says so."""
    if os.environ.get(VARIABLE) == str(point):
        os.kill(os.getpid(), signal.SIGKILL)
