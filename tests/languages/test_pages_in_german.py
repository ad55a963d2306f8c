"""A German page is German from top to bottom, whoever looks at it."""

import msgspec
import pytest

from partner_network.kernel.sentences import Sentence
from partner_network.statements.documents import statement_html
from tests.languages import leaks
from tests.permissions.conftest import Principal, World, lived, world
from tests.permissions.rows import ROWS
from tests.permissions.test_routes import ask
from tests.statements.test_documents import STATEMENT

__all__ = ["lived", "world"]

LOOKING = [
    Principal("nobody", "nobody"),
    Principal("advertiser", "owner"),
    Principal("partner", "owner"),
    Principal("partner", "viewer"),
    Principal("operator", "manager"),
    Principal("operator", "finance"),
    Principal("operator", "admin"),
]
NAMES = (
    "Owner", "Viewer", "Isle of Man", "Port of Spain", "Ten per cent on every record", "As agreed",
    "To be looked at", "All is well", "The shop has it back", "It was never returned",
    "It was never delivered", "It was", "One is enough", "Two see more",
)  # fmt: skip
"""What is data: people of the cast are called as their roles are, two cities have English names, and what a
member wrote (an offer, a reason) is in that member's language."""
GERMAN = {"accept-language": "de"}


async def said_in_english(world: World, who: Principal, routes: list[str]) -> dict[str, list[str]]:
    """Return the English on the pages of some routes, as one who asks for German finds it."""
    found: dict[str, list[str]] = {}
    async with await world.client(who) as client:
        client.headers.update(GERMAN)
        for route in routes:
            row = ROWS[route]
            asking = await world.client(who) if row.ends_session else client
            asking.headers.update(GERMAN)
            answer = await ask(asking, route, row, {"message": "no-message", **world.ids_of})
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            # What a page fetches of itself stands in a page that says its language.
            page = answer.text if "<html" in answer.text else f'<html lang="de">{answer.text}</html>'
            assert '<html lang="de"' in page, f"{route} as {who.side} {who.role}"
            if english := leaks.english_in(page, NAMES):
                found[f"{route} as {who.side} {who.role} ({answer.status_code})"] = sorted({*english})
    return found


def pages(method: str) -> list[str]:
    """Return the routes that people take by a method, in an order in which none disturbs another."""
    return sorted(
        route
        for route, row in ROWS.items()
        if route.startswith(f"{method} /")
        and not route.startswith(f"{method} /api/")
        and (method == "GET" or row.form is not None)
    )


@pytest.mark.parametrize("who", LOOKING, ids=lambda who: f"{who.side}-{who.role}")
async def test_no_page_says_anything_in_english_to_whom_reads_german(world: World, who: Principal) -> None:
    found = await said_in_english(world, who, pages("GET"))

    assert found == {}, "\n".join(f"{page}: {said}" for page, said in found.items())


@pytest.mark.parametrize(
    "who",
    [Principal("advertiser", "owner"), Principal("operator", "manager"), Principal("nobody", "nobody")],
    ids=lambda who: f"{who.side}-{who.role}",
)
async def test_what_is_wrong_with_a_form_is_said_in_german_too(world: World, who: Principal) -> None:
    found = await said_in_english(world, who, pages("POST"))

    assert found == {}, "\n".join(f"{page}: {said}" for page, said in found.items())


def test_english_is_found_where_it_is_seen_or_read_out_and_not_where_it_is_marked() -> None:
    page = """<html lang="de"><title>Your account</title><p>Alles gut</p><p lang="en">The contract
        <b>of both</b></p><br><code>the.key</code><p>Konto of the Marke</p>
        <button aria-label="Close">x</button>
        <p>the@x.example /links/of</p><p>The Beat, Inc.</p></html>"""

    assert leaks.english_in(page, ["The Beat"]) == ["Your account", "Konto of the Marke", "Close"]


def test_a_german_statement_is_printed_in_german() -> None:
    german = msgspec.structs.replace(
        STATEMENT,
        language="de",
        carried_reason=Sentence("nothing is due"),
        taxes=(msgspec.structs.replace(STATEMENT.taxes[0], label=Sentence("Tax on self-billed commission")),),
        netted=(msgspec.structs.replace(STATEMENT.netted[0], reference=Sentence("against what you owe")),),
    )

    assert leaks.english_in(statement_html(german), ["Record Club"]) == []
