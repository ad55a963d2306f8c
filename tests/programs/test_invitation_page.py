"""The page of an invitation is the inviting company's: its names on top, and the language it speaks in."""

import pytest

from tests.agreements.cast import Cast
from tests.doors import PASSWORD
from tests.programs.test_partnerships import BRAND


async def page_of_new_partner(cast: Cast) -> str:
    wanted = {"program": cast.program, "new_brand": BRAND, "email": "hana@horns.example"}
    await cast.shop.accepted("/api/v1/partnerships", wanted)
    return f"/invitations/{await cast.network.token_in_letter('invitation', 'hana@horns.example')}"


async def test_the_page_names_both_companies_and_nothing_of_the_portal(cast: Cast) -> None:
    address = await page_of_new_partner(cast)

    page = (await (await cast.network.browser()).get(address)).text

    assert "Groove-Street <i" in page
    assert "Groove-Street asks Horn House to promote its program" in page
    assert "<script" not in page
    assert 'class="top"' not in page


@pytest.mark.parametrize(
    ("query", "headers", "title"),
    [
        ("", {"accept-language": "en"}, "lädt Sie ein"),
        ("?lang=en", {}, "invites you"),
    ],
)
async def test_the_page_speaks_as_the_inviting_company_does_unless_one_chooses(
    cast: Cast, query: str, headers: dict[str, str], title: str
) -> None:
    address = await page_of_new_partner(cast)
    await cast.network.owner.execute(
        "UPDATE brands SET customer_language = 'de' WHERE name = 'Groove-Street'"
    )

    browser = await cast.network.browser()
    page = await browser.client.get(f"{address}{query}", headers=headers)

    assert title in page.text
    assert f'<html lang="{page.headers["content-language"]}">' in page.text


async def test_all_that_is_wrong_is_told_at_once_in_the_language_of_the_page(cast: Cast) -> None:
    address = await page_of_new_partner(cast)
    browser = await cast.network.browser()

    page = await browser.client.post(f"{address}?lang=de", data={"name": "", "password": "short"})
    joined = await browser.client.post(f"{address}?lang=de", data={"name": "Hana", "password": PASSWORD})

    assert (page.status_code, page.text.count('class="error"')) == (422, 2)
    assert 'href="#name"' in page.text
    assert "characters" not in page.text
    assert joined.status_code == 303
