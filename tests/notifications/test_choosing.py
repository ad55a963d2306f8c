"""What people choose about letters: on their page, by the API, and by a letter's own link."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from partner_network.gateways import clock
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.keyring import Keyring
from partner_network.notifications.actions import post
from partner_network.notifications.rules import choosing, leaving
from partner_network.notifications.rules.choosing import Wanted
from partner_network.notifications.rules.registry import KINDS
from tests.doors import Network, settings
from tests.notifications.cast import cast_of, tell_held

KEYRING = Keyring(b"s" * 32)  # as tests.doors.settings has it
CHOICES = "/api/v1/notification-choices"


def mails_in(body: dict[str, Any]) -> dict[str, str]:
    return {one["kind"]: one["mail"] for one in body["choices"]}


async def test_one_chooses_among_the_kinds_that_are_sent_to_ones_role_and_no_others(
    network: Network,
) -> None:
    await cast_of(network)
    of = {
        name: mails_in((await (await network.signed_in(f"{name}.example")).get(CHOICES)).json())
        for name in ("olivia@needle", "ned@needle", "finn@operator")
    }

    assert {"payout-held", "statement-approved", "role-changed"} <= of["olivia@needle"].keys()
    assert "statement-to-prepare" in of["finn@operator"]
    assert "statement-to-prepare" not in of["olivia@needle"]
    assert set(of["ned@needle"]) == {
        key for key, kind in KINDS.items() if kind.is_sent and kind.sides == {"person"}
    }
    assert all(KINDS[key].is_sent for kinds in of.values() for key in kinds)


async def test_a_choice_is_kept_shown_recorded_and_followed(network: Network) -> None:
    cast = await cast_of(network)
    olivia = await network.signed_in("olivia@needle.example")
    wanted = {
        "mails": {"payout-held": "never"},
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "digest_at": "09:30",
    }

    answer = await olivia.client.put(CHOICES, json=wanted)

    assert answer.status_code == 200, answer.text
    assert mails_in(answer.json())["payout-held"] == "never"
    page = (await olivia.get("/account/notifications")).text
    assert 'value="22:00"' in page
    assert 'value="09:30"' in page
    assert (
        await network.owner.fetchval(
            "SELECT after->>'payout-held' FROM audit_records WHERE object_kind = 'notification choices'"
        )
        == "never"
    )
    await tell_held(cast)
    async with network.as_worker():
        await post.post_due(settings(network.database, Path()), clock.wall_now())
    assert [one.to for one in await network.letters("payout-held")] == ["finn@operator.example"]


async def test_the_page_keeps_what_was_typed_and_says_everything_that_is_wrong_at_once(
    network: Network,
) -> None:
    await cast_of(network)
    olivia = await network.signed_in("olivia@needle.example")
    form = {"payout-held": "daily", "quiet_from": "late", "quiet_until": "", "digest_at": ""}

    page = await olivia.client.post("/account/notifications", data=form)

    assert page.status_code == 422
    assert page.text.count('class="error"') == 2
    assert 'value="late"' in page.text
    assert '<option value="daily" selected>' in page.text


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        (Wanted({"new-device": "never"}), {"new-device"}),
        (Wanted({"gossip": "daily"}), {"gossip"}),
        (Wanted({"payout-held": "hourly"}), {"payout-held"}),
        (Wanted(quiet_from="22:00"), {"quiet_until"}),
        (Wanted(quiet_until="07:00"), {"quiet_from"}),
        (Wanted(quiet_from="07:00", quiet_until="07:00"), {"quiet_until"}),
        (
            Wanted(digest_at="25:00", quiet_from="x", quiet_until="y"),
            {"digest_at", "quiet_from", "quiet_until"},
        ),
    ],
)
def test_what_cannot_be_chosen_is_refused_field_by_field(wanted: Wanted, wrong: set[str]) -> None:
    with pytest.raises(InvalidError) as refused:
        choosing.read(wanted)

    assert set(refused.value.fields) == wrong


def token_for(member: UUID, *kinds: str, keyring: Keyring = KEYRING) -> str:
    return leaving.token_of(member, kinds, keyring)


async def stranger(network: Network) -> httpx.AsyncClient:
    """A mail program: no cookies, no session, no token of a form, from wherever."""
    return (await network.browser("203.0.113.9")).client


async def test_a_mail_programs_single_post_ends_the_letters_and_a_second_one_changes_nothing(
    network: Network,
) -> None:
    cast = await cast_of(network)
    address = f"/unsubscribe/{token_for(cast.olivia, 'payout-held', 'payout-paid')}"
    client = await stranger(network)

    answers = [
        await client.post(
            address,
            content="List-Unsubscribe=One-Click",
            headers={"content-type": "application/x-www-form-urlencoded", "origin": "https://mail.example"},
        )
        for _ in range(2)
    ]

    assert [one.status_code for one in answers] == [200, 200]
    assert "set-cookie" not in answers[0].headers
    kept = await network.owner.fetch("SELECT member_id, kind, mail FROM notification_choices ORDER BY kind")
    assert [tuple(row) for row in kept] == [
        (cast.olivia, "payout-held", "never"),
        (cast.olivia, "payout-paid", "never"),
    ]
    records = await network.owner.fetchval(
        "SELECT count(*) FROM audit_records WHERE verb = 'opt out' AND object_kind = 'notification choices'"
    )
    assert records == 1


async def test_looking_at_the_link_changes_nothing_and_offers_a_button(network: Network) -> None:
    cast = await cast_of(network)
    address = f"/unsubscribe/{token_for(cast.olivia, 'payout-held')}"
    client = await stranger(network)

    asked = await client.get(address)
    before = await network.owner.fetchval("SELECT count(*) FROM notification_choices")
    done = await client.post(address, headers={"accept": "text/html"}, follow_redirects=True)

    assert before == 0
    assert "No more of these letters?" in asked.text
    assert f'action="{address}"' in asked.text
    assert "You get no more letters about:" in done.text
    assert done.headers["referrer-policy"] == "no-referrer"


async def test_no_token_of_another_key_or_for_other_kinds_does_anything(network: Network) -> None:
    cast = await cast_of(network)
    ours = token_for(cast.olivia, "payout-held")
    client = await stranger(network)
    forged = (
        token_for(cast.olivia, "payout-held", keyring=Keyring(b"x" * 32)), ours[:-4], ours + "AAAA", "x",
        "é" * 9,
        token_for(cast.ned, "payout-held")[:43] + ours[43:], "A" * 3_000,
    )  # fmt: skip

    for token in forged:
        assert (await client.post(f"/unsubscribe/{token}")).status_code == 404, token
        assert (await client.get(f"/unsubscribe/{token}")).status_code == 404, token
    fixed = await client.post(f"/unsubscribe/{token_for(cast.olivia, 'new-device')}")

    assert fixed.status_code == 200
    assert await network.owner.fetchval("SELECT count(*) FROM notification_choices") == 0
