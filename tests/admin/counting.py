"""Counts what is asked of the database."""

from typing import Any

import asyncpg
import pytest


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which every query of this process is added from now on."""
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        real: Any = getattr(asyncpg.Connection, name)

        def asking(self: Any, query: str, *values: Any, real: Any = real, **options: Any) -> Any:
            asked.append(query)
            return real(self, query, *values, **options)

        monkeypatch.setattr(asyncpg.Connection, name, asking)
    return asked
