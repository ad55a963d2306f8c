"""A manager takes an advertiser or a charity in, opens its program and publishes its policy, by pages."""

from datetime import timedelta

import pytest

from partner_network.kernel import ids
from tests.admin.test_pages import operator
from tests.doors import Browser, Network

GROOVE = {
    "email": "olivia@groove.example",
    "name": "Groove Street",
    "legal_name": "Groove Street Inc.",
    "slug": "groove-street",
    "address": "1 Groove Street\r\nAlbany",
    "country": "us",
    "tax_id": "",
}
PROGRAM = {
    "name": "Records",
    "slug": "groove-records",
    "offer": "Ten per cent of each record",
    "default_url": "https://shop.groove.example/",
    "destination_hosts": "Shop.groove.example, groove.example",
}


async def taken_in(browser: Browser, **changes: str) -> str:
    """Take a brand in and return the address of its page."""
    answer = await browser.client.post("/admin/brands", data=GROOVE | changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_manager_takes_an_advertiser_in_and_its_owner_gets_a_letter(network: Network) -> None:
    manager = await operator(network, "manager")

    page = await manager.get(await taken_in(manager))

    token = await network.token_in_letter("invitation", "olivia@groove.example")
    row = await network.owner.fetchrow("SELECT slug, country, address FROM brands")
    trail = await network.owner.fetch("SELECT verb, object_kind FROM audit_records ORDER BY id")
    assert row is not None
    assert tuple(row) == ("groove-street", "US", "1 Groove Street\nAlbany")
    assert "A letter is on its way to olivia@groove.example" in page.text
    assert "Open its program" in page.text
    assert token not in page.text
    assert [tuple(one) for one in trail][-2:] == [("create", "brand"), ("invite", "invitation")]


async def test_a_form_says_beside_each_field_what_is_wrong_and_keeps_what_was_typed(network: Network) -> None:
    manager = await operator(network, "manager")

    empty = await manager.client.post("/admin/brands", data={})
    wrong = await manager.client.post(
        "/admin/brands", data=GROOVE | {"slug": "No Slug!", "email": "nobody", "country": "Germany"}
    )

    assert (empty.status_code, wrong.status_code) == (422, 422)
    assert empty.text.count("Fill this in.</p>") == 6
    for sentence in ("small letters, digits and hyphens", "two capital letters", "is not an e-mail address"):
        assert sentence in wrong.text
    assert 'value="No Slug!"' in wrong.text
    assert 'value="Groove Street Inc."' in wrong.text
    assert await network.owner.fetchval("SELECT count(*) FROM brands") == 0


async def test_a_short_name_that_is_taken_sends_no_letter(network: Network) -> None:
    manager = await operator(network, "manager")
    await taken_in(manager)

    twice = await manager.client.post("/admin/brands", data=GROOVE | {"email": "second@groove.example"})

    assert twice.status_code == 409
    assert "taken" in twice.text
    assert 'value="second@groove.example"' in twice.text
    assert [letter.to for letter in await network.letters("invitation")] == ["olivia@groove.example"]


async def test_a_charity_is_taken_in_and_listed_at_once(network: Network) -> None:
    manager = await operator(network, "manager")

    form = await manager.get("/admin/brands/new?kind=charity")
    page = await manager.get(await taken_in(manager, kind="charity"))

    assert "Take a charity in" in form.text
    assert 'name="kind" value="charity"' in form.text
    assert "it takes donations and does nothing else" in page.text
    assert "In its terms it stands as groove-street." in page.text
    assert "Open its program" not in page.text
    assert (
        await network.owner.fetchval(
            "SELECT count(*) FROM charities h JOIN brands b ON b.id = h.brand_id WHERE h.delisted_at IS NULL"
        )
        == 1
    )
    assert "groove-street" in (await manager.get("/admin/charities")).text


async def test_a_charity_that_stripe_cannot_pay_is_refused_before_anything_is_kept(network: Network) -> None:
    manager = await operator(network, "manager")

    refused = await manager.client.post("/admin/brands", data=GROOVE | {"kind": "charity", "country": "CU"})

    assert refused.status_code == 422
    assert "Stripe cannot pay into CU from a network in US" in refused.text
    assert await network.owner.fetchval("SELECT count(*) FROM brands") == 0
    assert await network.letters("invitation") == []


async def test_a_brand_where_stripe_does_not_pay_may_advertise_and_is_never_listed(network: Network) -> None:
    manager = await operator(network, "manager")
    page = await manager.get(await taken_in(manager, country="CU"))
    brand = ids.shown("bnd", await network.owner.fetchval("SELECT id FROM brands"))

    refused = await manager.client.post("/admin/charities", data={"brand": brand})

    assert "Stripe does not pay into CU" in page.text
    assert refused.status_code == 422
    assert "no donation would reach this charity" in refused.text
    assert await network.owner.fetchval("SELECT count(*) FROM charities") == 0


async def test_an_admin_takes_advertisers_in_but_lists_no_charity(network: Network) -> None:
    admin = await operator(network, "admin")

    await taken_in(admin)
    refused = await admin.client.post(
        "/admin/brands", data=GROOVE | {"kind": "charity", "slug": "trees", "email": "t@trees.example"}
    )

    assert refused.status_code == 403
    assert await network.owner.fetchval("SELECT array_agg(slug) FROM brands") == ["groove-street"]


async def test_an_owner_who_never_came_is_invited_anew(network: Network) -> None:
    manager = await operator(network, "manager")
    path = await taken_in(manager)
    await network.owner.execute("UPDATE invitations SET expires_at = now() - $1::interval", timedelta(days=1))
    stale = (await manager.get(path)).text

    wrong = await manager.client.post(f"{path}/owners", data={"email": "nobody"})
    again = await manager.client.post(f"{path}/owners", data={"email": "otto@groove.example"})

    assert "link has run out" in stale
    assert "No letter is on its way" in stale
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    assert (again.status_code, again.headers["location"]) == (303, path)
    assert "A letter is on its way to otto@groove.example" in (await manager.get(path)).text
    assert [letter.to for letter in await network.letters("invitation")][-1] == "otto@groove.example"


async def test_a_program_is_opened_and_its_policy_published(network: Network) -> None:
    manager = await operator(network, "manager")
    path = await taken_in(manager)

    opened = await manager.client.post("/admin/programs", data=PROGRAM | {"brand": path.rpartition("/")[2]})
    policy = opened.headers["location"]
    form = (await manager.get(policy)).text
    before = (await manager.get(path)).text
    no_toml = await manager.client.post(policy, data={"policy": "[program.attribution"})
    published = await manager.client.post(
        policy, data={"policy": '[program.attribution]\r\nmodel = "first_click"\r\n'}
    )
    after = (await manager.get(path)).text

    assert opened.status_code == 303
    assert "model = &#34;last_click&#34;" in form
    assert "Publish its policy" in before
    assert (no_toml.status_code, published.headers["location"]) == (422, path)
    assert "The policy is no TOML" in no_toml.text
    assert "[program.attribution</textarea>" in no_toml.text
    row = await network.owner.fetchrow("SELECT destination_hosts, offer FROM programs")
    assert row is not None
    assert list(row["destination_hosts"]) == ["shop.groove.example", "groove.example"]
    assert await network.owner.fetchval("SELECT policy_toml FROM program_versions") == (
        '[program.attribution]\nmodel = "first_click"\n'
    )
    assert "version 1" in after
    assert "/admin/invitations/new?program=prg_" in after


async def test_the_form_of_a_program_says_beside_each_field_what_is_wrong(network: Network) -> None:
    manager = await operator(network, "manager")
    none_yet = (await manager.get("/admin/programs/new")).text
    path = await taken_in(manager)

    empty = await manager.client.post("/admin/programs", data={})
    wrong = await manager.client.post(
        "/admin/programs",
        data=PROGRAM | {"brand": path.rpartition("/")[2], "default_url": "http://elsewhere.example/"},
    )

    assert "take one in first" in none_yet
    assert (empty.status_code, wrong.status_code) == (422, 422)
    assert empty.text.count("Fill this in.</p>") == 5
    assert "Choose one.</p>" in empty.text
    assert "begins with https://" in wrong.text
    assert 'value="http://elsewhere.example/"' in wrong.text


@pytest.mark.parametrize("role", ["finance", "admin"])
async def test_only_managers_open_programs(network: Network, role: str) -> None:
    browser = await operator(network, role)
    page = (await browser.get("/admin/programs")).text

    assert "/admin/programs/new" not in page
    assert (await browser.get("/admin/programs/new")).status_code == 403
    assert (await browser.client.post("/admin/programs", data=PROGRAM)).status_code == 403


async def test_the_first_steps_lead_from_nothing_to_an_invitation(network: Network) -> None:
    manager = await operator(network, "manager")
    nothing = (await manager.get("/admin/")).text
    brand = ids.shown("bnd", await network.brand("groove"))
    a_brand = (await manager.get("/admin/")).text
    opened = await manager.client.post("/admin/programs", data=PROGRAM | {"brand": brand})
    a_program = (await manager.get("/admin/")).text
    bare = (await manager.get("/admin/programs")).text

    assert 'class="button" href="/admin/brands/new"' in nothing
    assert 'class="button" href="/admin/programs/new"' in a_brand
    assert 'class="button" href="/admin/programs"' in a_program
    assert f'href="{opened.headers["location"]}"' in bare
    assert '"/admin/invitations/new"' not in a_program
