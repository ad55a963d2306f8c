"""The API holds to its own description, whatever is sent to it, and by whomever.

Requests are drawn from the description: what it allows, and what it forbids. Known ids stand in half of what
is allowed, so that handlers get to work and not only to look. A fixed seed makes them alike in every run.
"""

import contextlib
import copy
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, cast

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from partner_network.identity.rules import credentials
from tests.doors import BASE_URL
from tests.permissions.conftest import Principal, World

Case: TypeAlias = schemathesis.Case[Any]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EACH = {GenerationMode.POSITIVE: 9, GenerationMode.NEGATIVE: 6}
"""How many requests are drawn for each operation."""
ASKING = (
    Principal("advertiser", "owner"),
    Principal("partner", "machine"),
    Principal("operator", "finance"),
    Principal("advertiser", "finance"),
    Principal("operator", "manager"),
    Principal("advertiser", "test machine"),
    Principal("nobody", "nobody"),
)
"""Who sends them, in turn: people with a second factor, machines with every scope, and nobody."""


@pytest.fixture(scope="module")
def drawn(document: dict[str, Any]) -> list[Case]:
    """The requests, those of one operation one after the other."""
    # Without its own ways to come in: here the asking people and machines bring theirs.
    open_to_all = copy.deepcopy(document)
    for item in open_to_all["paths"].values():
        for operation in item.values():
            operation["security"] = []
    schema = schemathesis.openapi.from_dict(open_to_all)
    found: list[Any] = list(schema.get_all_operations())
    return [case for one in found for case in cases_of(one.ok())]


def cases_of(operation: Any) -> Iterator[Case]:
    for mode, count in EACH.items():
        yield from drawn_from(operation.as_strategy(generation_mode=mode), count)


def drawn_from(strategy: SearchStrategy[Case], count: int) -> list[Case]:
    cases: list[Case] = []

    @seed(2026)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=strategy)
    def draw(case: Case) -> None:
        cases.append(case)

    with contextlib.suppress(Unsatisfiable):  # where nothing is asked for, nothing can be forbidden
        draw()
    return cases


def known_ids(world: World, value: Any, name: str = "") -> Any:
    """Put what is there into a request, where the name of a field says what is wanted."""
    if isinstance(value, dict):
        return {key: known_ids(world, one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [known_ids(world, one, name) for one in value]
    names = {"statement_id": "statement", "conversion_id": "conversion", "key": "api_key", "person": "member"}
    known = world.ids_of.get(names.get(name, name))
    if known is None or not isinstance(value, str | int):
        return value
    return known if isinstance(value, str) else int(known)


def request_of(case: Case) -> requests.PreparedRequest:
    return requests.Request(**case.as_transport_kwargs(base_url=BASE_URL)).prepare()


async def client_of(world: World, who: Principal) -> httpx.AsyncClient:
    if who.role != "test machine":
        return await world.client(who)
    client = await world.client(Principal(who.side, "machine"))
    key = credentials.new_api_key(is_live=False)
    await world.network.owner.execute(
        "UPDATE api_keys SET key_hash = $1, prefix = $2 WHERE key_hash = $3",
        credentials.hash_of(key),
        key[: credentials.KEY_PREFIX_CHARACTERS],
        credentials.hash_of(client.headers["authorization"].removeprefix("Bearer ")),
    )
    client.headers["authorization"] = f"Bearer {key}"
    return client


async def answered(client: httpx.AsyncClient, case: Case) -> httpx.Response:
    """Send a request, as it was drawn."""
    prepared = request_of(case)
    headers = {name: str(value) for name, value in prepared.headers.items() if name != "User-Agent"}
    body = cast("bytes | str | None", prepared.body)
    return await client.request(str(prepared.method), str(prepared.url), content=body, headers=headers)


def broken_promises(case: Case, answer: httpx.Response) -> str:
    """Return how an answer differs from what the description says of it."""
    # Stripe is away here, and its doors say so: that this is described is checked like all else.
    checks = [one for one in CHECKS if answer.status_code != 503 or one is not not_a_server_error]
    try:
        case.validate_response(answer, checks=checks)
    except BaseExceptionGroup as error:
        told = "; ".join(str(one) for one in error.exceptions)
        return f"{told}\n{answer.request.url} {answer.request.content[:300]!r}\n{answer.text[:500]}"
    return ""


def each_in_turn(cases: Iterable[Case]) -> Iterator[tuple[Principal, list[Case]]]:
    listed = list(cases)
    if len(listed) < len(ASKING):  # where nothing is asked for there is one way to ask, and everybody does
        listed = [listed[n % len(listed)] for n in range(len(ASKING))]
    for place, who in enumerate(ASKING):
        yield who, listed[place :: len(ASKING)]


async def test_the_api_answers_as_it_says_it_does(world: World, drawn: list[Case]) -> None:
    wrong: dict[str, str] = {}
    let_in: set[str] = set()
    for label, cases in itertools.groupby(drawn, key=lambda case: case.operation.label):
        for who, of_one in each_in_turn(cases):
            async with await client_of(world, who) as client:
                for n, case in enumerate(of_one):
                    if n % 2 == 0 and case.meta is not None and case.meta.generation.mode.is_positive:
                        case.path_parameters = known_ids(world, case.path_parameters)
                        case.body = known_ids(world, case.body)
                    answer = await answered(client, case)
                    if told := broken_promises(case, answer):
                        wrong.setdefault(f"{label} by {who.side} {who.role}", told)
                    if answer.status_code < 400:
                        let_in.add(label)
    assert wrong == {}, "\n\n".join(f"{label}: {how}" for label, how in wrong.items())
    reads = {case.operation.label for case in drawn if case.operation.method.upper() == "GET"}
    assert reads - let_in == {"GET /api/v1/payout-account"}, "whoever asks, nobody was let in there"
