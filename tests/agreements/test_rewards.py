"""Rewards are agreed under a contract that has a clause for them, and go on as what they are."""

from tests.agreements import cast as casting
from tests.agreements.cast import Cast
from tests.doors import TERMS

REWARD = """
[[rewards]]
name = "welcome"
kind = "customer_credit"
event = "sale"
amount_minor = 500
"""
WITH_REWARD = f"{TERMS}{REWARD}"


async def test_terms_with_a_key_that_the_contract_has_no_clause_for_are_refused_at_drafting(
    cast: Cast,
) -> None:
    refused = await cast.draft(WITH_REWARD, 422)
    assert refused["detail"] == (
        "The contract cross-promotion 2026-11 has no clause for rewards; "
        "choose a later version, or leave it out."
    )


async def test_a_later_contract_takes_them_and_they_keep_what_they_are(cast: Cast) -> None:
    contract = {**casting.CONTRACT, "contract_version": "2026-12"}
    wanted = {"partnership": cast.partnership, "terms": WITH_REWARD, **contract}
    agreement = await cast.shop.accepted("/api/v1/agreements", wanted, 201)
    text = (await cast.partner.get(f"/api/v1/agreements/{agreement['id']}/text")).text
    assert "credit of the Customer with the Advertiser, $5.00 (five US dollars) for each sale" in text
    await cast.sign(cast.shop, agreement)
    await cast.sign(cast.partner, agreement)
    changed = {**wanted, "terms": WITH_REWARD.replace("customer_credit", "partner_credit")}
    refused = await cast.shop.accepted("/api/v1/agreements", changed, 422)
    assert "rewards[0].name" in refused["detail"]
