import asyncio
import hashlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.agreements.cast import CONTRACT, Cast
from tests.doors import TERMS, Network

NEW_YORK = ZoneInfo("America/New_York")
LATER = TERMS.replace("50_000", "60_000")


async def terms_rows(network: Network) -> list[tuple[str, str]]:
    rows = await network.owner.fetch(
        """SELECT a.number, t.valid::text || ' ' || upper_inf(t.recorded) AS held FROM terms t
           JOIN agreements a ON a.id = t.agreement_id ORDER BY upper_inf(t.recorded), t.valid"""
    )
    return [(row["number"], row["held"]) for row in rows]


async def test_both_signatures_make_exactly_one_row_of_terms_and_start_the_partnership(cast: Cast) -> None:
    agreement = await cast.draft()
    await cast.sign(cast.shop, agreement)
    assert await terms_rows(cast.network) == []

    signed = await cast.sign(cast.partner, agreement)

    assert signed["is_signed"]
    partnership = (await cast.shop.get(f"/api/v1/partnerships/{cast.partnership}")).json()
    assert partnership["status"] == "active"
    assert partnership["active_from"] == signed["signatures"][1]["signed_at"]
    valid_from = await cast.network.owner.fetchval("SELECT lower(valid) FROM terms")
    assert valid_from.isoformat() == signed["signatures"][1]["signed_at"]
    assert [number for number, _ in await terms_rows(cast.network)] == ["cd-club/drum-school/1"]


async def test_the_second_signature_asks_for_the_document_and_the_first_does_not(cast: Cast) -> None:
    waiting = "SELECT payload FROM pgqueuer WHERE entrypoint = 'agreements.render_agreement'"
    agreement = await cast.draft()
    await cast.sign(cast.shop, agreement)
    assert await cast.network.owner.fetch(waiting) == []

    await cast.sign(cast.partner, agreement)

    assert len(await cast.network.owner.fetch(waiting)) == 1


async def test_what_is_signed_is_the_text_that_can_be_read(cast: Cast) -> None:
    agreement = await cast.draft()

    text = (await cast.partner.get(f"/api/v1/agreements/{agreement['id']}/text")).text

    assert hashlib.sha256(text.encode()).hexdigest() == agreement["content_hash"]
    assert "Drum School LLC" in text
    assert 'model = "last_click"' in text  # the program's policy is part of what is signed


async def test_a_brand_signs_once(cast: Cast) -> None:
    agreement = await cast.draft()
    await cast.sign(cast.shop, agreement)

    refused = await cast.sign(cast.shop, agreement, status=409)

    assert "signed this agreement already" in refused["detail"]
    assert await cast.network.owner.fetchval("SELECT count(*) FROM signatures") == 1


async def test_only_an_owner_of_one_of_the_two_brands_signs(cast: Cast) -> None:
    agreement = await cast.draft()
    network = cast.network
    shop_id = await network.owner.fetchval("SELECT id FROM brands WHERE slug = 'groove-street'")
    await network.person("marc@groove.example", shop_id, ["marketer"])
    await network.person("eve@else.example", await network.brand("someone-else"), ["owner"])
    marketer, stranger = (
        await network.signed_in("marc@groove.example"),
        await network.signed_in("eve@else.example"),
    )

    await cast.sign(marketer, agreement, status=403)
    await cast.sign(cast.manager, agreement, status=403)
    await cast.sign(stranger, agreement, status=404)

    assert (await stranger.get(f"/api/v1/agreements/{agreement['id']}")).status_code == 404
    assert (await stranger.get(f"/api/v1/agreements/{agreement['id']}/text")).status_code == 404
    assert (await stranger.get("/api/v1/agreements")).json()["items"] == []
    assert await network.owner.fetchval("SELECT count(*) FROM signatures") == 0


async def test_a_text_that_is_not_what_was_read_is_not_signed(cast: Cast) -> None:
    agreement = await cast.draft()

    refused = await cast.sign(cast.partner, agreement | {"content_hash": "ab" * 32}, status=409)

    assert "not the text that you read" in refused["detail"]


async def test_a_newer_draft_ends_the_older_one(cast: Cast) -> None:
    older = await cast.draft()
    await cast.sign(cast.shop, older)
    newer = await cast.draft(LATER)

    refused = await cast.sign(cast.partner, older, status=409)

    assert "newer draft" in refused["detail"]
    assert newer["number"] == "cd-club/drum-school/2"
    await cast.sign(cast.shop, newer)
    assert (await cast.sign(cast.partner, newer))["is_signed"]
    assert [number for number, _ in await terms_rows(cast.network)] == ["cd-club/drum-school/2"]


async def test_a_company_that_moves_changes_no_agreement_that_was_drafted(cast: Cast) -> None:
    agreement = await cast.draft()
    await cast.network.owner.execute("UPDATE brands SET address = 'Elsewhere', name = 'New Name'")

    assert (await cast.sign(cast.shop, agreement))["content_hash"] == agreement["content_hash"]


async def test_two_who_sign_at_once_still_make_one_row_of_terms(cast: Cast) -> None:
    agreement = await cast.draft()
    path = f"/api/v1/agreements/{agreement['id']}/signatures"
    wanted = {"content_hash": agreement["content_hash"]}

    answers = await asyncio.gather(
        *(browser.post(path, wanted) for browser in (cast.shop, cast.partner, cast.shop, cast.partner))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert len(await terms_rows(cast.network)) == 1
    asked = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'agreements.render_agreement'"
    assert await cast.network.owner.fetchval(asked) == 1


async def test_an_amendment_takes_over_after_the_notice_and_both_states_of_knowledge_stay(cast: Cast) -> None:
    await cast.signed()
    amendment = await cast.signed(LATER)

    rows = await cast.network.owner.fetch(
        """SELECT a.number, lower(t.valid) AS starts, upper(t.valid) AS ends, upper_inf(t.recorded) AS held
           FROM terms t JOIN agreements a ON a.id = t.agreement_id ORDER BY held, t.valid"""
    )
    before, first, second = rows

    assert (before["number"], before["ends"], before["held"]) == ("cd-club/drum-school/1", None, False)
    assert (first["number"], first["starts"], first["held"]) == (before["number"], before["starts"], True)
    assert (second["number"], second["starts"], second["ends"]) == (
        "cd-club/drum-school/2",
        first["ends"],
        None,
    )
    drafted_on = datetime.fromisoformat(amendment["drafted_at"]).astimezone(NEW_YORK).date()
    over = datetime.combine(drafted_on + timedelta(days=30), time.min, NEW_YORK)
    assert second["starts"] == over.astimezone(UTC)
    overlaps = await cast.network.owner.fetchval(
        """SELECT count(*) FROM terms a JOIN terms b ON a.id < b.id AND a.valid && b.valid
           AND a.recorded && b.recorded"""
    )
    assert overlaps == 0


async def test_a_change_dated_before_the_end_of_its_notice_is_refused(cast: Cast) -> None:
    await cast.signed()
    soon = (datetime.now(UTC) + timedelta(days=10)).date()

    refused = await cast.draft(f"valid_from = {soon}\n{LATER}", status=422)

    assert "30 days of notice" in refused["detail"]
    assert list(refused["fields"]) == ["valid_from"]


async def test_terms_dated_later_begin_at_that_midnight_in_their_zone(cast: Cast) -> None:
    await cast.signed(f"valid_from = 2031-01-01\n{TERMS}")

    starts = await cast.network.owner.fetchval("SELECT lower(valid) FROM terms")

    assert starts == datetime(2031, 1, 1, 5, tzinfo=UTC)  # New York is five hours behind in winter


async def test_terms_dated_earlier_begin_with_the_later_signature(cast: Cast) -> None:
    signed = await cast.signed(f"valid_from = 2020-01-01\n{TERMS}")

    starts = await cast.network.owner.fetchval("SELECT lower(valid) FROM terms")

    assert starts.isoformat() == signed["signatures"][1]["signed_at"]


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ("not toml", []),
        (
            TERMS.replace("rate_ppm = 50_000", "rate_ppm = 0.05"),
            ["commission.components[0].tiers[0].rate_ppm"],
        ),
        ('[settlement]\ncurrency = "USD"\ntime_zone = "UTC"', ["commission.components"]),
        (f'[program.attribution]\nmodel = "linear"\n{TERMS}', ["program"]),
    ],
    ids=["no TOML", "a float", "nothing to earn", "another policy than the program's"],
)
async def test_terms_that_cannot_hold_are_not_drafted(cast: Cast, terms: str, fields: list[str]) -> None:
    refused = await cast.draft(terms, status=422)

    assert list(refused["fields"]) == fields
    assert await cast.network.owner.fetchval("SELECT count(*) FROM agreements") == 0


async def test_the_partner_and_strangers_draft_nothing(cast: Cast) -> None:
    wanted = {"partnership": cast.partnership, "terms": TERMS, **CONTRACT}
    await cast.network.person("eve@else.example", await cast.network.brand("someone-else"), ["owner"])
    stranger = await cast.network.signed_in("eve@else.example")

    await cast.partner.accepted("/api/v1/agreements", wanted, status=403)
    await stranger.accepted("/api/v1/agreements", wanted, status=404)


async def test_an_unpublished_contract_is_not_drafted(cast: Cast) -> None:
    for named in ({"contract": "../secrets"}, {"contract_version": "1999-01"}):
        wanted = {"partnership": cast.partnership, "terms": TERMS, **CONTRACT, **named}
        await cast.shop.accepted("/api/v1/agreements", wanted, status=404)


async def test_a_policy_says_nothing_that_belongs_to_an_agreement(cast: Cast) -> None:
    path = f"/api/v1/programs/{cast.program}/versions"

    refused = await cast.shop.accepted(path, {"policy": TERMS}, status=422)
    wrong = await cast.shop.accepted(path, {"policy": "[program.attribution]\nmodel = 'magic'"}, status=422)
    published = await cast.shop.accepted(path, {"policy": "[program.attribution]\nmodel = 'linear'"})

    assert sorted(refused["fields"]) == ["commission", "settlement"]
    assert list(wrong["fields"]) == ["program.attribution.model"]
    assert published["version"] == 2
    await cast.partner.accepted(path, {"policy": ""}, status=404)
