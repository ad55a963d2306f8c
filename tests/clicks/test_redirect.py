from urllib.parse import parse_qs, urlsplit

from partner_network.kernel import ids
from tests.clicks.served import Network, Redirect


async def test_a_click_is_sent_on_with_its_id_which_is_in_the_database_by_then(
    network: Network, redirect: Redirect
) -> None:
    answer = await redirect.click(await network.make_link())
    location = urlsplit(answer.headers["location"])
    (shown,) = parse_qs(location.query)["clk"]
    (row,) = await network.fetch("SELECT * FROM clicks")
    assert answer.status_code == 302
    assert (location.netloc, location.path, location.fragment) == ("shop.example", "/cds", "top")
    assert row["click_id"] == ids.parse("clk", shown)
