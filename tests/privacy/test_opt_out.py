import pytest

from partner_network.clicks import rules
from tests.doors import Network

PAGE = "/privacy/opt-out"


async def test_anybody_opts_out_and_in_again_without_an_account(network: Network) -> None:
    browser = await network.browser()

    assert "You have opted out" not in (await browser.get(PAGE)).text
    out = await browser.client.post(PAGE, data={"wish": "out"})
    assert (out.status_code, out.headers["location"]) == (303, PAGE)
    assert "You have opted out" in (await browser.get(PAGE)).text
    await browser.client.post(PAGE, data={"wish": "in"})
    assert "You have opted out" not in (await browser.get(PAGE)).text


async def test_opting_out_is_remembered_for_two_years_and_forgets_the_last_click(network: Network) -> None:
    browser = await network.browser()

    answer = await browser.client.post(PAGE, data={"wish": "out"})

    kept, cleared = sorted(answer.headers.get_list("set-cookie"), reverse=True)
    assert kept.startswith("partner_network_opt_out=1; ")
    assert f"Max-Age={2 * 365 * 86_400};" in kept
    assert "SameSite=lax" in kept
    assert "HttpOnly" in kept
    assert cleared.startswith('clk=""; ')
    assert "Max-Age=0;" in cleared


async def test_another_site_cannot_opt_somebody_in_again(network: Network) -> None:
    browser = await network.browser()
    await browser.client.post(PAGE, data={"wish": "out"})

    forged = await browser.client.post(PAGE, data={"wish": "in"}, headers={"sec-fetch-site": "cross-site"})

    assert forged.status_code == 403
    assert "You have opted out" in (await browser.get(PAGE)).text


@pytest.mark.parametrize(
    ("cookies", "has"),
    [
        ([b"partner_network_opt_out=1"], True),
        ([b"clk=clk_1; partner_network_opt_out=1; a=b"], True),
        ([b"clk=clk_1;partner_network_opt_out=1"], True),
        ([b"partner_network_opt_out=1", b"clk=clk_1"], True),  # HTTP/2 sends them apart
        ([b"clk=clk_1", b"partner_network_opt_out=1"], True),
        ([b"partner_network_opt_out=0"], False),
        ([b"partner_network_opt_out=11"], False),
        ([b"not_partner_network_opt_out=1"], False),
        ([b'x="partner_network_opt_out=1"'], False),
        ([], False),
    ],
)
def test_only_the_whole_cookie_says_that_somebody_has_opted_out(cookies: list[bytes], *, has: bool) -> None:
    headers = [(b"user-agent", b"partner_network_opt_out=1"), *((b"cookie", one) for one in cookies)]

    assert rules.has_opted_out(headers) is has
