"""Write a terms file from its tables."""

from datetime import date
from typing import Any


def written(value: Any) -> str:
    """Return one TOML value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str | date) else str(value)


def file_of(terms: dict[str, Any]) -> str:
    """Return a terms file, one key a line."""
    return "\n".join(f"{key} = {written(value)}" for key, value in terms.items())
