"""What the database cannot count is refused in a sentence, and is no mistake of ours."""

from typing import Any, cast

import asyncpg
import httpx
from litestar import Litestar, get

from partner_network.identity.web import problems


@get("/api/v1/sums")
async def add_up() -> str:
    raise asyncpg.NumericValueOutOfRangeError("bigint out of range")


async def test_a_sum_beyond_64_bits_is_refused_in_a_sentence() -> None:
    app = Litestar(route_handlers=[add_up], exception_handlers=problems.HANDLERS)
    transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://network.test") as client:
        answer = await client.get("/api/v1/sums")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "That comes to more than can be counted here; ask for less at a time."
