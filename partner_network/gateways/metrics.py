"""What monitoring reads: counters of this machine's web processes, and the state that all share."""

import os
from collections.abc import Mapping
from pathlib import Path

# With several web processes on a machine each keeps its counts in a file of this folder, where whichever
# process is asked adds them up. The library looks once, when it is first imported.
_FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _FOLDER is not None:
    Path(_FOLDER).mkdir(parents=True, exist_ok=True)

from prometheus_client import (  # noqa: E402 - see above
    CONTENT_TYPE_PLAIN_0_0_4,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402 - see above

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

REQUESTS = Counter(
    "partner_network_requests", "Requests answered, redirects apart", ["method", "route", "status"]
)
SECONDS = Histogram(
    "partner_network_request_seconds",
    "How long an answer took, redirects apart",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
CLICKS = Counter(
    "partner_network_clicks",
    "Clicks answered: inserted, spooled, shipped out of the spool, or lost when database and spool failed",
    ["fate"],
)
for _fate in ("inserted", "spooled", "shipped", "lost"):
    CLICKS.labels(_fate)  # told from the start: an alarm on what was never counted would stay silent


def exposition(state: Mapping[str, Mapping[tuple[str, ...], float]], described: Mapping[str, str]) -> bytes:
    """Return all metrics as text; ``state`` holds gauges by name and label values, told as of now."""
    gauges = CollectorRegistry()
    for name, values in state.items():
        gauge = Gauge(name, described[name], ["kind"], registry=gauges)
        for labels, value in values.items():
            gauge.labels(*labels).set(value)
    return generate_latest(_counters()) + generate_latest(gauges)


def _counters() -> CollectorRegistry:
    if _FOLDER is None:
        return REGISTRY
    every_process = CollectorRegistry()
    MultiProcessCollector(every_process, _FOLDER)
    return every_process
