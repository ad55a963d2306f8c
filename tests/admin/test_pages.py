"""Who sees which page of the back office, and what they find there."""

from uuid import UUID

import pytest

from partner_network.database import connections, jobs
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.doors import POLICY, Browser, Network

PAGES = (
    "/admin/",
    "/admin/partnerships",
    "/admin/programs",
    "/admin/brands",
    "/admin/statements",
    "/admin/payouts",
    "/admin/fundings",
    "/admin/failed-jobs",
)
BRAND_ROLES = ("owner", "marketer", "finance", "developer", "viewer")

ASKED_FOR = "SELECT array_agg(entrypoint) FROM pgqueuer WHERE entrypoint <> 'notifications.tell'"
"""All jobs but those that tell people of the sign-ins which the tests themselves begin with."""


async def operator(network: Network, role: str) -> Browser:
    email = f"{role}@network.example"
    await network.person(email, None, [role])
    return await network.signed_in(email)


async def failed_job(network: Network) -> int:
    """Let a job fail as the worker records it."""
    async with connections.transaction() as connection:
        await jobs.enqueue(connection, "statements.close")
    job_id: int = await network.owner.fetchval(
        "UPDATE pgqueuer SET status = 'failed', attempts = 1 RETURNING id"
    )
    await network.owner.execute(
        """INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, traceback)
           VALUES ($1, 'failed', 0, 'statements.close',
                   '{"exception_type": "ConflictError", "exception_message": "3 orders are not accrued"}')""",
        job_id,
    )
    return job_id


@pytest.mark.parametrize("role", ["manager", "finance", "admin"])
async def test_each_page_opens_for_the_operators_people(network: Network, role: str) -> None:
    browser = await operator(network, role)

    for path in PAGES:
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert answer.text.count("<h1>") == 1
        assert 'aria-current="page"' in answer.text, path
    assert ('href="/admin/data/"' in (await browser.get("/admin/")).text) == (role == "admin")


@pytest.mark.parametrize("role", BRAND_ROLES)
async def test_no_page_opens_for_a_brands_people(network: Network, role: str) -> None:
    await network.person("pat@groove.example", await network.brand("groove-street"), [role])
    pat = await network.signed_in("pat@groove.example")

    for path in (*PAGES, "/admin/invitations/new"):
        assert (await pat.get(path)).status_code == 403, path
    for path in ("/admin/closings", "/admin/invitations", "/admin/failed-jobs/1/retry"):
        assert (await pat.client.post(path, data={})).status_code == 403, path


async def test_without_a_session_each_page_leads_to_the_sign_in(network: Network) -> None:
    stranger = await network.browser()

    for path in PAGES:
        answer = await stranger.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2Fadmin")


@pytest.mark.parametrize("path", ["statements/stm_x", "payouts/7", "partnerships/prt_x", "agreements/agr_x"])
async def test_what_is_not_there_is_a_page_that_says_so(network: Network, path: str) -> None:
    answer = await (await operator(network, "finance")).get(f"/admin/{path}")

    assert answer.status_code == 404


async def test_closing_asks_the_worker_and_only_finance_may(network: Network) -> None:
    finance, manager = await operator(network, "finance"), await operator(network, "manager")

    asked = await finance.client.post("/admin/closings")
    refused = await manager.client.post("/admin/closings")

    assert (asked.status_code, asked.headers["location"]) == (303, "/admin/statements?closing=asked")
    assert refused.status_code == 403
    assert await network.owner.fetchval(ASKED_FOR) == ["statements.close"]
    assert "The worker closes every period" in (await finance.get(asked.headers["location"])).text


async def test_a_form_without_the_sessions_token_changes_nothing(network: Network) -> None:
    finance = await operator(network, "finance")
    del finance.client.headers["x-csrf-token"]

    assert (await finance.client.post("/admin/closings", data={"csrf_token": "guessed"})).status_code == 403
    assert await network.owner.fetchval(ASKED_FOR) is None


async def test_a_failed_job_says_what_went_wrong_and_an_admin_lets_it_try_again(network: Network) -> None:
    job_id = await failed_job(network)
    admin, manager = await operator(network, "admin"), await operator(network, "manager")
    before = await manager.get("/admin/failed-jobs")
    refused = await manager.client.post(f"/admin/failed-jobs/{job_id}/retry")

    again = await admin.client.post(f"/admin/failed-jobs/{job_id}/retry")
    twice = await admin.client.post(f"/admin/failed-jobs/{job_id}/retry")

    assert "ConflictError: 3 orders are not accrued" in before.text
    assert "Try again" not in before.text
    assert (refused.status_code, again.status_code, twice.status_code) == (403, 303, 409)
    row = await network.owner.fetchrow("SELECT status::text, attempts FROM pgqueuer WHERE id = $1", job_id)
    assert row is not None
    assert tuple(row) == ("queued", 0)
    assert "No job has failed" in (await admin.get("/admin/failed-jobs")).text


async def program(network: Network, brand_id: UUID) -> UUID:
    program_id = ids.new_id(clock.wall_now())
    await network.owner.execute(
        """INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts, created_at)
           VALUES ($1, $2, 'records', 'Records', 'Ten per cent', 'https://groove.example/',
                   '{groove.example}', now())""",
        program_id,
        brand_id,
    )
    await network.owner.execute(
        """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
           VALUES (gen_random_uuid(), $1, 1, $2, now())""",
        program_id,
        POLICY,
    )
    return program_id


def invitation(program_id: UUID, **changes: str) -> dict[str, str]:
    return {
        "program": ids.shown("prg", program_id),
        "partner": "new",
        "email": "rosa@riff.example",
        "name": "Riff Radio",
        "legal_name": "Riff Radio Inc.",
        "slug": "riff-radio",
        "address": "9 Air Street\r\nAlbany",
        "country": "us",
        "tax_id": "",
    } | changes


async def test_a_manager_invites_a_new_brand_whose_owner_gets_the_link_by_letter(network: Network) -> None:
    groove = await network.brand("groove-street")
    program_id = await program(network, groove)
    manager = await operator(network, "manager")

    answer = await manager.client.post("/admin/invitations", data=invitation(program_id))

    assert answer.status_code == 201
    token = await network.token_in_letter("invitation", "rosa@riff.example")
    opened = await (await network.browser()).get(f"/invitations/{token}")
    assert opened.status_code == 200
    assert "rosa@riff.example" in answer.text
    assert token not in answer.text
    assert await network.owner.fetchval("SELECT address FROM brands WHERE slug = 'riff-radio'") == (
        "9 Air Street\nAlbany"
    )
    assert "Riff Radio" in (await manager.get("/admin/partnerships")).text


async def test_the_invitation_form_says_beside_each_field_what_is_wrong(network: Network) -> None:
    program_id = await program(network, await network.brand("groove-street"))
    manager = await operator(network, "manager")

    empty = await manager.client.post("/admin/invitations", data={})
    wrong = await manager.client.post(
        "/admin/invitations", data=invitation(program_id, slug="Riff Radio!", country="Germany")
    )

    assert empty.status_code == wrong.status_code == 422
    assert empty.text.count("Choose one.</p>") == 2
    assert "small letters, digits and hyphens" in wrong.text
    assert "two capital letters" in wrong.text
    assert 'value="Riff Radio!"' in wrong.text


async def reviewed(network: Network) -> str:
    """A partnership that both brands want and that has no agreement yet."""
    advertiser, partner = await network.brand("groove-street"), await network.brand("riff-radio")
    partnership_id = ids.new_id(clock.wall_now())
    await network.owner.execute(
        """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
           VALUES ($1, $2, $3, $4, 'in_review', now())""",
        partnership_id,
        await program(network, advertiser),
        advertiser,
        partner,
    )
    return ids.shown("prt", partnership_id)


async def test_a_manager_drafts_terms_for_an_advertiser(network: Network) -> None:
    partnership = await reviewed(network)
    manager = await operator(network, "manager")
    form = await manager.get(f"/admin/partnerships/{partnership}/agreements/new")
    terms = form.text.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0].replace("&#34;", '"')

    answer = await manager.client.post(
        f"/admin/partnerships/{partnership}/agreements",
        data={"contract": "cross-promotion/2026-11", "terms": terms.replace("\n", "\r\n")},
    )
    drafted = await manager.get(answer.headers["location"])
    shown = await manager.get(f"/admin/partnerships/{partnership}")

    assert answer.status_code == 303
    assert "Nobody has signed yet" in drafted.text
    assert "records/riff-radio/1" in shown.text
    assert "\r" not in await network.owner.fetchval("SELECT terms_toml FROM agreements")


async def test_terms_that_cannot_be_used_are_refused_with_the_path_of_each_mistake(network: Network) -> None:
    partnership = await reviewed(network)
    manager = await operator(network, "manager")
    terms = '[settlement]\ncurrency = "USD"\ntime_zone = "Mars/Olympus"\nhold_days = -1\n'

    answer = await manager.client.post(
        f"/admin/partnerships/{partnership}/agreements",
        data={"contract": "cross-promotion/2026-11", "terms": terms},
    )

    assert answer.status_code == 422
    assert "<code>settlement.hold_days</code>" in answer.text
    assert "Mars/Olympus" in answer.text
    assert await network.owner.fetchval("SELECT count(*) FROM agreements") == 0
