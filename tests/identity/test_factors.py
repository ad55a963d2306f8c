"""Second factors through the doors: enrolled, asked for, given, lost."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from partner_network.database import connections
from partner_network.identity.actions.factors import giving
from partner_network.identity.rules import factors
from partner_network.identity.rules.devices import Device
from partner_network.identity.rules.factors import SignInOverError
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.keyring import Keyring
from tests.doors import PASSWORD, Browser, Network
from tests.identity import authenticators
from tests.identity.authenticators import Authenticator, Watch

COOKIE, WAITING = "partner_network", "partner_network_sign_in"
OLIVIA = "olivia@groove.example"
SENTENCE = "This code is not right, was used already or has expired; wait for the next one and try again."
HTML = {"accept": "text/html"}


@pytest.fixture
async def olivia(network: Network, watch: Watch) -> Browser:
    """The owner of a music shop, signed in by a password alone; the watch stands still."""
    assert watch.now
    shop = await network.brand("groove-street")
    await network.person(OLIVIA, shop, ["owner"])
    return await network.signed_in(OLIVIA, has_given_factor=False)


async def signs_in(network: Network, code: str | None) -> httpx.Response:
    body = {"email": OLIVIA, "password": PASSWORD}
    return await (await network.browser()).post(
        "/api/v1/sessions", body if code is None else {**body, "code": code}
    )


async def gives_password(network: Network, path: str = "/links") -> Browser:
    """Fill in the sign-in form, in a browser of its own."""
    browser = await network.browser()
    answer = await browser.client.post("/sign-in", data={"email": OLIVIA, "password": PASSWORD, "next": path})
    assert answer.status_code == 303
    return browser


async def gives_code(browser: Browser, code: str, path: str = "/links") -> httpx.Response:
    return await browser.client.post("/second-factor", data={"code": code, "next": path})


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/api/v1/sessions/current")).status_code == 200


async def test_once_a_factor_is_set_up_the_password_alone_opens_nothing(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    await authenticators.enrol(olivia, watch)
    held = await network.owner.fetchval("SELECT count(*) FROM sessions")

    answer = await signs_in(network, None)

    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:partner-network:problem:second-factor-required"
    assert COOKIE not in answer.cookies
    assert await network.owner.fetchval("SELECT count(*) FROM sessions") == held


async def test_password_and_code_together_open_a_session_that_gave_its_factor(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)

    answer = await signs_in(network, app.next_code())

    assert answer.status_code == 201, answer.text
    given = await network.owner.fetchval(
        "SELECT factor_given_at FROM sessions ORDER BY created_at DESC LIMIT 1"
    )
    assert given == watch.now


async def test_a_key_that_no_code_confirmed_asks_for_nothing(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    await authenticators.start(olivia, watch)

    assert (await signs_in(network, None)).status_code == 201


async def test_a_wrong_a_used_and_an_expired_code_get_the_same_answer(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    used = app.code

    answers = [
        await signs_in(network, used),
        await signs_in(network, "000000" if used != "000000" else "000001"),
        await signs_in(network, app.code_after(timedelta(minutes=-2))),
        await signs_in(network, "no code at all"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert [answer.json()["detail"] for answer in answers] == [SENTENCE] * 4


async def test_a_code_that_was_given_is_not_good_again_nor_is_any_before_it(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    code = app.next_code()
    before = app.code_after(timedelta(seconds=-30))

    assert (await signs_in(network, code)).status_code == 201
    assert (await signs_in(network, code)).status_code == 403
    assert (await signs_in(network, before)).status_code == 403
    assert (await signs_in(network, app.next_code())).status_code == 201


async def test_of_two_who_give_the_same_code_at_once_one_gets_in(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    code = app.next_code()

    answers = await asyncio.gather(*(signs_in(network, code) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 403, 403]


async def test_a_recovery_code_works_once_however_it_is_typed(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    _, codes = await authenticators.enrol(olivia, watch)

    assert (await signs_in(network, codes[3].upper().replace("-", " "))).status_code == 201
    again = await signs_in(network, codes[3])
    assert (again.status_code, again.json()["detail"]) == (403, SENTENCE)
    assert (await olivia.get("/api/v1/second-factors")).json()["recovery_codes_left"] == 9


async def test_new_recovery_codes_make_the_former_ones_useless(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    _, former = await authenticators.enrol(olivia, watch)

    fresh = (await olivia.accepted("/api/v1/recovery-codes"))["recovery_codes"]

    assert (await signs_in(network, former[0])).status_code == 403
    assert (await signs_in(network, fresh[0])).status_code == 201


async def test_no_recovery_code_is_stored_as_it_is(network: Network, olivia: Browser, watch: Watch) -> None:
    _, codes = await authenticators.enrol(olivia, watch)

    rows = await network.owner.fetch("SELECT code_hash FROM recovery_codes")

    plain = {factors.plain_code(code).encode() for code in codes}
    assert len(rows) == 10
    assert all(row["code_hash"] not in plain and len(row["code_hash"]) == 32 for row in rows)


async def test_one_persons_code_is_nothing_at_anothers_sign_in(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    _, codes = await authenticators.enrol(olivia, watch)
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.signed_in("mia@network.example", has_given_factor=False)
    app, _ = await authenticators.enrol(mia, watch)

    assert (await signs_in(network, app.next_code())).status_code == 403
    assert (await signs_in(network, codes[0])).status_code == 201


async def test_the_session_goes_on_under_another_token_when_it_gains_rights(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app = await authenticators.start(olivia, watch)
    former = olivia.client.cookies[COOKIE]

    await authenticators.confirm(olivia, app)

    assert olivia.client.cookies[COOKIE] != former
    assert await is_signed_in(olivia)
    thief = await network.browser()
    thief.client.cookies.set(COOKIE, former, domain="127.0.0.1")
    assert not await is_signed_in(thief)


async def test_a_session_that_is_already_there_can_be_strengthened_and_its_former_token_dies(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    elsewhere = await network.signed_in(OLIVIA, has_given_factor=False)
    app, _ = await authenticators.enrol(olivia, watch)
    former = elsewhere.client.cookies[COOKIE]

    answer = await elsewhere.post("/api/v1/sessions/current/second-factor", {"code": app.next_code()})

    assert answer.status_code == 201, answer.text
    thief = await network.browser()
    thief.client.cookies.set(COOKIE, former, domain="127.0.0.1")
    assert not await is_signed_in(thief)
    elsewhere.client.headers["x-csrf-token"] = answer.json()["csrf_token"]
    assert (await elsewhere.post("/api/v1/recovery-codes")).status_code == 201


async def test_a_session_in_which_five_codes_were_wrong_has_ended(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    elsewhere = await network.signed_in(OLIVIA, has_given_factor=False)
    app, _ = await authenticators.enrol(olivia, watch)

    for _ in range(4):
        wrong = await elsewhere.post("/api/v1/sessions/current/second-factor", {"code": app.code})
        assert wrong.json()["detail"] == SENTENCE
    last = await elsewhere.post("/api/v1/sessions/current/second-factor", {"code": app.code})

    assert last.status_code == 403
    assert "sign in again with your password" in last.json()["detail"]
    assert not await is_signed_in(elsewhere)


async def test_the_form_asks_for_the_code_after_the_password_and_leads_on(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    browser = await gives_password(network)

    assert not await is_signed_in(browser)
    page = await browser.get("/second-factor?next=/links", headers=HTML)
    wrong = await gives_code(browser, app.code)
    right = await gives_code(browser, app.next_code())

    assert 'value="/links"' in page.text
    assert (wrong.status_code, SENTENCE in wrong.text) == (403, True)
    assert (right.status_code, right.headers["location"]) == (303, "/links")
    assert await is_signed_in(browser)
    assert WAITING not in browser.client.cookies


async def test_no_script_and_no_other_sites_form_gets_the_cookie_of_a_sign_in_that_waits(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    browser = await network.browser()
    answer = await browser.client.post("/sign-in", data={"email": OLIVIA, "password": PASSWORD})

    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(WAITING)).lower()
    assert {"httponly", "samesite=lax", "max-age=300"} <= {part.strip() for part in cookie.split(";")}
    forged = await browser.client.post(
        "/second-factor", data={"code": app.next_code()}, headers={"sec-fetch-site": "cross-site"}
    )
    assert forged.status_code == 403
    assert not await is_signed_in(browser)


async def test_an_empty_code_costs_no_try(network: Network, olivia: Browser, watch: Watch) -> None:
    await authenticators.enrol(olivia, watch)
    browser = await gives_password(network)

    answer = await gives_code(browser, " ")

    assert answer.status_code == 422
    assert await network.owner.fetchval("SELECT max(tries) FROM pending_sign_ins") == 0


async def test_a_sign_in_waits_five_minutes_for_its_code(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    browser = await gives_password(network)

    watch.go_on(timedelta(minutes=5))
    answer = await gives_code(browser, app.next_code())

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Flinks")
    assert not await is_signed_in(browser)


async def test_a_sign_in_that_has_waited_too_long_is_over_whatever_the_door(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    browser = await gives_password(network)
    token = browser.client.cookies[WAITING]

    watch.go_on(timedelta(minutes=5))

    with pytest.raises(SignInOverError, match="begin again with your password"):
        await giving.finish_sign_in(
            token, giving.by_code(app.next_code(), Keyring(b"s" * 32)), device=Device()
        )


async def test_a_sign_in_ends_with_the_fifth_wrong_code(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    browser = await gives_password(network)

    answers = [await gives_code(browser, app.code) for _ in range(5)]
    late = await gives_code(browser, app.next_code())

    assert [SENTENCE in answer.text for answer in answers] == [True] * 4 + [False]
    assert "sign in again with your password" in answers[-1].text
    assert late.headers["location"].startswith("/sign-in")
    assert not await is_signed_in(browser)


async def test_a_sign_in_that_waits_does_nothing_else(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    await authenticators.enrol(olivia, watch)
    browser = await gives_password(network)
    browser.client.cookies.set(COOKIE, browser.client.cookies[WAITING], domain="127.0.0.1")

    assert not await is_signed_in(browser)
    assert (
        (await browser.get("/account/second-factors", headers=HTML))
        .headers["location"]
        .startswith("/sign-in")
    )
    assert (await browser.get("/api/v1/second-factors")).status_code == 401


@pytest.mark.parametrize(
    ("email", "brand", "role", "path"),
    [
        (OLIVIA, "groove-street", "owner", "agreements/{agr}/signatures"),
        ("pia@network.example", None, "finance", "statements/{stm}/preparation"),
        ("pia@network.example", None, "finance", "statements/{stm}/approval"),
    ],
)
async def test_who_signs_in_by_a_password_alone_is_led_to_the_second_factor_and_a_program_is_told(
    network: Network, email: str, brand: str | None, role: str, path: str
) -> None:
    brand_id = None if brand is None else await network.brand(brand)
    await network.person(email, brand_id, [role])
    browser = await network.signed_in(email, has_given_factor=False)
    path = path.format(agr=ids.shown("agr", UUID(int=1)), stm=ids.shown("stm", UUID(int=1)))
    page = f"/{path}" if brand else f"/admin/{path}"
    origin = page.rpartition("/")[0]

    program = await browser.post(f"/api/v1/{path}", {"content_hash": "00", "reason": "x"})
    person = await browser.client.post(page, headers={**HTML, "referer": f"http://127.0.0.1:8000{origin}"})

    assert program.status_code == 403
    assert program.json()["type"] == "urn:partner-network:problem:second-factor-needed"
    assert "second factor" in program.json()["detail"]
    assert person.status_code == 303
    assert urlsplit(person.headers["location"]).path == "/second-factor"
    assert parse_qs(urlsplit(person.headers["location"]).query) == {"next": [origin]}


async def test_who_has_no_factor_yet_is_led_to_set_one_up_and_goes_on_where_they_were(
    olivia: Browser, watch: Watch
) -> None:
    led = await olivia.get("/second-factor?next=/agreements", headers=HTML)
    page = await olivia.get(led.headers["location"], headers=HTML)
    csrf = olivia.client.headers["x-csrf-token"]
    form = {"name": "Telephone", "next": "/agreements", "csrf_token": csrf}
    started = await olivia.client.post("/account/second-factors/authenticators", data=form)
    shown = await olivia.get(started.headers["location"], headers=HTML)
    key = shown.text.partition('<p class="key"><code>')[2].partition("</code>")[0].replace(" ", "")
    path = urlsplit(started.headers["location"]).path
    app = Authenticator(path.rpartition("/")[2], key, watch)
    wrong = await olivia.client.post(path, data={**form, "code": "12"})
    codes = await olivia.client.post(path, data={**form, "code": app.code})

    assert led.headers["location"] == "/account/second-factors?next=%2Fagreements"
    assert "take a second factor besides your password" in page.text
    assert "<svg" in shown.text
    assert (wrong.status_code, SENTENCE in wrong.text) == (403, True)
    assert codes.status_code == 200
    assert codes.text.count("<li><code>") == 10
    assert 'href="/agreements"' in codes.text
    assert (await olivia.get("/second-factor?next=/links", headers=HTML)).headers["location"] == "/links"


async def test_only_a_session_that_gave_a_factor_changes_factors(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    elsewhere = await network.signed_in(OLIVIA, has_given_factor=False)
    app, _ = await authenticators.enrol(olivia, watch)

    refused = [
        await elsewhere.post("/api/v1/second-factors", {"name": "Another"}),
        await elsewhere.post("/api/v1/recovery-codes"),
        await elsewhere.client.delete(f"/api/v1/second-factors/{app.factor_id}"),
    ]

    assert [answer.json()["type"] for answer in refused] == [
        "urn:partner-network:problem:second-factor-needed"
    ] * 3
    assert len((await olivia.get("/api/v1/second-factors")).json()["second_factors"]) == 1


async def test_two_set_ups_begun_by_passwords_alone_end_as_one_factor(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    thief = await network.signed_in(OLIVIA, has_given_factor=False)
    planted = await authenticators.start(thief, watch)
    await authenticators.enrol(olivia, watch)

    answer = await thief.post(
        f"/api/v1/second-factors/{planted.factor_id}/confirmation", {"code": planted.code}
    )

    assert answer.status_code == 403
    assert len((await olivia.get("/api/v1/second-factors")).json()["second_factors"]) == 1


async def test_with_the_last_factor_go_the_recovery_codes_and_the_password_opens_a_session_again(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, codes = await authenticators.enrol(olivia, watch)

    removed = await olivia.client.delete(f"/api/v1/second-factors/{app.factor_id}")

    assert removed.status_code == 204
    assert (await olivia.get("/api/v1/second-factors")).json() == {
        "second_factors": [],
        "recovery_codes_left": 0,
    }
    assert (await signs_in(network, None)).status_code == 201
    assert codes
    kept = await network.owner.fetchrow("SELECT sealed_key, removed_at FROM second_factors")
    assert kept is not None
    assert (kept["sealed_key"], kept["removed_at"]) == (None, watch.now)


async def test_a_removed_authenticators_codes_open_nothing(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    lost, _ = await authenticators.enrol(olivia, watch)
    kept = await authenticators.start(olivia, watch)
    await authenticators.confirm(olivia, kept)

    await olivia.client.delete(f"/api/v1/second-factors/{lost.factor_id}")

    assert (await signs_in(network, lost.next_code())).status_code == 403
    assert (await signs_in(network, kept.next_code())).status_code == 201


async def test_nobody_sees_confirms_or_removes_anothers_factor(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    await network.person("ines@network.example", None, ["admin"])
    ines = await network.signed_in("ines@network.example")
    started = await authenticators.start(olivia, watch)
    path = f"/api/v1/second-factors/{started.factor_id}/confirmation"

    assert (await ines.get("/api/v1/second-factors")).json()["second_factors"] == []
    assert (await ines.client.delete(f"/api/v1/second-factors/{app.factor_id}")).status_code == 404
    assert (await ines.post(path, {"code": started.code})).status_code == 404
    assert (await ines.get(f"/account/second-factors/authenticators/{started.factor_id}")).status_code == 404


async def test_not_even_the_operators_eyes_see_factors_in_the_database(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    await authenticators.enrol(olivia, watch)
    await gives_password(network)
    seen: dict[str, list[int]] = {}

    for eyes in ("operator", "doorkeeper"):
        async with connections.transaction(eyes=eyes) as connection:
            seen[eyes] = [
                await connection.fetchval(f"SELECT count(*) FROM {table}")
                for table in ("second_factors", "recovery_codes", "pending_sign_ins")
            ]

    assert seen == {"operator": [0, 0, 0], "doorkeeper": [1, 10, 1]}


async def test_an_admin_resets_what_was_lost_and_everything_open_in_that_name_ends(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, codes = await authenticators.enrol(olivia, watch)
    waiting = await gives_password(network)
    member_id = await network.owner.fetchval("SELECT id FROM members WHERE email = $1", OLIVIA)
    path = f"/api/v1/members/{ids.shown('mbr', member_id)}/second-factors"
    await network.person("ines@network.example", None, ["admin"])
    weak = await network.signed_in("ines@network.example", has_given_factor=False)
    ines = await network.signed_in("ines@network.example")

    assert (await weak.client.delete(path)).json()["type"].endswith("second-factor-needed")
    assert (await olivia.client.delete(path)).status_code == 403
    assert (await ines.client.delete(path)).status_code == 204

    assert not await is_signed_in(olivia)
    assert (await gives_code(waiting, app.next_code())).headers["location"].startswith("/sign-in")
    assert (await signs_in(network, codes[0])).status_code == 201  # the password is enough, codes are ignored


async def test_an_admins_own_factors_are_reset_by_another_admin(network: Network, watch: Watch) -> None:
    assert watch.now
    member_id = await network.person("ines@network.example", None, ["admin"])
    await network.person("otto@network.example", None, ["admin"])
    path = f"/api/v1/members/{ids.shown('mbr', member_id)}/second-factors"

    own = await (await network.signed_in("ines@network.example")).client.delete(path)
    others = await (await network.signed_in("otto@network.example")).client.delete(path)

    assert (own.status_code, others.status_code) == (403, 204)
    assert "Another admin" in own.json()["detail"]


async def test_a_person_of_several_brands_keeps_the_factor_when_switching(
    network: Network, watch: Watch
) -> None:
    first, second = await network.brand("groove-street"), await network.brand("drum-school")
    await network.person(OLIVIA, first, ["owner"])
    await network.person(OLIVIA, second, ["owner"])
    olivia = await network.signed_in(OLIVIA, has_given_factor=False)
    await authenticators.enrol(olivia, watch)

    answer = await olivia.client.put("/api/v1/sessions/current", json={"brand": ids.shown("bnd", second)})
    olivia.client.headers["x-csrf-token"] = answer.json()["csrf_token"]

    assert (await olivia.post("/api/v1/recovery-codes")).status_code == 201


async def test_a_stored_key_is_unreadable_without_ours_and_readable_after_ours_was_changed(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    app, _ = await authenticators.enrol(olivia, watch)
    ours, other = b"s" * 32, b"o" * 32

    sealed = await network.owner.fetchval("SELECT sealed_key FROM second_factors")

    assert app.key.encode() not in sealed
    with pytest.raises(InvalidError, match="sealed under a key that is not here"):
        Keyring(other).open(factors.SEALED_FOR, sealed)
    browser = await gives_password(network)
    rotated = giving.by_code(app.next_code(), Keyring(other, (ours,)))
    signed_in = await giving.finish_sign_in(browser.client.cookies[WAITING], rotated, device=Device())
    assert signed_in.token
