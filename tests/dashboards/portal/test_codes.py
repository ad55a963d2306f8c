"""The page of promo codes: who sees which, who gives and withdraws them, and what it says of mistakes."""

import re

from tests.builders import RADIO, SHOP, SMALL
from tests.dashboards.portal.test_pages import owner_of, page, sent, words
from tests.doors import Browser, Network


def choices_on(html: str) -> list[str]:
    return re.findall(r'<option value="(prt_\w+)"', html)


async def give(browser: Browser, code: str) -> int:
    (*_, last) = choices_on(await page(browser, "/codes"))
    return (await sent(browser, "/codes", partnership=last, code=code)).status_code


async def test_both_brands_find_a_code_and_only_the_one_that_gave_it_can_withdraw_it(portal: Network) -> None:
    shop, radio = [await portal.signed_in(owner_of(slug)) for slug in (SHOP, RADIO)]

    given, received = await page(shop, "/codes"), await page(radio, "/codes")

    assert "RADIO10" in words(given)
    assert "RADIO10" in words(received)
    assert re.findall(r'action="/codes/cod_\w+/end"', given)
    assert not re.findall(r"/end", received)
    assert "RADIO10" in words(await page(radio, "/"))
    assert "RADIO10" not in words(await page(await portal.signed_in(owner_of(SMALL)), "/codes"))


async def test_a_code_is_given_by_the_form_and_withdrawn_for_good(portal: Network) -> None:
    shop = await portal.signed_in(owner_of(SHOP))

    assert await give(shop, "GROOVE15") == 303
    (address,) = re.findall(r"/codes/cod_\w+/end", await page(shop, "/codes?q=groove15"))
    ended = await sent(shop, address)

    assert ended.headers["location"] == "/codes?told=code-withdrawn#told"
    assert "off since" in words(await page(shop, "/codes?q=groove15"))
    assert "Nothing found" in words(await page(shop, "/codes?state=on&q=groove15"))
    assert (await page(shop, "/codes?format=csv&q=groove15")).count("GROOVE15") == 1


async def test_all_mistakes_are_shown_at_once_and_what_was_typed_stays(portal: Network) -> None:
    shop = await portal.signed_in(owner_of(SHOP))

    answer = await sent(shop, "/codes", partnership="", code="two words")

    assert answer.status_code == 422
    assert "Choose the partner who gets the code." in words(answer.text)
    assert "without blanks, like SUMMER10" in words(answer.text)
    assert 'value="two words"' in answer.text


async def test_a_code_given_before_is_refused_beside_its_field(portal: Network) -> None:
    shop = await portal.signed_in(owner_of(SHOP))
    (*_, last) = choices_on(await page(shop, "/codes"))

    answer = await sent(shop, "/codes", partnership=last, code="radio10")

    assert answer.status_code == 422
    assert "a code never changes hands; choose another" in words(answer.text)


async def test_the_operators_people_are_led_to_the_back_office(portal: Network) -> None:
    browser = await portal.signed_in("mia@network.test")

    assert "back office" in await page(browser, "/codes", status=403)
