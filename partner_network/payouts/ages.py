"""The four steps by which finance people read how long money has waited: pure."""

STEPS_DAYS = (30, 60, 90)
"""The last day of each step but the open one."""


def step_of(days: int) -> int:
    """Return the step of an age: 0 up to 30 days, 1 up to 60, 2 up to 90, 3 beyond."""
    return sum(days > last for last in STEPS_DAYS)
