from uuid import UUID

import pytest
import structlog
from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from structlog.testing import capture_logs

from partner_network.gateways import metrics
from tests.doors import Network, network

__all__ = ["network"]


@get("/speaking/{word:str}")
async def speak(word: FromPath[str]) -> str:
    """Log a line of its own."""
    await structlog.get_logger().ainfo("spoken")
    return word


@pytest.fixture
def more_routes() -> tuple[ControllerRouterHandler, ...]:
    return (speak,)


@pytest.mark.usefixtures("more_routes")
async def test_an_answer_names_the_id_that_all_its_log_lines_carry(network: Network) -> None:
    browser = await network.browser()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await browser.get("/speaking/word")

    assert answer.text == "word"
    request_id = answer.headers["x-request-id"]
    assert UUID(request_id).version == 7
    assert {line["event"]: line["request_id"] for line in lines} == {
        "spoken": request_id,
        "answered": request_id,
    }


async def test_a_request_is_logged_by_its_route_and_never_by_its_path(network: Network) -> None:
    browser = await network.browser()
    with capture_logs() as lines:
        await browser.get("/invitations/tell-nobody-this-token")

    (line,) = lines
    assert line["route"] == "/invitations/{token}"
    assert "tell-nobody" not in str(lines)


async def test_a_stranger_cannot_choose_the_id_of_a_request(network: Network) -> None:
    browser = await network.browser()

    answer = await browser.get("/health/live", headers={"x-request-id": "chosen-by-me"})

    assert answer.headers["x-request-id"] != "chosen-by-me"


def counted(route: str, status: int) -> float:
    return metrics.REQUESTS.labels("GET", route, str(status))._value.get()  # noqa: SLF001 - the library shows it no other way  # pyright: ignore[reportPrivateUsage] - the same


async def test_every_answer_is_counted_by_route_and_status(network: Network) -> None:
    browser = await network.browser()
    before = counted("/sign-in", 200), counted("/api/v1/members", 401)

    await browser.get("/sign-in")
    await browser.get("/api/v1/members")

    assert (counted("/sign-in", 200), counted("/api/v1/members", 401)) == (before[0] + 1, before[1] + 1)
