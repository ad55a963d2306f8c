import msgspec
import pytest
from litestar import get, post
from litestar.params import JSONBody

from partner_network import app as web_app
from partner_network.identity.web.requests import WITHOUT_SESSION
from tests.agreements.cast import cast_of
from tests.doors import Network, network

__all__ = ["network"]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    count: int
    name: str


@get("/api/v1/broken", opt={WITHOUT_SESSION: True})
async def broken() -> None:
    raise RuntimeError("the password is hunter2")


@post("/api/v1/orders", opt={WITHOUT_SESSION: True})
async def order(data: JSONBody[Order]) -> Order:
    return data


@pytest.fixture(autouse=True)
def more_routes() -> tuple[web_app.ControllerRouterHandler, ...]:
    return (broken, order)


async def test_the_process_says_that_it_lives_and_is_ready(network: Network) -> None:
    browser = await network.browser()

    assert (await browser.get("/health/live")).json() == {"status": "live"}
    assert (await browser.get("/health/ready")).json() == {"status": "ready"}


async def test_every_answer_carries_the_security_headers_even_a_refusal(network: Network) -> None:
    browser = await network.browser()

    for path in ("/sign-in", "/nowhere", "/api/v1/sessions/current", "/health/live"):
        headers = (await browser.get(path)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "unsafe-inline" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"], path
        assert headers["cache-control"] == "no-store", path


async def test_an_unknown_address_is_a_page_to_people_and_a_problem_to_programs(network: Network) -> None:
    browser = await network.browser()

    page = await browser.get("/nowhere", headers={"accept": "text/html"})
    problem = await browser.get("/api/v1/nowhere", headers={"accept": "text/html"})

    assert (page.status_code, "There is nothing at this address." in page.text) == (404, True)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {
        "type": "urn:partner-network:problem:not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "fields": {},
    }


async def test_a_mistake_of_ours_tells_the_outside_nothing(network: Network) -> None:
    answer = await (await network.browser()).get("/api/v1/broken")

    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        (b'{"count": "many", "nmae": "x"}', 422, ["count", "name", "nmae"]),
        (b'{"count": 1, "name": null}', 422, ["name"]),
        (b"[]", 422, []),
        (b"{not json", 400, []),
        (b"", 422, []),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused_with_every_field_at_fault(
    network: Network, body: bytes, status: int, fields: list[str]
) -> None:
    browser = await network.browser()

    answer = await browser.client.post(
        "/api/v1/orders", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(field in answer.json()["fields"] for field in fields)
    if fields:
        assert sorted(answer.json()["fields"]) == fields


async def test_a_body_that_is_too_large_is_not_read(network: Network) -> None:
    answer = await (await network.browser()).client.post(
        "/api/v1/orders",
        content=b"x" * (web_app.BODY_BYTES_MAX + 1),
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 413


async def test_a_link_nobody_made_is_answered_by_a_friendly_page(network: Network) -> None:
    answer = await (await network.browser()).get("/l/nonsense")

    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


async def test_a_partners_link_leads_through_the_app_to_the_shop_and_leaves_a_click(network: Network) -> None:
    cast = await cast_of(network)
    await cast.signed()
    link = await cast.partner.accepted(
        "/api/v1/links",
        {"partnership": cast.partnership, "name": "blog", "destination_url": "https://groove.example/club"},
    )
    visitor = await network.browser()

    answer = await visitor.get(link["url"], headers={"user-agent": "Mozilla/5.0 (X11) Firefox/140.0"})

    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://groove.example/club?clk=clk_")
    assert await network.owner.fetchval("SELECT count(*) FROM clicks WHERE excluded IS NULL") == 1


async def test_the_description_of_the_api_names_its_doors(network: Network) -> None:
    described = (await (await network.browser()).get("/api/v1/schema/openapi.json")).json()

    assert {"/api/v1/agreements", "/api/v1/programs", "/api/v1/conversions"} <= set(described["paths"])
