import io
from typing import Any

import pytest
from PIL import Image

from tests.agreements.cast import Cast
from tests.attacks.routes import doors, everything
from tests.doors import Browser


async def of_others(cast: Cast) -> dict[str, str]:
    """Make one of everything that has an id, all of it of the shop and its partner."""
    agreement = await cast.signed()
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    creative = await cast.shop.client.post(
        f"/api/v1/programs/{cast.program}/creatives",
        data={"title": "Banner"},
        files={"file": ("x.png", picture.getvalue(), "image/png")},
    )
    link = await cast.partner.accepted(
        "/api/v1/links",
        {"partnership": cast.partnership, "name": "x", "destination_url": "https://groove.example/club"},
    )
    key = await cast.shop.accepted("/api/v1/api-keys", {"name": "x", "scopes": ["conversions:write"]})
    invitation = await cast.shop.accepted(
        "/api/v1/invitations", {"email": "n@groove.example", "role": "viewer"}
    )
    me: Any = (await cast.shop.get("/api/v1/sessions/current")).json()["member"]
    session = (await cast.shop.get("/api/v1/sessions")).json()[0]["id"]
    return {
        "agreement": agreement["id"], "program": cast.program, "partnership": cast.partnership,
        "creative": creative.json()["id"], "link": link["id"], "key": key["id"], "brand": me["brand"],
        "person": me["id"], "invitation": invitation.get("id", ""), "session_id": session,
    }  # fmt: skip


@pytest.fixture
async def stranger(cast: Cast) -> Browser:
    """The owner of a brand that has nothing to do with the others."""
    roles = ["owner", "finance", "marketer", "developer"]
    await cast.network.person("eve@else.example", await cast.network.brand("someone-else"), roles)
    eve = await cast.network.signed_in("eve@else.example")
    await cast.network.strengthen(eve)
    return eve


async def test_an_id_of_anothers_opens_nothing_at_any_door(cast: Cast, stranger: Browser) -> None:
    known = await of_others(cast)
    before = await everything(cast.network)
    asked = 0
    for door in doors(cast.network.app):
        gaps = [part.strip("{}").partition(":")[0] for part in door.path.split("/") if part.startswith("{")]
        if not gaps or gaps[0] not in known or door.method in {"OPTIONS", "HEAD"}:
            continue
        if door.path.startswith("/files/"):  # its keys are signed: test_path_traversal.py
            continue
        path = door.filled(known)
        body = None if door.method == "GET" else {}
        answer = await stranger.client.request(door.method, path, json=body, follow_redirects=True)
        asked += 1
        if door.method == "GET":
            assert answer.status_code in {401, 403, 404}, f"{path}: {answer.text[:300]}"
        assert answer.status_code < 500, f"{door.method} {path}: {answer.text[:300]}"
        for words in ("Groove", "Drum", "groove.example"):
            assert words not in answer.text, f"{door.method} {path}"
    assert asked > 25
    assert await everything(cast.network) == before


async def test_an_id_of_anothers_in_a_body_is_no_id_at_all(cast: Cast, stranger: Browser) -> None:
    known = await of_others(cast)
    contract = {"contract": "cross-promotion", "contract_version": "2026-11", "terms": ""}
    link = {"name": "x", "destination_url": "https://groove.example/club"}
    tries = [
        ("/api/v1/links", {**link, "partnership": known["partnership"]}),
        ("/api/v1/agreements", {**contract, "partnership": known["partnership"]}),
        ("/api/v1/partnerships", {"program": known["program"], "email": "eve@else.example"}),
        ("/api/v1/invitations", {"email": "eve2@else.example", "role": "owner", "brand": known["brand"]}),
        (f"/api/v1/partnerships/{known['partnership']}/answer", {"accept": False}),
        (f"/api/v1/programs/{known['program']}/versions", {"policy": ""}),
        (f"/api/v1/agreements/{known['agreement']}/signatures", {"content_hash": "0" * 64}),
    ]
    for path, body in tries:
        answer = await stranger.post(path, body)
        assert answer.status_code in {404, 422}, f"{path}: {answer.text}"
        assert "Groove" not in answer.text
    switched = await stranger.client.put("/api/v1/sessions/current", json={"brand": known["brand"]})
    assert switched.status_code == 404
