from typing import Any

import pytest
from litestar import get, post
from litestar.params import JSONBody

from partner_network.app import ControllerRouterHandler
from partner_network.database import connections
from tests.doors import Network

SECRETS = (
    "hunter2",
    "members",
    "SELECT",
    "asyncpg",
    "Traceback",
    "partner_network/",
    "/work",
    "password_hash",
)


@get("/api/v1/broken-query")
async def broken_query() -> None:
    async with connections.transaction() as connection:
        await connection.execute("SELECT hunter2 FROM members WHERE password_hash = 'x'")


@get("/broken-page")
async def broken_page() -> None:
    raise RuntimeError("hunter2")


@post("/api/v1/broken-body")
async def broken_body(data: JSONBody[dict[str, Any]]) -> None:
    del data
    raise KeyError("hunter2")


@pytest.fixture(autouse=True)
def more_routes() -> tuple[ControllerRouterHandler, ...]:
    return (broken_query, broken_page, broken_body)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_a_mistake_of_ours_tells_neither_its_query_nor_its_place(network: Network, accept: str) -> None:
    browser = await network.browser()
    headers = {"accept": accept}

    answers = [
        await browser.get("/api/v1/broken-query", headers=headers),
        await browser.get("/broken-page", headers=headers),
        await browser.post("/api/v1/broken-body", {"a": 1}, headers=headers),
    ]

    for answer in answers:
        assert answer.status_code == 500
        assert "Something went wrong here, not with you" in answer.text
        told = answer.text + str(answer.headers.raw)
        assert [secret for secret in SECRETS if secret in told] == []


async def test_headers_say_nothing_of_what_the_network_runs_on(network: Network) -> None:
    answer = await (await network.browser()).get("/sign-in")

    assert not {"server", "x-powered-by", "x-runtime"} & set(answer.headers)
