import asyncio
from uuid import UUID

import pytest

from partner_network.identity.actions import members
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from tests.doors import PASSWORD, Browser, Network

HTML = {"accept": "text/html"}
ACCEPT = "/api/v1/invitations/acceptance"
INVITATIONS = "/api/v1/invitations"


@pytest.fixture
async def shop(network: Network) -> UUID:
    """A music shop with an owner, a marketer and a viewer."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    await network.person("ned@groove.example", shop, ["marketer"])
    await network.person("vera@groove.example", shop, ["viewer"])
    return shop


@pytest.fixture
async def olivia(network: Network, shop: UUID) -> Browser:
    assert shop
    return await network.signed_in("olivia@groove.example")


async def person(network: Network, email: str) -> str:
    return ids.shown("mbr", await network.owner.fetchval("SELECT id FROM members WHERE email = $1", email))


async def roles_of(network: Network, email: str) -> list[str]:
    rows = await network.owner.fetch(
        """SELECT role FROM memberships r JOIN members m ON m.id = r.member_id
           WHERE email = $1 ORDER BY role""",
        email,
    )
    return [row["role"] for row in rows]


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/api/v1/sessions/current")).status_code == 200


async def test_an_owner_changes_what_a_colleague_may_do(network: Network, olivia: Browser) -> None:
    ned = await person(network, "ned@groove.example")

    changed = await olivia.client.patch(f"/api/v1/members/{ned}", json={"roles": ["finance", "viewer"]})

    assert (changed.status_code, changed.json()["roles"]) == (200, ["finance", "viewer"])
    assert await network.owner.fetchval("SELECT role FROM ended_memberships") == "marketer"
    deeds = await network.owner.fetch(
        "SELECT verb, before, after FROM audit_records WHERE object_kind = 'member' ORDER BY id"
    )
    assert [(one["verb"], one["before"] or one["after"]) for one in deeds] == [
        ("take role", '{"role": "marketer"}'),
        ("give role", '{"role": "finance"}'),
        ("give role", '{"role": "viewer"}'),
    ]


async def test_a_change_of_rights_ends_the_persons_sessions_for_that_brand_alone(
    network: Network, olivia: Browser
) -> None:
    drums = await network.brand("drum-school")
    await network.person("ned@groove.example", drums, ["owner"])
    at_shop, at_drums = [await network.signed_in("ned@groove.example") for _ in range(2)]
    switched = await at_drums.client.put("/api/v1/sessions/current", json={"brand": ids.shown("bnd", drums)})
    assert switched.status_code == 200
    ned = await person(network, "ned@groove.example")

    await olivia.client.patch(f"/api/v1/members/{ned}", json={"roles": ["marketer"]})
    assert await is_signed_in(at_shop)  # nothing has changed
    await olivia.client.patch(f"/api/v1/members/{ned}", json={"roles": ["viewer"]})

    assert not await is_signed_in(at_shop)
    assert await is_signed_in(at_drums)
    assert await is_signed_in(olivia)


async def test_whoever_is_removed_is_out_and_so_is_whom_they_invited(
    network: Network, shop: UUID, olivia: Browser
) -> None:
    await network.person("oscar@groove.example", shop, ["owner"])
    oscar = await network.signed_in("oscar@groove.example")
    await oscar.accepted(INVITATIONS, {"email": "back@door.example", "role": "owner"})
    token = await network.token_in_letter("invitation", "back@door.example")

    gone = await olivia.client.delete(f"/api/v1/members/{await person(network, 'oscar@groove.example')}")

    assert gone.status_code == 204
    assert not await is_signed_in(oscar)
    assert await roles_of(network, "oscar@groove.example") == []
    await oscar.accepted(ACCEPT, {"token": token, "name": "O", "password": PASSWORD}, status=404)


async def test_a_brand_always_keeps_an_owner(network: Network, olivia: Browser) -> None:
    herself = await person(network, "olivia@groove.example")

    left = await olivia.client.delete(f"/api/v1/members/{herself}")
    stepped_down = await olivia.client.patch(f"/api/v1/members/{herself}", json={"roles": ["viewer"]})

    assert (left.status_code, stepped_down.status_code) == (409, 409)
    assert "always has one owner at least" in left.json()["detail"]
    assert await roles_of(network, "olivia@groove.example") == ["owner"]


async def test_of_two_owners_who_remove_each_other_at_once_one_stays(network: Network, shop: UUID) -> None:
    olivia = await network.owner.fetchval("SELECT id FROM members WHERE email = 'olivia@groove.example'")
    oscar = await network.person("oscar@groove.example", shop, ["owner"])
    people = [Member(one, "O", "o@groove.example", shop, frozenset({"owner"})) for one in (olivia, oscar)]

    ends = await asyncio.gather(
        members.remove_person(people[0], oscar),
        members.remove_person(people[1], olivia),
        return_exceptions=True,
    )

    assert [type(one) for one in ends if one is not None] == [ConflictError]


async def test_the_network_keeps_an_admin_and_only_an_admin_gives_its_roles(network: Network) -> None:
    ada = await network.person("ada@network.example", None, ["admin"])
    await network.person("mia@network.example", None, ["manager"])
    admin, manager = (
        await network.signed_in("ada@network.example"),
        await network.signed_in("mia@network.example"),
    )
    mia = await person(network, "mia@network.example")

    grabbed = await manager.client.patch(f"/api/v1/members/{mia}", json={"roles": ["admin"]})
    left = await admin.client.delete(f"/api/v1/members/{ids.shown('mbr', ada)}")
    given = await admin.client.patch(f"/api/v1/members/{mia}", json={"roles": ["manager", "finance"]})

    assert (grabbed.status_code, left.status_code, given.status_code) == (403, 409, 200)


@pytest.mark.parametrize("roles", [[], ["admin"], ["owner", "king"]])
async def test_roles_are_the_sides_own_and_one_at_least(
    network: Network, olivia: Browser, roles: list[str]
) -> None:
    ned = await person(network, "ned@groove.example")

    answer = await olivia.client.patch(f"/api/v1/members/{ned}", json={"roles": roles})

    assert answer.status_code == 422
    assert await roles_of(network, "ned@groove.example") == ["marketer"]


async def test_nobody_reaches_the_people_of_another_brand(network: Network, olivia: Browser) -> None:
    await network.person("dan@drums.example", await network.brand("drum-school"), ["owner"])
    dan = await person(network, "dan@drums.example")

    changed = await olivia.client.patch(f"/api/v1/members/{dan}", json={"roles": ["viewer"]})
    removed = await olivia.client.delete(f"/api/v1/members/{dan}")

    assert (changed.status_code, removed.status_code) == (404, 204)  # gone from her side it was before
    assert await roles_of(network, "dan@drums.example") == ["owner"]


async def test_open_invitations_are_listed_and_withdrawn(network: Network, olivia: Browser) -> None:
    invited = await olivia.accepted(INVITATIONS, {"email": "new@groove.example", "role": "viewer"})
    token = await network.token_in_letter("invitation", "new@groove.example")

    [listed] = (await olivia.get(INVITATIONS)).json()
    gone = await olivia.client.delete(f"{INVITATIONS}/{invited['id']}")
    again = await olivia.client.delete(f"{INVITATIONS}/{invited['id']}")

    assert (listed["id"], listed["email"], listed["inviter"]) == (
        invited["id"],
        "new@groove.example",
        "Olivia",
    )
    assert (gone.status_code, again.status_code) == (204, 204)
    assert (await olivia.get(INVITATIONS)).json() == []
    await olivia.accepted(ACCEPT, {"token": token, "name": "N", "password": PASSWORD}, status=404)


async def test_an_invitation_that_is_sent_again_has_a_new_link_and_the_old_one_is_dead(
    network: Network, olivia: Browser
) -> None:
    invited = await olivia.accepted(INVITATIONS, {"email": "new@groove.example", "role": "viewer"})
    first = await network.token_in_letter("invitation", "new@groove.example")

    await olivia.accepted(f"{INVITATIONS}/{invited['id']}/letter")

    second = await network.token_in_letter("invitation", "new@groove.example")
    wanted = {"name": "New", "password": PASSWORD}
    newcomer = await network.browser()
    await newcomer.accepted(ACCEPT, {"token": first, **wanted}, status=404)
    await newcomer.accepted(ACCEPT, {"token": second, **wanted})
    await olivia.accepted(f"{INVITATIONS}/{invited['id']}/letter", status=404)  # taken up


async def test_nobody_touches_another_brands_invitations(network: Network, olivia: Browser) -> None:
    await network.person("dan@drums.example", await network.brand("drum-school"), ["owner"])
    dan = await network.signed_in("dan@drums.example")
    invited = await olivia.accepted(INVITATIONS, {"email": "new@groove.example", "role": "viewer"})

    assert (await dan.get(INVITATIONS)).json() == []
    assert (await dan.client.delete(f"{INVITATIONS}/{invited['id']}")).status_code == 404
    await dan.accepted(f"{INVITATIONS}/{invited['id']}/letter", status=404)


async def test_the_page_lets_an_owner_invite_change_and_part(network: Network, olivia: Browser) -> None:
    ned = await person(network, "ned@groove.example")
    invited = await olivia.client.post(
        "/account/people/invitations", data={"email": "new@groove.example", "role": "viewer"}
    )
    changed = await olivia.client.post(f"/account/people/{ned}/roles", data={"role": ["viewer", "developer"]})
    page = (await olivia.get("/account/people?done=roles", headers=HTML)).text
    removed = await olivia.client.post(f"/account/people/{ned}/removal", data={})

    assert [one.status_code for one in (invited, changed, removed)] == [303, 303, 303]
    assert "The roles are changed." in page
    assert "developer, viewer" in page
    assert "new@groove.example" in page
    assert await roles_of(network, "ned@groove.example") == []


async def test_the_page_says_all_that_is_missing_and_keeps_what_was_typed(olivia: Browser) -> None:
    empty = await olivia.client.post("/account/people/invitations", data={})
    wrong = await olivia.client.post(
        "/account/people/invitations", data={"email": "no address", "role": "viewer"}
    )

    assert (empty.status_code, wrong.status_code) == (422, 422)
    assert "Fill this in." in empty.text
    assert "Choose one." in empty.text
    assert 'value="no address"' in wrong.text
    assert "is not an e-mail address" in wrong.text


async def test_the_page_says_in_place_why_the_last_owner_stays(network: Network, olivia: Browser) -> None:
    herself = await person(network, "olivia@groove.example")

    answer = await olivia.client.post(f"/account/people/{herself}/removal", data={})

    assert answer.status_code == 409
    assert "always has one owner at least" in answer.text


async def test_whoever_may_only_read_sees_colleagues_and_no_way_to_change_them(
    network: Network, shop: UUID
) -> None:
    assert shop
    vera = await network.signed_in("vera@groove.example")

    page = (await vera.get("/account/people", headers=HTML)).text

    assert "olivia@groove.example" in page
    assert "/roles" not in page
    assert "Invite a colleague" not in page
    assert (await vera.get(INVITATIONS)).status_code == 403
