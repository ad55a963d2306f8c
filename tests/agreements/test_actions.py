from tests.agreements.cast import Cast


async def test_both_signatures_make_exactly_one_row_of_terms_and_start_the_partnership(cast: Cast) -> None:
    agreement = await cast.draft()
    await cast.sign(cast.shop, agreement)
    assert await cast.network.owner.fetchval("SELECT count(*) FROM terms") == 0

    signed = await cast.sign(cast.partner, agreement)

    assert signed["is_signed"]
    assert await cast.network.owner.fetchval("SELECT count(*) FROM terms") == 1
    partnership = (await cast.shop.get(f"/api/v1/partnerships/{cast.partnership}")).json()
    assert partnership["status"] == "active"
    assert partnership["active_from"] == signed["signatures"][1]["signed_at"]
