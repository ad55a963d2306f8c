"""What stands between two brands, over the API and in the portal, to both of them and to nobody else."""

from tests.admin.conftest import Office, closed, network, office, sale, simulator
from tests.builders import SHOP, SMALL
from tests.doors import Browser

__all__ = ["closed", "network", "office", "sale", "simulator"]


async def test_both_brands_read_the_same_balance_and_the_operator_all(office: Office) -> None:
    shop, blog = await brand(office, SHOP), await brand(office, SMALL)
    pia = await office.person("pia")
    rows = [(await browser.get("/api/v1/balances")).json()["items"] for browser in (shop, blog, pia)]
    assert rows[0] == rows[1] == rows[2]
    (row,) = rows[0]
    assert (row["currency"], row["payable_minor"], row["owed_minor"]) == ("USD", 1_500, 1_500)
    assert {row[name] for name in row if name.endswith("_minor")} == {0, 1_500}


async def test_the_portal_says_who_pays_whom(office: Office) -> None:
    shop, blog = await brand(office, SHOP), await brand(office, SMALL)
    assert "you pay" in (await shop.get("/balances")).text
    page = (await blog.get("/balances?after=x")).text
    assert "you are paid" in page
    assert page.count("$15.00") == 1
    assert "No balances yet" in (await blog.get("/balances?after=999999999")).text


async def test_a_page_of_balances_says_where_the_next_begins(office: Office) -> None:
    pia = await office.person("pia")
    (row,) = (await pia.get("/api/v1/balances?limit=1")).json()["items"]
    assert (await pia.get(f"/api/v1/balances?after={row['id']}")).json() == {"items": [], "next": None}
    for wrong in ("x", "-1", "9" * 19, "1" * 99, "%C2%B2"):
        answer = await pia.get(f"/api/v1/balances?after={wrong}")
        assert answer.status_code == 422, wrong


async def brand(office: Office, slug: str) -> Browser:
    email = f"fin@{slug}.example"
    await office.network.person(email, office.sale.brands[slug], ["finance"])
    return await office.network.signed_in(email)
