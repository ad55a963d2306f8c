"""Whatever happens in whatever order, the books hold after every step."""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.lives import Life
from tests.machine.stages import Stage

LIVES = int(os.environ.get("MACHINE_LIVES", "0"))
"""How many lives to try at random; none: the same few for everybody, each time."""


def test_the_books_hold_after_every_step_of_any_life(stage: Stage) -> None:
    Life.stage = stage
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=LIVES or 6,
            stateful_step_count=int(os.environ.get("MACHINE_STEPS", "20")),
            derandomize=not LIVES,
            deadline=None,
            database=None,
            # Making a failure smaller takes minutes: for whoever looks for one.
            phases=[Phase.generate, Phase.shrink] if "MACHINE_SHRINK" in os.environ else [Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            print_blob=bool(LIVES),
        ),
    )
