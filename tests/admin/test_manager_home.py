"""The home of partnership managers: what needs them, what ends soon, who grew and who fell."""

from datetime import timedelta
from uuid import UUID

import pytest

from admin.queries import partnering
from partner_network.agreements.actions import draft, sign
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.agreements.actions.sign import Signer
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests import builders
from tests.admin.counting import counted
from tests.admin.test_pages import operator, program
from tests.builders import SHOP, SMALL, at
from tests.doors import Network
from tests.payouts.conftest import Sale


async def partnership(
    network: Network, partner: str, status: str, program_id: UUID, advertiser: UUID
) -> UUID:
    partnership_id = ids.new_id(clock.wall_now())
    await network.owner.execute(
        """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at,
               active_from, ended_at)
           VALUES ($1, $2, $3, $4, $5, now() - interval '3 days',
                   CASE WHEN $5 IN ('active', 'paused') THEN now() - interval '2 days' END,
                   CASE $5 WHEN 'ended' THEN now() - interval '1 day' END)""",
        partnership_id,
        program_id,
        advertiser,
        await network.brand(partner),
        status,
    )
    return partnership_id


async def test_what_keeps_partnerships_from_earning_is_listed_the_most_pressing_first(
    network: Network,
) -> None:
    groove = await network.brand("groove")
    records = await program(network, groove)
    await partnership(network, "paused", "paused", records, groove)
    unpaid = await partnership(network, "unpaid", "active", records, groove)
    await partnership(network, "review", "in_review", records, groove)
    await partnership(network, "ended", "ended", records, groove)
    maker = await network.person("max@unpaid.example", groove, ["marketer"])
    for name, host in (("lost", "gone.example"), ("kept", "Groove.example:443")):
        await network.owner.execute(
            """INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name,
                   destination_url, created_at, created_by)
               SELECT gen_random_uuid(), $2, id, program_id, advertiser_id, partner_id, $2, $3, now(), $4
               FROM partnerships WHERE id = $1""",
            unpaid,
            name,
            f"https://{host}/records",
            maker,
        )

    desk = await partnering.desk(await clock.now())

    assert [(one.kind, one.partner_name, one.name) for one in desk.attention] == [
        ("review", "Review", None),
        ("account", "Unpaid", None),
        ("lost_link", "Unpaid", "lost"),
        ("paused", "Paused", None),
    ]
    page = (await (await operator(network, "manager")).get("/admin/")).text
    assert "4 things go on only when somebody does something." in page
    assert "Review and Groove agreed, and have no agreement to sign yet" in page
    assert "Draft an agreement" in page
    assert 'class="button" href="/admin/invitations/new"' in page


async def test_an_agreement_waits_for_whoever_has_not_signed_and_since_the_last_step(sale: Sale) -> None:
    before = await partnering.desk(await clock.now())
    await builders.set_clock(at(2, 1))
    terms = builders.TERMS.format(structure="graduated", bonus="", rate_ppm=90_000)
    new = NewAgreement(sale.partnerships[SHOP, SMALL].id, "cross-promotion", "2026-11", terms)
    drafted = await draft.draft_agreement(sale.owners[SHOP], new, builders.OPERATOR)
    both = (await partnering.desk(await clock.now())).attention
    await builders.set_clock(at(2, 3))
    signer = Signer(sale.owners[SHOP], "192.0.2.7", "Tests")
    await sign.sign_agreement(signer, drafted.id, drafted.content_hash)
    one = (await partnering.desk(await clock.now())).attention

    assert before.attention == []
    assert [(each.waits_for, each.since) for each in both] == [("both", at(2, 1))]
    assert [(each.waits_for, each.since, each.partner_name) for each in one] == [
        ("partner", at(2, 3), "Needle Drop")
    ]


async def test_terms_that_a_signed_change_ends_are_expiring_within_90_days(sale: Sale) -> None:
    await builders.set_clock(at(2, 1))
    await builders.agree(sale, SHOP, SMALL, rate_ppm=90_000)
    (terms,) = (await partnering.desk(await clock.now())).expiring

    assert (terms.number, terms.is_followed) == ("tune-house-records/needle-drop/1", True)
    ends_at = terms.at
    assert [one.at for one in (await partnering.desk(ends_at - partnering.SOON)).expiring] == [ends_at]
    assert (await partnering.desk(ends_at - partnering.SOON - timedelta(seconds=1))).expiring == []
    assert (await partnering.desk(ends_at)).expiring == []


async def test_who_grew_and_who_fell_is_told_to_the_cent(sale: Sale) -> None:
    # 10 % of the one order of 150.00 on 10 January.
    grown = (await partnering.desk(at(1, 20))).movers
    fallen = (await partnering.desk(at(2, 20))).movers
    forgotten = (await partnering.desk(at(4, 20))).movers

    assert [(one.partner_name, one.now_minor, one.before_minor, one.change_minor) for one in grown] == [
        ("Needle Drop", 1_500, 0, 1_500)
    ]
    assert [(one.now_minor, one.before_minor, one.change_minor) for one in fallen] == [(0, 1_500, -1_500)]
    assert forgotten == []
    assert sale.brands


async def test_an_invitation_whose_link_has_run_out_says_so(network: Network) -> None:
    groove = await network.brand("groove")
    invited = await partnership(network, "riff", "invited", await program(network, groove), groove)
    inviter = await network.person("mia@network.example", None, ["manager"])
    await network.owner.execute(
        """INSERT INTO invitations (id, token_hash, partnership_id, brand_id, role, email, invited_by,
               created_at, expires_at)
           SELECT gen_random_uuid(), '\\x01', id, partner_id, 'owner', 'a@riff.example', $2,
               now() - interval '9 days', now() - interval '2 days' FROM partnerships WHERE id = $1""",
        invited,
        inviter,
    )

    page = (await (await network.signed_in("mia@network.example")).get("/admin/")).text

    assert "link has run out" in page
    assert "3 days" in page


async def test_on_a_fresh_installation_the_home_says_the_first_steps(network: Network) -> None:
    page = (await (await operator(network, "manager")).get("/admin/")).text

    assert "The first steps" in page
    assert "Needs attention" not in page
    assert "/admin/invitations/new" not in page


@pytest.mark.parametrize("role", ["manager", "admin"])
async def test_more_partnerships_ask_the_database_no_more_often(
    network: Network, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    browser = await operator(network, role)
    groove = await network.brand("groove")
    records = await program(network, groove)
    await partnership(network, "first", "in_review", records, groove)
    await browser.get("/admin/")
    asked = counted(monkeypatch)
    await browser.get("/admin/")
    before = len(asked)
    for n in range(40):
        await partnership(network, f"partner-{n}", "in_review" if n % 2 else "invited", records, groove)
    asked.clear()

    page = await browser.get("/admin/")

    assert page.status_code == 200
    assert len(asked) == before <= 30
    if role == "manager":
        assert "21 things go on only when somebody does something." in page.text


async def test_names_of_a_thousand_letters_and_of_other_scripts_are_shown_and_escaped(
    network: Network,
) -> None:
    groove = await network.brand("groove")
    records = await program(network, groove)
    for slug, name in (("long", "A" * 1_000), ("arabic", "مؤسسة الموسيقى"), ("bad", "<b>🎧</b>")):
        await partnership(network, slug, "in_review", records, groove)
        await network.owner.execute("UPDATE brands SET name = $1 WHERE slug = $2", name, slug)
    browser = await operator(network, "manager")

    home, listed = (await browser.get("/admin/")).text, (await browser.get("/admin/partnerships")).text

    for page in (home, listed):
        assert "مؤسسة الموسيقى" in page
        assert "&lt;b&gt;🎧&lt;/b&gt;" in page
        assert "<b>🎧" not in page
    assert "A" * 1_000 in listed
    assert "A" * 1_000 not in home


async def test_nobodys_second_factor_is_seen_but_that_it_is_missing(network: Network) -> None:
    admin = await operator(network, "admin")
    await network.person("pat@network.example", None, ["finance"])
    member_id = await network.person("sam@network.example", None, ["finance"])
    await network.owner.execute(
        """INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at, confirmed_at)
           VALUES (gen_random_uuid(), $1, 'totp', 'Phone', '\\x01', now(), now())""",
        member_id,
    )

    page = (await admin.get("/admin/")).text

    assert "pat@network.example" in page
    assert "sam@network.example" not in page
    async with connections.transaction(eyes="operator") as connection:
        assert await connection.fetchval("SELECT count(*) FROM second_factors") == 0
