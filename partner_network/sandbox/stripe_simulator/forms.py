"""Stripe's form bodies: `a[b][0]=c` stands for `{"a": {"b": ["c"]}}`."""

import re
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]
PART = re.compile(r"[^\[\]]+|\[\]")


def decode(body: str) -> Json:
    """Read a form body or a query string; numbered keys become lists in their order, values stay text."""
    decoded: Json = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        *way, last = PART.findall(name) or [name]
        place = decoded
        for part in way:
            inner = place.setdefault(part, {})
            place[part] = place = inner if isinstance(inner, dict) else {}
        place[str(len(place)) if last == "[]" else last] = value
    return {name: _with_lists(value) for name, value in decoded.items()}


def _with_lists(value: Json | str) -> Json | list[Any] | str:
    if isinstance(value, str):
        return value
    inner = {name: _with_lists(item) for name, item in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
