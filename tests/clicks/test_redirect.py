import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.links import rules
from tests.clicks import served
from tests.clicks.served import Redirect
from tests.links import cast
from tests.links.cast import Network

CLICKS = "SELECT * FROM clicks ORDER BY click_id"


def click_id_in(answer: httpx.Response) -> UUID:
    (shown,) = parse_qs(urlsplit(answer.headers["location"]).query)["clk"]
    return ids.parse("clk", shown)


async def clicks_of(network: Network) -> Sequence[asyncpg.Record]:
    return await network.fetch(CLICKS)


async def test_a_click_is_sent_on_with_its_id_which_is_in_the_database_by_then(
    network: Network, redirect: Redirect
) -> None:
    answer = await redirect.click(await network.make_link())
    location = urlsplit(answer.headers["location"])
    (row,) = await clicks_of(network)
    assert answer.status_code == 302
    assert (location.scheme, location.netloc, location.path) == ("https", "shop.example", "/cds")
    assert (parse_qs(location.query)["ref"], location.fragment) == (["1"], "top")
    assert row["click_id"] == click_id_in(answer)


async def test_a_click_knows_its_link_its_brands_and_nothing_that_names_a_person(
    network: Network, redirect: Redirect
) -> None:
    token = await network.make_link()
    await redirect.click(token, "?sub1=mail&sub3=top", cf_ipcountry="DE")
    (row,) = await clicks_of(network)
    (link,) = await network.fetch("SELECT id FROM links")
    assert dict(row) | {"visitor_key": None, "click_id": None, "at": None, "recorded_at": None} == {
        "click_id": None, "at": None, "recorded_at": None, "visitor_key": None, "link_id": link["id"],
        "partnership_id": network.cast.partnership, "program_id": network.cast.program,
        "advertiser_id": network.cast.shop, "partner_id": network.cast.roaster, "consent": "unknown",
        "excluded": None, "country": "DE", "network_prefix": "203.0.113.0/24", "subs": ["mail", "", "top"],
    }  # fmt: skip
    assert row["recorded_at"] == row["at"]
    assert len(row["visitor_key"]) == 16
    assert "203.0.113.77" not in str(dict(row))


async def test_no_cache_keeps_a_redirect(network: Network, redirect: Redirect) -> None:
    answer = await redirect.click(await network.make_link())
    assert answer.headers["cache-control"] == "no-store"


async def test_the_id_of_a_click_says_when_it_was_made(network: Network, redirect: Redirect) -> None:
    before = datetime.now(UTC)
    await redirect.click(await network.make_link())
    (row,) = await clicks_of(network)
    assert abs(ids.at_of(row["click_id"]) - row["at"]) < timedelta(milliseconds=1)
    assert before <= row["at"] <= datetime.now(UTC)


@pytest.mark.parametrize("query", ["", "?consent=granted"])
async def test_without_a_refusal_a_cookie_of_our_own_keeps_the_click_id(
    network: Network, redirect: Redirect, query: str
) -> None:
    answer = await redirect.click(await network.make_link(), query)
    shown = ids.shown("clk", click_id_in(answer))
    assert answer.headers["set-cookie"] == (
        f"clk={shown}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure"
    )


async def test_a_visitor_who_refuses_is_counted_without_key_and_cookie(
    network: Network, redirect: Redirect
) -> None:
    answer = await redirect.click(await network.make_link(), "?consent=denied")
    (row,) = await clicks_of(network)
    assert (row["consent"], row["visitor_key"], row["excluded"]) == ("denied", None, None)
    assert row["click_id"] == click_id_in(answer)
    assert "set-cookie" not in answer.headers


async def test_a_bot_gets_its_redirect_and_no_valid_click(network: Network, redirect: Redirect) -> None:
    answer = await redirect.click(await network.make_link(), user_agent="Googlebot/2.1")
    (row,) = await clicks_of(network)
    assert (answer.status_code, row["excluded"]) == (302, "bot")
    assert "set-cookie" not in answer.headers


async def test_a_prefetch_is_counted_apart_and_refused_so_that_the_real_click_comes_to_us(
    network: Network, redirect: Redirect
) -> None:
    token = await network.make_link()
    ahead = await redirect.click(token, sec_purpose="prefetch")
    real = await redirect.click(token)
    assert (ahead.status_code, real.status_code) == (503, 302)
    assert [row["excluded"] for row in await clicks_of(network)] == ["prefetch", None]


async def test_who_only_asks_where_a_link_leads_has_not_clicked(network: Network, redirect: Redirect) -> None:
    token = await network.make_link("https://shop.example/cds")
    answer = await redirect.browser.head(f"/l/{token}", headers={"user-agent": served.CHROME})
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/cds")
    assert await clicks_of(network) == []


async def test_a_link_cannot_be_posted_to(network: Network, redirect: Redirect) -> None:
    answer = await redirect.browser.post(f"/l/{await network.make_link()}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert await clicks_of(network) == []


async def test_an_unknown_link_gets_a_page_that_says_what_happened_and_what_to_do(redirect: Redirect) -> None:
    answer = await redirect.click("0123456789abcd")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "switched it off" in answer.text
    assert "Check the address" in answer.text


async def test_the_friendly_page_repeats_nothing_of_what_was_asked(redirect: Redirect) -> None:
    answer = await redirect.click("%3Cscript%3Ealert(1)")
    assert answer.status_code == 404
    assert "alert" not in answer.text


@pytest.mark.parametrize("path", ["/l", "/l/", "/l/a/b", "/l/" + "x" * 5_000, "/l/%00", "/l/%E2%82%AC"])
async def test_odd_addresses_get_the_friendly_page_too(redirect: Redirect, path: str) -> None:
    answer = await redirect.browser.get(path)
    assert answer.status_code == 404
    assert "leads nowhere" in answer.text


async def test_a_link_that_was_switched_off_leads_nowhere(network: Network, redirect: Redirect) -> None:
    token = await network.make_link()
    assert (await redirect.click(token)).status_code == 302
    await network.fetch("UPDATE links SET disabled_at = now()")

    async def is_off() -> bool:
        return (await redirect.click(token)).status_code == 404

    await served.eventually(is_off)


async def test_a_guessed_token_never_reaches_the_database(
    network: Network, redirect: Redirect, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def look_up(token: str) -> None:
        asked.append(token)

    monkeypatch.setattr(redirect.links, "look_up", look_up)
    ours = rules.new_token(network.settings.secret_key)
    for token in ("0123456789abcd", "x", "", ours):
        assert (await redirect.click(token)).status_code == 404
    assert asked == [ours]


async def test_a_link_made_before_the_key_was_changed_leads_where_it_led(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, former = await network.make_link(), network.settings.secret_key
    changed = msgspec.structs.replace(network.settings, secret_key=b"another key of thirty-two bytes.")
    async with served.serving(msgspec.structs.replace(network, settings=changed)) as redirect:
        assert (await redirect.click(token)).status_code == 302  # known from the start, whatever its key
    changed = msgspec.structs.replace(changed, former_secret_keys=(former,))
    async with served.serving(msgspec.structs.replace(network, settings=changed)) as redirect:

        def unheard_of(_: str) -> None:
            """Another process made the link a moment ago, and nobody has told us."""

        monkeypatch.setattr(redirect.links, "get", unheard_of)
        assert (await redirect.click(token)).status_code == 302


@pytest.mark.parametrize(
    "query",
    ["?url=https://evil.example", "?clk=clk_1", "?consent=//evil.example", "?sub1=%0d%0alocation:%20//evil"],
)
async def test_nothing_in_the_request_changes_where_a_link_leads(
    network: Network, redirect: Redirect, query: str
) -> None:
    token = await network.make_link("https://shop.example/cds")
    answer = await redirect.click(token, query, host="evil.example")
    shown = ids.shown("clk", click_id_in(answer))
    assert answer.headers["location"] == f"https://shop.example/cds?clk={shown}"


async def test_addresses_that_begin_alike_are_left_to_the_app(redirect: Redirect) -> None:
    assert (await redirect.browser.get("/links/7")).text == "page 7"


async def test_the_same_visitor_has_one_key_in_every_process(network: Network) -> None:
    token = await network.make_link()
    async with served.serving(network) as one, served.serving(network) as other:
        await asyncio.gather(*(process.click(token) for process in (one, other) for _ in range(20)))
    rows = await clicks_of(network)
    assert (len(rows), len({row["visitor_key"] for row in rows})) == (40, 1)


async def test_a_link_made_a_moment_ago_by_another_process_works_at_once(
    network: Network, redirect: Redirect
) -> None:
    answers = [await redirect.click(await network.make_link()) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {302}


async def test_in_a_sandbox_a_click_carries_the_simulated_time(network: Network) -> None:
    sandbox = Network(
        network.url,
        network.redirect_url,
        network.cast,
        cast.settings_in(network.settings.data_folder, sandbox=True),
    )
    token = await network.make_link("http://127.0.0.1:8001/cds")
    moments = [datetime(2025, month, 3, 12, 30, tzinfo=UTC) for month in (1, 2, 11)]
    async with served.serving(sandbox) as redirect:
        for moment in moments:
            async with connections.transaction() as connection:
                await clock.set_simulated(connection, moment, running=False)
            await redirect.click(token)
    rows = await clicks_of(network)
    assert [row["at"] for row in rows] == moments
    assert [ids.at_of(row["click_id"]) for row in rows] == moments
    assert [row["recorded_at"] for row in rows] == moments


async def test_behind_a_trusted_proxy_the_click_comes_from_the_visitors_network(network: Network) -> None:
    settings = msgspec.structs.replace(network.settings, trusted_proxies=(ip_network("203.0.113.0/24"),))
    async with served.serving(msgspec.structs.replace(network, settings=settings)) as redirect:
        await redirect.click(await network.make_link(), x_forwarded_for="6.6.6.6, 198.51.100.4")

    (row,) = await clicks_of(network)
    assert row["network_prefix"] == "198.51.100.0/24"
    assert row["visitor_key"] is not None


async def test_what_a_visitor_says_of_its_own_address_is_not_believed(
    network: Network, redirect: Redirect
) -> None:
    await redirect.click(await network.make_link(), x_forwarded_for="198.51.100.4")

    (row,) = await clicks_of(network)
    assert row["network_prefix"] == "203.0.113.0/24"


async def test_who_has_opted_out_is_counted_without_key_and_cookie_whatever_the_link_says(
    network: Network, redirect: Redirect
) -> None:
    answer = await redirect.click(
        await network.make_link(), "?consent=granted", cookie="a=b; partner_network_opt_out=1"
    )
    (row,) = await clicks_of(network)
    assert answer.status_code == 302
    assert (row["consent"], row["visitor_key"], row["excluded"]) == ("denied", None, None)
    assert row["click_id"] == click_id_in(answer)
    assert "set-cookie" not in answer.headers


async def test_after_the_end_of_a_partnership_visitors_arrive_and_nobody_is_credited(
    network: Network, redirect: Redirect
) -> None:
    token = await network.make_link()
    await redirect.click(token)
    await network.fetch("UPDATE partnerships SET status = 'ended', ended_at = now()")

    async def leads_on_without_credit() -> bool:
        answer = await redirect.click(token)
        return answer.headers["location"] == "https://shop.example/cds?ref=1#top"

    await served.eventually(leads_on_without_credit)
    clicks = await clicks_of(network)
    answer = await redirect.click(token)
    assert (answer.status_code, "set-cookie" in answer.headers) == (302, False)
    assert await clicks_of(network) == clicks


async def test_until_the_instant_of_its_end_a_link_counts(network: Network, redirect: Redirect) -> None:
    token = await network.make_link()
    await network.fetch("UPDATE partnerships SET ended_at = now() + interval '1 hour'")
    answer = await redirect.click(token)
    (row,) = await clicks_of(network)
    assert row["click_id"] == click_id_in(answer)
