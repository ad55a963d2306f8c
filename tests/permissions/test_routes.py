"""Every route, every role, one's own brand and another's: what each is answered."""

import re
from collections.abc import Iterator, Mapping

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import MAY
from partner_network.kernel import ids
from tests.builders import RADIO
from tests.permissions.conftest import PRINCIPALS, Principal, World
from tests.permissions.rows import OUTSIDE_THE_TABLE, ROWS, Answer, Row, expected

NAMED = {
    "statement_id": "statement",
    "conversion_id": "conversion",
    "person": "member",
    "payment": "funding",
}
"""Parameters of paths that other routes call by a shorter name."""
MEANINGLESS = {
    "token": "no-token",
    "key": "no-key",
    "api_key": "",
    "path": "no-path",
    "file_path": "x",
    "kind": "csv",
    "job": "1",
    "funding": "fnd_00000000000000000000000000",
    "case": "cse_00000000000000000000000000",
    "ask": "00000000-0000-7000-8000-000000000000",
    "charity": "bnd_00000000000000000000000000",
    "commission_id": "1",
    "clawback_id": "1",
    "message": "msg_00000000000000000000000000",
    "session_id": "00000000-0000-7000-8000-000000000000",
    "factor": "00000000-0000-7000-8000-000000000000",
}


def routes_of(app: Litestar) -> Iterator[str]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS" and handler.handler_name.rpartition(".")[2] not in OUTSIDE_THE_TABLE:
                    yield f"{method} {route.path_format}"


def filled(text: str, ids_of: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = NAMED.get(match[1], match[1])
        return ids_of.get(name) or MEANINGLESS[name]

    return re.sub(r"\{(\w+)\}", value, text)


def filled_body(body: object, ids_of: Mapping[str, str]) -> object:
    if isinstance(body, Mapping):
        return {name: filled_body(value, ids_of) for name, value in body.items()}
    return filled(body, ids_of) if isinstance(body, str) else body


async def ask(client: httpx.AsyncClient, route: str, row: Row, ids_of: Mapping[str, str]) -> httpx.Response:
    method, path = route.split(" ")
    ids_of = ids_of if row.who != "manage API keys" else {**ids_of, "key": ids_of["api_key"]}
    json = None if row.json is None else filled_body(row.json, ids_of)
    data = None if row.form is None else filled_body(row.form, ids_of)
    headers = {} if path.startswith("/api/") else {"accept": "text/html"}
    files = {"file": ("banner.png", b"no picture", "image/png")} if row.file else None
    return await client.request(
        method,
        filled(path, ids_of),
        json=json,
        data=data,  # pyright: ignore[reportArgumentType] - a form of texts
        files=files,
        headers=headers,
    )


def heard(answer: httpx.Response) -> Answer | str:
    """Name an answer; what was let in may still be refused for what it says, but never crash."""
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?"):
        return "sign in first"
    if answer.status_code in {401, 403, 404}:
        names: dict[int, Answer] = {401: "sign in first", 403: "refused", 404: "not there"}
        return names[answer.status_code]
    return (
        "in" if answer.status_code in {*range(200, 400), 409, 413, 422, 502, 503} else f"{answer.status_code}"
    )


async def answers_of(
    world: World, who: Principal, route: str, row: Row, client: httpx.AsyncClient
) -> str | None:
    """Return how an answer differs from what is expected, None when it does not."""
    answer = await ask(client, route, row, world.ids_of)
    wanted, got = expected(who.side, who.role, row), heard(answer)
    if who.is_machine and wanted == "refused" and got == "sign in first":
        return None  # a door for people alone asks a machine for a session
    if wanted == "not there" and got == "refused" and who.side in {"advertiser", "partner"}:
        return None  # who is party to it knows that it is there
    if row.who == "anyone" and got not in {"sign in first", "refused"}:
        return None  # what nobody holds the token of is not there; the door itself is open
    return None if got == wanted else f"{wanted}, not {got} ({answer.status_code}): {answer.text[:120]}"


async def test_every_route_has_a_row_and_every_row_a_route(world: World) -> None:
    assert set(routes_of(world.network.app)) == set(ROWS)


async def test_every_route_answers_every_role_at_ones_own_and_at_another_brand_as_the_table_says(
    world: World,
) -> None:
    wrong: dict[str, str] = {}
    clients = {who: await world.client(who) for who in PRINCIPALS}
    # Reads before changes, and strangers before insiders: no answer depends on what others did before.
    for route in sorted(ROWS, key=lambda one: not one.startswith(("GET", "HEAD"))):
        for who, client in clients.items():
            row = ROWS[route]
            asking = await world.client(who) if row.ends_session else client
            difference = await answers_of(world, who, route, row, asking)
            if difference is not None:
                wrong[f"{who.side} {who.role}: {route}"] = difference
    assert wrong == {}, "\n".join(f"{what}: {how}" for what, how in wrong.items())


async def test_what_needs_a_second_factor_refuses_the_password_alone(world: World) -> None:
    wrong: dict[str, str] = {}
    for route, row in ROWS.items():
        if row.who in permissions.NEEDS_SECOND_FACTOR:
            permission = MAY[row.who]
            who = (
                Principal("operator", min(permission.at_operator))
                if permission.at_operator and row.side != "brand"
                else Principal("advertiser", min(permission.at_brand))
            )
            async with await world.client(who, factor=False) as client:
                answer = await ask(client, route, row, world.ids_of)
            is_led_on = answer.status_code == 303 and "/second-factor" in answer.headers["location"]
            if not (is_led_on or answer.status_code == 403):
                wrong[route] = f"{answer.status_code}: {answer.text[:120]}"
    assert wrong == {}, "\n".join(f"{what}: {how}" for what, how in wrong.items())


async def test_a_partner_whose_partnership_ended_reads_what_both_signed_and_not_the_programs_material(
    world: World,
) -> None:
    owner, radio = world.network.owner, await world.brand_id(RADIO)
    await owner.execute(
        "UPDATE partnerships SET status = 'ended', ended_at = now() WHERE partner_id = $1", radio
    )
    agreement = await owner.fetchval(
        """SELECT a.id FROM agreements a JOIN partnerships p ON p.id = a.partnership_id
           WHERE p.partner_id = $1 LIMIT 1""",
        radio,
    )
    async with await world.client(Principal("other", "owner"), brand=radio) as client:
        statuses = {
            path: (await client.get(path)).status_code
            for path in (
                f"/api/v1/programs/{world.ids_of['program']}",
                f"/api/v1/creatives/{world.ids_of['creative']}",
                f"/api/v1/agreements/{ids.shown('agr', agreement)}",
                f"/api/v1/statements/{world.ids_of['statement']}",
            )
        }

    assert list(statuses.values()) == [404, 404, 200, 404]
