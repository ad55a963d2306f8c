"""After how long things go, each with its reason; MONEY needs none of what goes."""

from datetime import timedelta

SESSIONS_AFTER = timedelta(days=7)
"""Past their end: long enough to answer 'was that me?', then nobody asks any more."""
INVITATIONS_AFTER = timedelta(days=90)
"""Past their use or end: until then the inviter may ask what became of it."""
RESETS_AFTER = timedelta(days=7)
"""Past their end: a used token opens nothing and proves nothing."""
CLICK_ORIGINS_AFTER_MONTHS = 13
"""The longest window of any terms is a year; then neither attribution nor a quality case looks back."""
STRIPE_EVENTS_AFTER = timedelta(days=400)
"""Past their handling: a chargeback may come 13 months after a payment. What they meant is booked."""
JOB_LOG_AFTER = timedelta(days=90)
"""A quarter is enough to find out why a job was slow."""

EVERY = timedelta(hours=24)
"""How often the calendar lets old things go."""
BATCH_ROWS = 10_000
"""How many rows one transaction lets go, so that nobody waits for it."""

OPT_OUT_LASTS_S = 2 * 365 * 86_400
"""How long a browser remembers that its user does not want to be counted; then it is asked for again."""
