import io
from collections.abc import Callable

import pytest
from PIL import Image

from partner_network.gateways.file_store import store
from partner_network.kernel.errors import InvalidError
from tests.agreements.cast import Cast
from tests.doors import Browser

Planted = Callable[[str], str]


async def must_be_clean(browser: Browser, path: str) -> None:
    """Follow a download, and look for what was planted among its headers."""
    leads_to = await browser.get(path)
    file = await browser.get(leads_to.headers["location"])
    for answer in (leads_to, file):
        assert "stolen" not in answer.headers.get("set-cookie", "")
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
    assert file.status_code == 200
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert "stolen=1" not in file.headers["content-disposition"]


async def test_the_name_of_a_creative_stays_a_name_in_the_headers_of_its_download(
    cast: Cast, planted: Planted
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    for title in (planted("Banner"), 'Banner"; filename="evil.html', "Banner\u2028set-cookie: stolen=1"):
        uploaded = await cast.shop.client.post(
            f"/api/v1/programs/{cast.program}/creatives",
            data={"title": title},
            files={"file": ("x.png", picture.getvalue(), "image/png")},
        )
        if uploaded.status_code == 201:
            await must_be_clean(cast.shop, f"/api/v1/creatives/{uploaded.json()['id']}/file")
        else:
            assert uploaded.status_code == 422


@pytest.mark.parametrize(
    "name", ['a"b.pdf', "a\r\nx: y", "a\nb", "a\x00b", "a/b.pdf", "a\\b", "a\x7f", "\u202ea"]
)
def test_no_file_is_handed_out_under_a_name_that_ends_its_line(name: str) -> None:
    with pytest.raises(InvalidError):
        store.content_disposition(name)


async def test_where_one_was_going_stays_one_line_of_the_answer(cast: Cast) -> None:
    visitor = await cast.network.browser()
    page = {"accept": "text/html"}

    answer = await visitor.get("/links?x=%0d%0aset-cookie:%20stolen=1", headers=page)
    path = await visitor.get("/admin%0d%0aset-cookie:%20stolen=1", headers=page)

    for one in (answer, path):
        assert "stolen" not in one.headers.get("set-cookie", "")
        assert all("\r" not in value and "\n" not in value for value in one.headers.values())


async def test_a_name_cannot_add_a_line_to_the_head_of_a_letter(cast: Cast, planted: Planted) -> None:
    for name in (planted("Groove"), "Groove\nbcc: all@else.example", "Groove\rbcc: all@else.example"):
        brand = {
            "slug": "evil-street", "name": name, "legal_name": name, "address": "1 Road", "country": "US",
        }  # fmt: skip
        made = await cast.manager.post("/api/v1/brands", brand)
        invited = await cast.shop.post(
            "/api/v1/partnerships",
            {"program": cast.program, "email": "victim@else.example", "new_brand": brand},
        )
        assert (made.status_code, invited.status_code) == (422, 422)
    for email in (
        "victim@else.example\r\nbcc: everybody@else.example",
        "a@b.example\x00",
        "a@b.example,c@d.example",
    ):
        answer = await cast.shop.post("/api/v1/invitations", {"email": email, "role": "viewer"})
        assert answer.status_code in {400, 422}, email
    written = await cast.network.owner.fetch("SELECT DISTINCT kind FROM letters")
    letters = [one for row in written for one in await cast.network.letters(row["kind"])]
    assert letters
    assert all("else.example" not in one.to and "bcc:" not in one.to + one.subject for one in letters)
    assert not any(mark in one.to + one.subject for one in letters for mark in "\r\n\x00")
