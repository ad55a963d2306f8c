"""Logs as lines of JSON: one request id through all that a request does, and nothing secret in any."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(
    r"pass(word|phrase)|secret|token|cookie|authorization|api_?key|signature|credential|dsn", re.IGNORECASE
)
_SECRETS = (
    # What we and Stripe mark as keys, bearer tokens, passwords in addresses, our own 256-bit tokens.
    re.compile(r"\b(pnk|sk|rk|pk)_(live|test)_[\w-]+|\bwhsec_[\w-]+"),
    re.compile(r"(?<=bearer )\S+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])"),
)
_EMAIL = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+\.[^\s@<>\"'(),;:=]+")


def without_secrets(text: str) -> str:
    """Return a text in which keys, tokens, passwords and e-mail addresses are hidden."""
    for pattern in _SECRETS:
        text = pattern.sub(HIDDEN, text)
    return _EMAIL.sub("[address]", text)


def configure(*, to: TextIO = sys.stdout) -> None:
    """Let everything that logs in this process, libraries too, write JSON lines without secrets."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Plain tracebacks: prettier ones print local values, passwords among them.
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _hide_secrets, structlog.processors.JSONRenderer(default=str)],
        logger_factory=structlog.PrintLoggerFactory(to),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _hide_secrets,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers, root.level = [handler], logging.WARNING


def _hide_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {str(inner): _hidden(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", one) for one in value]
    return value if isinstance(value, bool | int | float | None) else without_secrets(str(value))
