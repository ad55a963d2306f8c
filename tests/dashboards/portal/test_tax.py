"""What a brand is at the tax office: typed in the portal, dated, and billed by once all of it is there."""

import httpx

from partner_network.kernel import ids
from tests.builders import RADIO, SHOP
from tests.dashboards.portal.test_pages import brand_of, owner_of, page, sent, words
from tests.doors import Browser, Network

PROFILE = {
    "legal_name": "Night Radio Inc.",
    "address": "1 Main Street\nNew York, NY",
    "country": "US",
    "status": "standard",
    "vat_id": "",
    "tax_number": "911144442",
    "tax_rate": "8.875",
    "valid_from": "2026-05-06",
}
FEBRUARY = "TUNE-HOUSE-NIGHT-RADIO-2026-02-USD"


async def recorded(browser: Browser, **changed: str) -> httpx.Response:
    return await sent(browser, "/tax/profiles", **(PROFILE | changed))


async def test_a_profile_holds_from_its_first_day_and_is_audited(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(RADIO))

    answer = await recorded(browser)

    assert answer.headers["location"] == "/tax?told=recorded#told"
    shown = words(await page(browser, "/tax?told=recorded"))
    assert "The tax profile is recorded; it holds from its first day on." in shown
    assert "From 6 May 2026" in shown
    assert "91-1144442" in shown
    assert "In force" not in shown
    assert (
        await portal.owner.fetchval(
            "SELECT count(*) FROM audit_records WHERE object_kind = 'tax profile' AND verb = 'change'"
        )
        == 1
    )


async def test_everything_wrong_is_said_at_once_and_what_was_typed_is_kept(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(RADIO))

    answer = await recorded(
        browser, legal_name="", country="DE", vat_id="DE136695977", tax_rate="many", valid_from="2026-05-05"
    )

    assert answer.status_code == 422
    shown = words(answer.text)
    for said_of in (
        "Registered name: is required",
        "is no VAT number of this country; look for a mistyped digit",
        "0 to 100 percent, such as 19",
        "not before 2026-05-06",
    ):
        assert said_of in shown
    assert 'value="DE136695977"' in answer.text
    assert await portal.owner.fetchval("SELECT count(*) FROM tax_profiles") == 0


async def test_no_period_that_has_ended_can_be_taxed_anew(portal: Network) -> None:
    answer = await recorded(await portal.signed_in(owner_of(RADIO)), valid_from="2026-04-30")

    assert answer.status_code == 422
    assert await portal.owner.fetchval("SELECT count(*) FROM tax_profiles") == 0


async def test_who_agrees_asks_for_the_invoices_that_waited(portal: Network) -> None:
    radio = await portal.signed_in(owner_of(RADIO))
    # Final is what was approved or carried; none of Night Radio's has an invoice yet.
    waiting = await portal.owner.fetchval(
        """SELECT count(*) FROM statements s JOIN brands b ON b.id IN (s.payee_id, s.payer_id)
           LEFT JOIN statement_approvals a ON a.statement_id = s.id
           WHERE b.slug = $1 AND (a.statement_id IS NOT NULL OR s.carried_reason IS NOT NULL)""",
        RADIO,
    )
    assert waiting > 0
    queued = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'statements.render'"
    before = await portal.owner.fetchval(queued)
    payer = ids.shown("bnd", await brand_of(portal, SHOP))

    answer = await sent(radio, f"/tax/self-billing/{payer}")

    assert answer.headers["location"] == "/tax?told=agreed#told"
    assert (await sent(radio, f"/tax/self-billing/{payer}")).status_code == 409
    assert await portal.owner.fetchval(queued) == before + waiting


async def test_both_sides_see_why_there_is_no_invoice_and_what_to_do(portal: Network) -> None:
    statement = await statement_of(portal, FEBRUARY)

    payee = words(await page(await portal.signed_in(owner_of(RADIO)), f"/statements/{statement}"))
    payer = words(await page(await portal.signed_in(owner_of(SHOP)), f"/statements/{statement}"))

    for shown in (payee, payer):
        assert "There is no invoice yet:" in shown
        assert "The payee has not agreed to self-billing by the payer yet." in shown
        assert "Open your tax profile" in shown
    assert "It waits for Night Radio." in payer
    assert "It waits for Tune House." in payee


async def test_an_agreement_ends_for_the_future_only_and_once(portal: Network) -> None:
    radio = await portal.signed_in(owner_of(RADIO))
    payer = ids.shown("bnd", await brand_of(portal, SHOP))
    await sent(radio, f"/tax/self-billing/{payer}")

    ended = await sent(radio, f"/tax/self-billing/{payer}/end")

    assert ended.headers["location"] == "/tax?told=ended#told"
    assert (await sent(radio, f"/tax/self-billing/{payer}/end")).status_code == 409
    assert 'Agree<span class="visually-hidden">: Tune House<' in await page(radio, "/tax")
    verbs = await portal.owner.fetch(
        "SELECT verb FROM audit_records WHERE object_kind = 'self-billing agreement' ORDER BY id"
    )
    assert [row["verb"] for row in verbs] == ["accept", "end"]


async def test_nobody_agrees_in_the_name_of_a_brand_that_does_not_pay_them(portal: Network) -> None:
    shop = await portal.signed_in(owner_of(SHOP))
    stranger = ids.shown("bnd", await brand_of(portal, RADIO))

    assert (await sent(shop, f"/tax/self-billing/{stranger}")).status_code == 422


async def test_what_was_paid_by_year_is_shown_with_its_threshold_and_as_a_file(portal: Network) -> None:
    radio = await portal.signed_in(owner_of(RADIO))
    sent_minor = await portal.owner.fetchval(
        """SELECT sum(t.amount_minor)::bigint FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
           WHERE o.payee_id = $1 AND t.status = 'settled'""",
        await brand_of(portal, RADIO),
    )

    shown = words(await page(radio, "/tax"))
    file = (await radio.get("/tax/paid-by-year.csv")).text

    assert sent_minor > 0
    amount = f"{sent_minor // 100}.{sent_minor % 100:02}"
    assert f"2026 Tune House ${amount} not reached" in shown
    assert f"2026,Tune House,USD,{amount},not reached" in file


async def statement_of(portal: Network, number: str) -> str:
    return ids.shown(
        "stm", await portal.owner.fetchval("SELECT id FROM statements WHERE number = $1", number)
    )
