"""Run a bench as a person does, and read the one figure object that it prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def measured(*typed: str) -> dict[str, Any]:
    """Run `python -m` with these words; return what was printed, or fail with what it said was wrong."""
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", *typed], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found
