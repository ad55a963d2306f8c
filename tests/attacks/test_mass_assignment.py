from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
from litestar.enums import RequestEncodingType

from tests.agreements.cast import Cast
from tests.attacks.routes import UNSAFE, doors
from tests.doors import PASSWORD, Network

MORE = {
    "id": "bnd_01j000000000000000000000", "brand_id": "x", "roles": ["admin"], "role": "admin",
    "is_operator": True, "status": "active", "tax_rate_ppm": 0, "created_at": "2020-01-01T00:00:00Z",
}  # fmt: skip


def structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """Find every struct that a body is read into, those inside others too."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
        for field in msgspec.structs.fields(annotation):
            yield from structs_in(field.type)
    elif get_origin(annotation) is not None:
        for inner in get_args(annotation):
            yield from structs_in(inner)


async def test_no_body_of_a_program_takes_a_field_that_it_does_not_know(network: Network) -> None:
    open_ones: list[str] = []
    seen = 0
    for door in doors(network.app):
        field = door.handler.parsed_data_field
        if door.method not in UNSAFE or field is None:
            continue
        kind = getattr(field.kwarg_definition, "media_type", None)
        if kind not in {RequestEncodingType.JSON, None}:
            continue  # a browser's form brings its token along
        for struct in structs_in(field.annotation):
            seen += 1
            if not struct.__struct_config__.forbid_unknown_fields:
                open_ones.append(f"{door.method} {door.path}: {struct.__name__}")

    assert open_ones == []
    assert seen > 20


async def test_whoever_accepts_an_invitation_becomes_what_they_were_invited_as(network: Network) -> None:
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    olivia = await network.signed_in("olivia@groove.example")
    await olivia.accepted("/api/v1/invitations", {"email": "new@groove.example", "role": "viewer"})
    token = await network.token_in_letter("invitation", "new@groove.example")
    wanted = {"name": "New", "password": PASSWORD}
    newcomer = await network.browser()

    for field, value in MORE.items():
        refused = await newcomer.post(
            "/api/v1/invitations/acceptance", {"token": token, field: value, **wanted}
        )
        assert (refused.status_code, list(refused.json()["fields"])) == (422, [field])
    joined = await newcomer.client.post(f"/invitations/{token}", data={**MORE, **wanted})

    assert joined.status_code == 303, joined.text
    roles = await network.owner.fetch(
        """SELECT r.role, r.brand_id FROM memberships r JOIN members m ON m.id = r.member_id
           WHERE m.email = 'new@groove.example'"""
    )
    assert [tuple(row) for row in roles] == [("viewer", shop)]


async def test_a_form_that_says_more_than_it_should_changes_no_more(cast: Cast) -> None:
    await cast.signed()
    form = {
        **{field: str(value) for field, value in MORE.items()},
        "partnership": cast.partnership, "name": "Blog", "destination_url": "https://groove.example/club",
        "csrf_token": cast.partner.client.headers["x-csrf-token"], "partner_id": "x", "token": "chosen",
    }  # fmt: skip

    await cast.partner.client.post("/links", data=form)

    (link,) = (await cast.partner.get("/api/v1/links")).json()["items"]
    assert link["partnership"] == cast.partnership
    assert "chosen" not in link["url"]
    assert link["created_at"] > "2026"
