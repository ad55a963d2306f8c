"""Requests to the API that run as they stand once a key is put in: for a shell and for Python."""

import json
from datetime import date

import msgspec

KEY_PLACE = "PUT_YOUR_KEY_HERE"


class Sample(msgspec.Struct, frozen=True):
    """One request, twice: what it does is said by the page, by its name."""

    name: str
    curl: str
    python: str


def samples_for(base_url: str, program: str | None, on: date) -> list[Sample]:
    """Return what a brand's machine asks first: an advertiser reports, a partner reads its links."""
    if program is None:
        return [_read("links", base_url, "/api/v1/links")]
    at = f"{on.isoformat()}T00:00:00Z"
    sale = {
        "order_id": "order-1001",
        "event": "sale",
        "customer_id": "customer-1",
        "occurred_at": at,
        "currency": "USD",
        "net_minor": 4999,
        "program": program,
        "code": "SUMMER10",
    }
    named = {
        "touch_id": "answer-1",
        "kind": "direct",
        "customer_id": "customer-1",
        "at": at,
        "program": program,
    }
    refund = {
        "refund_id": "refund-1",
        "order_id": "order-1001",
        "at": at,
        "net_minor": 1000,
        "reason": "returned",
    }
    return [
        _send("conversion", base_url, "/api/v1/conversions", {"conversions": [sale]}),
        _send("touch", base_url, "/api/v1/touches", {"touches": [named]}),
        _send("refund", base_url, "/api/v1/refunds", {"refunds": [refund]}),
        _read("conversions", base_url, "/api/v1/conversions"),
    ]


def _send(name: str, base_url: str, path: str, body: object) -> Sample:
    text = json.dumps(body, indent=2)
    curl = (
        f"curl -sS {base_url}{path} \\\n"
        f'  -H "Authorization: Bearer {KEY_PLACE}" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f"  -d '{text}'"
    )
    python = (
        "import json\nfrom urllib.request import Request, urlopen\n\n"
        f"body = {text}\n"
        f'headers = {{"Authorization": "Bearer {KEY_PLACE}", "Content-Type": "application/json"}}\n'
        f'request = Request("{base_url}{path}", json.dumps(body).encode(), headers)\n'
        "print(urlopen(request).read().decode())"
    )
    return Sample(name, curl, python)


def _read(name: str, base_url: str, path: str) -> Sample:
    curl = f'curl -sS {base_url}{path} \\\n  -H "Authorization: Bearer {KEY_PLACE}"'
    python = (
        "from urllib.request import Request, urlopen\n\n"
        f'headers = {{"Authorization": "Bearer {KEY_PLACE}"}}\n'
        f'request = Request("{base_url}{path}", headers=headers)\n'
        "print(urlopen(request).read().decode())"
    )
    return Sample(name, curl, python)
