"""The API describes itself whole: every route, who may come in, and how each refusal looks."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Scope
from tests.doors import Network, network

__all__ = ["network"]

Document = dict[str, Any]


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


async def test_the_description_is_served_to_everybody_and_is_the_one_that_is_tested(
    network: Network, document: Document
) -> None:
    answer = await (await network.browser()).get("/api/v1/schema/openapi.json")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    assert json.loads(answer.content) == json.loads(json.dumps(document))


def test_only_the_api_is_described_and_no_page(document: Document) -> None:
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    assert "/api/v1/conversions" in document["paths"]


def test_every_operation_is_named_by_its_verb_and_stands_under_its_noun(document: Document) -> None:
    named = [operation["operationId"] for _, operation in operations(document)]

    assert len(named) == len(set(named))
    assert {"rotate_api_key", "list_links", "report_refunds"} <= set(named)
    for address, operation in operations(document):
        assert operation["tags"] == [address.split("/")[3]]
        assert operation["description"].startswith(operation["summary"]), address


def test_every_refusal_is_a_problem_in_its_own_media_type(document: Document) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for status, told in document["components"]["responses"].items():
        assert told["content"] == {"application/problem+json": {"schema": problem}}, status
    assert set(document["components"]["schemas"]["Problem"]["required"]) >= {"type", "status", "detail"}
    for address, operation in operations(document):
        refusals = {status for status in operation["responses"] if status >= "400"}
        assert refusals >= {"401", "429"}, address
        for status in refusals:
            assert operation["responses"][status] == {"$ref": f"#/components/responses/{status}"}


def test_every_reference_leads_somewhere_and_nothing_is_left_over(document: Document) -> None:
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    named |= {f"#/components/responses/{status}" for status in document["components"]["responses"]}
    assert set(references(document)) == named


@pytest.mark.parametrize(
    ("address", "ways"),
    [
        ("POST /api/v1/sessions", []),
        ("GET /api/v1/members", [{"session": []}]),
        ("GET /api/v1/links", [{"key": ["links:read"]}, {"session": []}]),
        ("POST /api/v1/links", [{"key": ["links:write"]}, {"session": [], "csrf": []}]),
        ("POST /api/v1/refunds", [{"key": ["conversions:write"]}]),
        ("POST /api/v1/agreements/{agreement}/signatures", [{"session": [], "csrf": []}]),
        (
            "GET /api/v1/conversions",
            [{"key": ["conversions:read"]}, {"key": ["reports:read"]}, {"session": []}],
        ),
    ],
)
def test_each_door_says_with_what_it_opens(
    document: Document, address: str, ways: list[dict[str, list[str]]]
) -> None:
    assert dict(operations(document))[address]["security"] == ways


def test_every_scope_opens_a_door_and_no_door_asks_for_another(document: Document) -> None:
    opened = {
        scope
        for _, operation in operations(document)
        for way in operation["security"]
        for scope in way.get("key", [])
    }

    assert opened == set(get_args(Scope)) == set(permissions.SCOPES)


def test_a_batch_that_was_stored_before_is_described_too(document: Document) -> None:
    for noun in ("conversions", "refunds"):
        responses = document["paths"][f"/api/v1/{noun}"]["post"]["responses"]
        assert responses["200"]["content"] == responses["201"]["content"]
