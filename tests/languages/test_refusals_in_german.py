"""A program that asks for German is refused in German, under the same paths and types as in English."""

from typing import Any

import httpx
import pytest

from tests.languages import leaks
from tests.permissions.conftest import Principal, World, lived, world

__all__ = ["lived", "world"]

MACHINE, OWNER = Principal("advertiser", "machine"), Principal("advertiser", "owner")
PARTNER, MANAGER = Principal("partner", "owner"), Principal("operator", "manager")
SALE = {
    "order_id": "O-1",
    "event": "sale",
    "customer_id": "C-1",
    "occurred_at": "2026-01-02T10:00:00Z",
    "currency": "EURO",
    "net_minor": 1_000,
}


async def refused(world: World, who: Principal, path: str, json: object) -> tuple[Any, httpx.Response]:
    """Ask the same in English and in German; return both answers, the English one read already."""
    async with await world.client(who) as client:
        english = await client.post(path, json=json)
        german = await client.post(path, json=json, headers={"accept-language": "de-CH, en;q=0.3"})
    assert english.status_code == german.status_code
    return english.json(), german


@pytest.mark.parametrize(
    ("asked", "field", "sentence"),
    [
        (
            (
                MACHINE,
                "/api/v1/conversions",
                {"conversions": [SALE, {**SALE, "currency": "EUR", "net_minor": -1}]},
            ),
            "conversions[1].net_minor",
            "Geben Sie eine ganze Zahl in kleinsten Einheiten der Währung an, nie negativ",
        ),
        (
            (MACHINE, "/api/v1/conversions", {"conversions": [SALE]}),
            "conversions[0].currency",
            "„EURO“ ist unbekannt. Geben Sie eine gültige Währung nach ISO 4217 an, etwa EUR.",
        ),
        (
            (MACHINE, "/api/v1/refunds", {"refund": []}),
            "refunds",
            'Senden Sie ein JSON-Objekt wie {"refunds": [...]} mit 1 bis 1000 Einträgen (Erstattungen).',
        ),
        (
            (
                PARTNER,
                "/api/v1/links",
                {"partnership": "{partnership}", "name": "Start", "destination_url": "https://evil.example/"},
            ),
            "destination_url",
            "führt zu „evil.example“; das Programm erlaubt tune-house.test",
        ),
        (
            (
                OWNER,
                "/api/v1/programs",
                {
                    "slug": "x",
                    "name": "",
                    "offer": "Rabatt",
                    "default_url": "ftp://x",
                    "destination_hosts": ["tune-house.test"],
                },
            ),
            "name",
            "1 bis 2000 Zeichen",
        ),
    ],
)
async def test_what_cannot_be_right_is_refused_in_german_with_the_path_of_the_field(
    world: World, asked: tuple[Principal, str, dict[str, Any]], field: str, sentence: str
) -> None:
    who, path, json = asked
    given = {name: world.ids_of["partnership"] if name == "partnership" else it for name, it in json.items()}

    english, german = await refused(world, who, path, given)
    told = german.json()

    assert german.headers["content-language"] == "de"
    assert (told["type"], list(told["fields"])) == (english["type"], list(english["fields"]))
    assert sentence in told["fields"][field]
    assert told["detail"] != english["detail"]
    assert leaks.english_in(f"<p>{told['detail']}</p>", [path, *told["fields"]]) == []


async def test_what_the_state_of_things_forbids_is_said_in_german_by_the_words_of_statuses(
    world: World,
) -> None:
    await world.network.owner.execute("UPDATE partnerships SET status = 'in_review', active_from = NULL")
    wanted = {
        "partnership": world.ids_of["partnership"],
        "name": "Start",
        "destination_url": "https://tune-house.test/",
    }

    english, german = await refused(world, PARTNER, "/api/v1/links", wanted)

    assert english["detail"] == "The partnership is in review, not active; links can be made once it is."
    assert german.json()["detail"] == (
        "Der Stand der Partnerschaft ist „in Prüfung“; Links gibt es, sobald sie aktiv ist."
    )


async def test_terms_that_cannot_be_used_are_refused_in_german_key_by_key(world: World) -> None:
    terms = '[settlement]\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\nhold_days = 1.5\n'
    wanted = {
        "partnership": world.ids_of["partnership"],
        "contract": "cross-promotion",
        "contract_version": "2026-11",
        "terms": terms,
    }

    english, german = await refused(world, MANAGER, "/api/v1/agreements", wanted)

    assert list(german.json()["fields"]) == list(english["fields"]) == ["settlement.hold_days"]
    assert german.json()["detail"] != english["detail"]


async def test_somebody_who_asks_for_no_language_of_ours_is_refused_in_english(world: World) -> None:
    async with await world.client(MACHINE) as client:
        answer = await client.post("/api/v1/refunds", json={}, headers={"accept-language": "fr, it;q=0.5"})

    assert answer.headers["content-language"] == "en"
    assert answer.json()["detail"].startswith("Send a JSON object like")
