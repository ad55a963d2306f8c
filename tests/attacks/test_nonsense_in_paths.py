"""An address with nonsense in its gaps names nothing that is there: it is not found, and nothing crashes."""

from tests.attacks.routes import Door, doors
from tests.doors import Browser, Network

WORDS = (
    "nonsense",
    "-1",
    "9" * 30,
    "stm_00000000000000000000000000",
    "%ff%F0%9F%8E%B7",
)
REFUSED = {401, 403, 404, 405}


async def people(network: Network) -> list[Browser]:
    """Somebody of the network and somebody of a brand, each in every role that reads."""
    found: list[Browser] = []
    everywhere = (
        (None, ["manager", "finance", "admin"]),
        (await network.brand("groove"), ["owner", "finance"]),
    )
    for number, (brand, roles) in enumerate(everywhere):
        await network.person(f"p{number}@groove.example", brand, roles)
        found.append(await network.signed_in(f"p{number}@groove.example"))
    return found


async def asked(browser: Browser, door: Door, word: str) -> str | None:
    """Say what is wrong with the answer, None where it is as it should be; change nothing on the way."""
    path = "/".join(word if part.startswith("{") else part for part in door.path.split("/"))
    answer = await browser.client.request(door.method, path, headers={"accept": "text/html"})
    location = answer.headers.get("location", "")
    if location.startswith("/api/v1/"):  # a page's own address of a file leads on to it
        answer = await browser.get(location)
    is_read = door.method in {"GET", "HEAD"}
    is_wrong = answer.status_code >= 500 or (is_read and answer.status_code not in REFUSED)
    return f"{answer.status_code} {answer.headers.get('location', '')}" if is_wrong else None


async def test_nonsense_in_an_address_is_not_found_and_crashes_nothing(network: Network) -> None:
    wrong: dict[str, str] = {}
    for browser in await people(network):
        for door in doors(network.app):
            if "{" not in door.path or "path}" in door.path:
                continue
            for word in WORDS:
                said = await asked(browser, door, word)
                if said is not None:
                    wrong[f"{door.method} {door.path} {word[:40]}"] = said
    assert wrong == {}
