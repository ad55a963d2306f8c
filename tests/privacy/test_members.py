import asyncio
import json
from uuid import UUID

import pytest

from partner_network.database import connections
from partner_network.identity import passwords
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.privacy.actions import erase_members
from tests.doors import PASSWORD, Network

CLOSING = "/account/privacy/closing"
SURE = {"password": PASSWORD, "is_sure": "yes"}


async def shop_with(network: Network, *owners: str) -> UUID:
    brand_id = await network.brand("shop")
    for email in owners:
        await network.person(email, brand_id, ["owner"])
    return brand_id


async def traces_of(network: Network, word: str) -> list[str]:
    """Every table in which a word still stands in any column."""
    tables = await network.owner.fetch(
        """SELECT c.oid::regclass::text AS name FROM pg_class c
           WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
    )
    return [
        table["name"]
        for table in tables
        if await network.owner.fetchval(
            f"SELECT EXISTS (SELECT FROM {table['name']} t WHERE strpos(lower(t::text), $1) > 0)", word
        )
    ]


async def test_whoever_closes_an_account_is_named_nowhere_any_more(network: Network) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")
    invitation = {"email": "newcomer@shop.test", "role": "viewer"}
    assert (await zelda.post("/api/v1/invitations", json=invitation)).status_code == 201
    assert await traces_of(network, "zelda") == ["members"]

    closed = await zelda.client.post(
        CLOSING, data=SURE, headers={"x-csrf-token": zelda.client.headers["x-csrf-token"]}
    )

    assert (closed.status_code, closed.headers["location"]) == (303, "/privacy/closed")
    assert await traces_of(network, "zelda") == []
    left = await network.owner.fetchrow("SELECT * FROM members WHERE email LIKE 'erased-%'")
    assert left is not None
    assert left["name"] == f"Former member {ids.shown('mbr', left['id'])[-6:]}"
    assert await network.owner.fetchval("SELECT invited_by FROM invitations") == left["id"]


async def test_a_closed_account_opens_no_door(network: Network) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")
    elsewhere = await network.signed_in("zelda@shop.test")

    closed = await zelda.post("/api/v1/account-closings", json={"password": PASSWORD})

    assert closed.status_code == 204
    assert (await elsewhere.get("/api/v1/sessions/current")).status_code == 401
    assert (await (await network.browser()).sign_in("zelda@shop.test")).status_code == 403
    address = await network.owner.fetchval("SELECT email FROM members WHERE email LIKE 'erased-%'")
    assert (await (await network.browser()).sign_in(address)).status_code == 403
    assert await network.owner.fetchval("SELECT count(*) FROM memberships") == 1


async def test_the_same_address_may_come_back_as_somebody_new(network: Network) -> None:
    brand_id = await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")
    await zelda.post("/api/v1/account-closings", json={"password": PASSWORD})

    await network.person("zelda@shop.test", brand_id, ["viewer"])

    assert (await (await network.browser()).sign_in("zelda@shop.test")).status_code == 201


async def test_what_a_former_member_held_is_still_known(network: Network) -> None:
    brand_id = await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")

    await zelda.post("/api/v1/account-closings", json={"password": PASSWORD})

    ended = await network.owner.fetchrow("SELECT * FROM ended_memberships")
    assert ended is not None
    assert (ended["brand_id"], ended["role"]) == (brand_id, "owner")
    assert ended["member_id"] == await network.owner.fetchval(
        "SELECT id FROM members WHERE email LIKE 'erased-%'"
    )


async def test_the_only_owner_of_a_brand_is_told_what_to_do_first(network: Network) -> None:
    await shop_with(network, "zelda@shop.test")
    zelda = await network.signed_in("zelda@shop.test")

    page = await zelda.client.post(CLOSING, data=SURE)

    assert page.status_code == 409
    assert "You are the only owner of Shop. Give a colleague that role first" in page.text
    assert (await zelda.get("/api/v1/sessions/current")).status_code == 200


async def test_of_two_owners_who_leave_at_once_one_stays(network: Network) -> None:
    brand_id = await shop_with(network, "zelda@shop.test", "otto@shop.test")
    rows = await network.owner.fetch("SELECT id, name, email FROM members ORDER BY email")
    people = [Member(row["id"], row["name"], row["email"], brand_id, frozenset({"owner"})) for row in rows]

    answers = await asyncio.gather(
        *(erase_members.close_account(one, PASSWORD) for one in people), return_exceptions=True
    )

    assert sorted(map(type, answers), key=str) == [type(None), ConflictError]
    assert await network.owner.fetchval("SELECT count(*) FROM memberships WHERE role = 'owner'") == 1


async def test_all_mistakes_of_the_form_are_shown_at_once(network: Network) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")

    nothing = await zelda.client.post(CLOSING, data={"password": ""})
    wrong = await zelda.client.post(CLOSING, data={"password": "not it at all", "is_sure": "yes"})

    assert nothing.status_code == wrong.status_code == 422
    assert "Give your password" in nothing.text
    assert "Tick this box" in nothing.text
    assert "The password is not right; your account is as it was." in wrong.text
    assert (await zelda.get("/api/v1/sessions/current")).status_code == 200


async def test_an_erasure_leaves_a_mark_that_names_nobody(network: Network) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")

    await zelda.post("/api/v1/account-closings", json={"password": PASSWORD})

    mark = await network.owner.fetchrow("SELECT * FROM erasures")
    assert mark is not None
    assert (mark["about"], mark["asked_by"]) == ("member", "the person")
    assert json.loads(mark["counts"])["sessions"] == 1
    record = await network.owner.fetchrow("SELECT * FROM audit_records WHERE verb = 'erase'")
    assert record is not None
    assert record["object_id"] == ids.shown("mbr", mark["subject_id"])


async def test_a_person_takes_along_everything_that_is_held_about_them(network: Network) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")
    await zelda.post("/api/v1/invitations", json={"email": "newcomer@shop.test", "role": "viewer"})

    download = await zelda.get("/account/privacy/export")

    held = download.json()["held"]
    assert download.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert [row["email"] for row in held["members"]["rows"]] == ["zelda@shop.test"]
    assert [row["role"] for row in held["memberships"]["rows"]] == ["owner"]
    assert [row["email"] for row in held["invitations"]["rows"]] == ["newcomer@shop.test"]
    assert len(held["sessions"]["rows"]) == 1
    assert "otto@shop.test" not in download.text
    assert "hash" not in " ".join(held["members"]["rows"][0])
    assert (await zelda.get("/api/v1/personal-data")).json()["held"].keys() == held.keys()


async def test_an_admin_of_the_network_erases_whoever_asks_for_it(network: Network) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    await network.person("ann@network.test", None, ["admin"])
    ann = await network.signed_in("ann@network.test")
    zelda = await network.owner.fetchval("SELECT id FROM members WHERE email = 'zelda@shop.test'")
    door = f"/api/v1/members/{ids.shown('mbr', zelda)}/erasure"

    first, again = await ann.post(door), await ann.post(door)

    assert (first.status_code, again.status_code) == (204, 204)
    assert await traces_of(network, "zelda") == []
    assert await network.owner.fetchval("SELECT asked_by FROM erasures") == "the operator"
    unknown = await ann.post(f"/api/v1/members/{ids.shown('mbr', UUID(int=7))}/erasure")
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("role", "gives_factor"), [("manager", True), ("finance", True), ("admin", False)], ids=str
)
async def test_nobody_else_erases_another_person(network: Network, role: str, *, gives_factor: bool) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    await network.person("ann@network.test", None, [role])
    ann = await network.signed_in("ann@network.test", has_given_factor=gives_factor)
    zelda = await network.owner.fetchval("SELECT id FROM members WHERE email = 'zelda@shop.test'")

    answer = await ann.post(f"/api/v1/members/{ids.shown('mbr', zelda)}/erasure")

    assert answer.status_code == 403
    assert await traces_of(network, "zelda") == ["members"]


async def test_no_erasure_is_half_done(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop_with(network, "zelda@shop.test", "otto@shop.test")
    zelda = await network.signed_in("zelda@shop.test")

    async def fails(*_: object, **__: object) -> None:
        raise ConnectionError("the database went away")

    monkeypatch.setattr(erase_members.audit, "record", fails)
    answer = await zelda.post("/api/v1/account-closings", json={"password": PASSWORD})

    assert answer.status_code == 500
    assert await network.owner.fetchval("SELECT count(*) FROM erasures") == 0
    stored = await network.owner.fetchval("SELECT password_hash FROM members WHERE email = 'zelda@shop.test'")
    assert await passwords.is_right(PASSWORD, stored)
    assert connections.engine.current_transaction.get() is None
