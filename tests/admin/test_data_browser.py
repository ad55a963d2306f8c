from collections.abc import Sequence

import pytest

from admin import data_browser
from partner_network.piccolo_app import APP_CONFIG
from tests.doors import Browser, Network

DATA = "/admin/data"
SECRETS = ("password_hash", "token_hash", "key_hash", "csrf_token", "salt")


async def person(network: Network, role: str) -> Browser:
    email = f"{role}@network.example"
    await network.person(email, None, [role])
    return await network.signed_in(email)


async def test_an_admin_browses_rows_and_hashes_read_as_digits(network: Network) -> None:
    brand = await network.brand("groove-street")
    ines = await person(network, "admin")
    await network.owner.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
           VALUES (gen_random_uuid(), $1, 'till', 'pnk_live_12345', '\\xab', '{}', now())""",
        brand,
    )

    page = await ines.get(f"{DATA}/")
    brands = await ines.get(f"{DATA}/api/tables/brands/?__readable=true")
    keys = await ines.get(f"{DATA}/api/tables/api_keys/")
    user = await ines.get(f"{DATA}/api/user/")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert [row["slug"] for row in brands.json()["rows"]] == ["groove-street"]
    assert [row["name"] for row in keys.json()["rows"]] == ["till"]
    assert user.json()["username"] == "Admin"


async def test_every_table_can_be_listed_and_described_by_the_webs_own_role(network: Network) -> None:
    ines = await person(network, "admin")
    tables = (await ines.get(f"{DATA}/api/tables/")).json()
    ours = {table._meta.tablename for table in APP_CONFIG.table_classes}  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - Piccolo's only door

    assert ours - set(tables) == data_browser.UNREADABLE
    for table in tables:
        for path in ("", "schema/", "count/"):
            answer = await ines.get(f"{DATA}/api/tables/{table}/{path}")
            assert answer.status_code == 200, (table, path, answer.text)


async def test_no_secret_is_ever_answered(network: Network) -> None:
    ines = await person(network, "admin")

    for table in ("members", "api_keys", "invitations"):
        rows = await ines.get(f"{DATA}/api/tables/{table}/")
        schema = await ines.get(f"{DATA}/api/tables/{table}/schema/")
        asked = await ines.get(f"{DATA}/api/tables/{table}/?__visible_fields=password_hash,key_hash")
        for answer in (rows, schema):
            assert answer.status_code == 200
            assert not [secret for secret in SECRETS if secret in answer.text]
        assert "argon2" not in asked.text


@pytest.mark.parametrize("role", ["manager", "finance"])
async def test_managers_and_finance_are_refused(network: Network, role: str) -> None:
    browser = await person(network, role)

    for path in ("/", "/api/tables/brands/", "/assets/x.js"):
        answer = await browser.get(f"{DATA}{path}")
        assert answer.status_code == 403
        assert "admin of the network" in answer.text


async def test_a_brands_owner_is_refused(network: Network) -> None:
    await network.person("olga@groove.example", await network.brand("groove-street"), ["owner"])

    assert (await (await network.signed_in("olga@groove.example")).get(f"{DATA}/")).status_code == 403


async def test_without_a_session_the_page_leads_to_our_own_sign_in_and_the_rest_says_so(
    network: Network,
) -> None:
    stranger = await network.browser()

    page = await stranger.get(f"{DATA}/", headers={"accept": "text/html"})
    rows = await stranger.get(f"{DATA}/api/tables/brands/")

    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fadmin%2Fdata%2F")
    assert rows.status_code == 403
    assert "session has ended" in rows.json()["detail"]


REFUSED: Sequence[tuple[str, str]] = (
    ("POST", "/api/tables/brands/"),
    ("PATCH", "/api/tables/brands/1/"),
    ("PUT", "/api/tables/brands/1/"),
    ("DELETE", "/api/tables/brands/?__page=1"),
    ("POST", "/api/change-password/"),
    ("POST", "/api/media/"),
    ("POST", "/public/login/"),
    ("POST", "/public/logout/"),
)


@pytest.mark.parametrize(("method", "path"), REFUSED)
async def test_every_write_is_refused(network: Network, method: str, path: str) -> None:
    await network.brand("groove-street")
    ines = await person(network, "admin")

    answer = await ines.client.request(method, f"{DATA}{path}", json={})

    assert answer.status_code == 405
    assert await network.owner.fetchval("SELECT count(*) FROM brands") == 1


async def test_its_own_log_in_does_not_exist(network: Network) -> None:
    assert (await (await person(network, "admin")).get(f"{DATA}/public/login/")).status_code == 404


async def test_the_address_without_its_last_slash_leads_to_the_one_with_it(network: Network) -> None:
    answer = await (await person(network, "admin")).get(DATA)

    assert answer.status_code in {301, 303, 307, 308}
    assert answer.headers["location"].endswith(f"{DATA}/")


async def test_a_row_of_a_table_with_a_key_of_several_columns_is_not_guessed(network: Network) -> None:
    ines = await person(network, "admin")

    for path in ("statement_lines/7", "signatures/018f0000-0000-7000-8000-000000000000/"):
        answer = await ines.get(f"{DATA}/api/tables/{path}")
        assert answer.status_code == 404
        assert "no key of one column" in answer.text


async def test_only_the_data_browser_may_style_by_attributes(network: Network) -> None:
    ines = await person(network, "admin")

    inside = (await ines.get(f"{DATA}/")).headers["content-security-policy"]
    outside = (await ines.get("/admin/")).headers["content-security-policy"]

    assert "'unsafe-inline'" in inside
    assert "unsafe" not in inside.replace("style-src 'self' 'unsafe-inline'", "")
    assert "unsafe" not in outside
