"""The pages of links that cannot be followed stand alone, and speak as their visitors do."""

import base64
import hashlib
import re

import pytest

from tests.clicks.served import Redirect


async def test_the_friendly_page_stands_alone_and_runs_nothing(redirect: Redirect) -> None:
    answer = await redirect.click("0123456789abcd")
    assert re.findall(r"<script|\bon\w+=|\bsrc=|\bstyle=|url\(", answer.text) == []
    assert re.findall(r'\bhref="([^"]*)"', answer.text) == ["?lang=de"]
    policy = answer.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{hashed}';")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("query", "headers", "heading"),
    [
        ("", {}, "This link leads nowhere"),
        ("", {"accept-language": "de-AT,en;q=0.5"}, "Dieser Link führt nirgendwohin"),
        ("?lang=de", {"accept-language": "en"}, "Dieser Link führt nirgendwohin"),
        ("?lang=xx", {"accept-language": "fr"}, "This link leads nowhere"),
    ],
)
async def test_the_friendly_page_speaks_as_its_visitor_does(
    redirect: Redirect, query: str, headers: dict[str, str], heading: str
) -> None:
    answer = await redirect.browser.get(f"/l/0123456789abcd{query}", headers=headers)
    assert f"<h1>{heading}</h1>" in answer.text
    assert f'<html lang="{answer.headers["content-language"]}">' in answer.text
    assert answer.headers["vary"] == "Accept-Language, Cookie"
