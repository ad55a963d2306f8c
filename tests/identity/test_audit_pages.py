"""The trail as both brands of a partnership, the operator and programs read it."""

import re
from collections.abc import Sequence
from uuid import UUID

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import audit, seal
from partner_network.identity.rules.audit import Personal
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from tests.doors import Browser, Network


class Town:
    """Two partners and a stranger, and what their people did."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.brands: dict[str, UUID] = {}
        self.people: dict[str, Member] = {}

    async def settle(self, name: str, slug: str | None, role: str = "owner") -> None:
        if slug is not None and slug not in self.brands:
            self.brands[slug] = await self.network.brand(slug)
        brand_id = None if slug is None else self.brands[slug]
        member_id = await self.network.person(f"{name}@town.example", brand_id, [role])
        email = f"{name}@town.example"
        self.people[name] = Member(
            member_id, name.title(), email, brand_id, frozenset({role}), ids.new_id(clock.wall_now())
        )

    async def record(self, name: str, verb: str, kind: str, *slugs: str, **more: object) -> UUID:
        object_id = ids.new_id(clock.wall_now())
        brands = [self.brands[slug] for slug in slugs]
        async with connections.transaction(eyes=self.people[name].eyes) as connection:
            await audit.record(
                connection,
                self.people[name],
                verb,  # pyright: ignore[reportArgumentType] - a verb by its name
                kind,  # pyright: ignore[reportArgumentType] - a kind by its name
                object_id,
                brands=brands,
                **more,  # pyright: ignore[reportArgumentType] - states before and after
            )
        return object_id

    async def signed_in(self, name: str) -> Browser:
        return await self.network.signed_in(f"{name}@town.example")


@pytest.fixture
async def town(network: Network) -> Town:
    made = Town(network)
    await made.settle("olga", "shop")
    await made.settle("ravi", "radio")
    await made.settle("zoe", "stranger")
    await made.settle("mara", None, "manager")
    return made


async def listed(browser: Browser, query: str = "") -> Sequence[str]:
    """The acts that a page lists, as `verb kind`, without those of signing in."""
    text = (await browser.get(f"/audit{query}")).text
    cells = re.findall(r'data-label="What"><span>(.*?)<a class="aside', text, re.DOTALL)
    acts = [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]
    return [act for act in acts if "session" not in act]


async def test_both_brands_read_a_signing_with_name_and_role_and_a_third_brand_reads_nothing(
    town: Town,
) -> None:
    await town.record("olga", "sign", "agreement", "shop", "radio")
    own, partners, strangers = [await town.signed_in(name) for name in ("olga", "ravi", "zoe")]

    assert await listed(own) == await listed(partners) == ["signed agreement"]
    assert await listed(strangers) == []
    text = (await partners.get("/audit")).text
    assert "Olga" in text
    assert "owner of" in text
    assert "olga@town.example" not in text


async def test_what_concerns_one_brand_is_not_shown_to_its_partner(town: Town) -> None:
    await town.record("olga", "change", "payment method", "shop")

    assert await listed(await town.signed_in("olga")) == ["changed payment method"]
    assert await listed(await town.signed_in("ravi")) == []


async def test_the_operator_reads_everything_in_the_back_office_and_acts_under_its_own_name(
    town: Town,
) -> None:
    await town.record("olga", "sign", "agreement", "shop", "radio")
    await town.record("mara", "draft", "agreement", "shop", "radio")
    mara, ravi = await town.signed_in("mara"), await town.signed_in("ravi")

    office = (await mara.get("/admin/audit")).text
    assert ">Olga</a>" in office
    assert ">Mara</a>" in office
    assert "manager of the network" in (await ravi.get("/audit")).text
    assert (await mara.get("/audit")).status_code == 403
    assert (await ravi.get("/admin/audit")).status_code == 403


async def test_a_change_shows_both_states_and_a_personal_value_its_hash_alone(town: Town) -> None:
    subject = town.people["olga"].id
    await town.record(
        "olga",
        "change",
        "member",
        "shop",
        before={"role": "viewer", "email": Personal(subject, "old@town.example")},
        after={"role": "finance", "email": Personal(subject, "new@town.example")},
    )

    text = (await (await town.signed_in("olga")).get("/audit")).text

    assert "role: viewer → finance" in re.sub(r"<[^>]+>", "", text)
    assert "known by its hash" in text
    assert "old@town.example" not in text


async def test_the_trail_is_filtered_by_object_verb_kind_person_and_day(town: Town) -> None:
    agreement = await town.record("olga", "draft", "agreement", "shop", "radio")
    await town.record("ravi", "create", "link", "radio", "shop")
    olga = await town.signed_in("olga")
    shown, ravi = ids.shown("agr", agreement), ids.shown("mbr", town.people["ravi"].id)
    today = clock.wall_now().date()

    assert await listed(olga, f"?object={shown}") == ["drafted agreement"]
    assert await listed(olga, "?verb=create") == ["created link"]
    assert await listed(olga, "?kind=agreement") == ["drafted agreement"]
    assert await listed(olga, f"?by={ravi}") == ["created link"]
    assert await listed(olga, f"?since={today}&until={today}") == ["created link", "drafted agreement"]
    assert await listed(olga, "?until=2020-01-01") == []


@pytest.mark.parametrize(
    "query",
    ["since=tomorrow", "until=9999-12-31", "until=0001-01-01", "by=nobody", "by=mbr_x", "before=7&verb=%27"],
)
async def test_what_cannot_be_read_is_said_and_breaks_no_page(town: Town, query: str) -> None:
    olga = await town.signed_in("olga")
    assert (await olga.get(f"/audit?{query}")).status_code == 200
    answer = await olga.get(f"/api/v1/audit-records?{query}")
    assert answer.status_code == (200 if "before" in query else 422)


async def test_what_was_typed_into_records_and_filters_is_text_and_never_markup(town: Town) -> None:
    await town.record("olga", "create", "link", "shop", after={"name": "<script>alert(1)</script>"})
    text = (await (await town.signed_in("olga")).get("/audit?object=<b>&since=<i>")).text
    everything = (await (await town.signed_in("olga")).get("/audit")).text
    assert "<script>alert" not in everything
    assert "&lt;script&gt;alert(1)" in everything
    assert 'value="<b>"' not in text


async def test_programs_read_page_by_page_each_record_once_and_newest_first(town: Town) -> None:
    made = [ids.shown("lnk", await town.record("ravi", "create", "link", "radio", "shop")) for _ in range(5)]
    olga = await town.signed_in("olga")
    read: list[str] = []
    after = ""
    while True:
        page = (await olga.get(f"/api/v1/audit-records?kind=link&limit=2{after}")).json()
        read += [item["object_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert read == made[::-1]


async def test_a_program_is_told_who_acted_from_which_session_for_which_brand(town: Town) -> None:
    await town.record("ravi", "create", "link", "radio", "shop", after={"name": "Footer"})
    item = (await (await town.signed_in("olga")).get("/api/v1/audit-records?kind=link")).json()["items"][0]
    ravi = town.people["ravi"]
    assert item["actor"] == {
        "kind": "member",
        "id": ids.shown("mbr", ravi.id),
        "name": "Ravi",
        "roles": ["owner"],
        "session": str(ravi.session_id),
        "acting_for": ids.shown("bnd", town.brands["radio"]),
    }
    assert (item["before"], item["after"]) == (None, {"name": "Footer"})
    assert set(item["brands"]) == {ids.shown("bnd", town.brands[slug]) for slug in ("radio", "shop")}


async def test_the_last_seal_is_shown_to_be_kept_elsewhere(town: Town) -> None:
    olga = await town.signed_in("olga")
    assert (await olga.get("/api/v1/audit-head")).status_code == 404
    async with town.network.as_worker():
        await seal.seal_now()

    head = (await olga.get("/api/v1/audit-head")).json()

    stored = await town.network.owner.fetchval("SELECT hash FROM audit_seals")
    assert head["hash"] == stored.hex()
    assert stored.hex() in (await olga.get("/audit")).text


async def test_a_marketer_and_a_developer_read_no_trail(town: Town) -> None:
    for role in ("marketer", "developer"):
        await town.settle(role, "shop", role)
        browser = await town.signed_in(role)
        assert (await browser.get("/audit")).status_code == 403
        assert 'href="/audit"' not in (await browser.get("/")).text


async def test_signing_in_failing_to_and_signing_out_are_recorded_with_their_session(town: Town) -> None:
    stranger = await town.network.browser()
    await stranger.sign_in("olga@town.example", "not the password")
    await stranger.sign_in("nobody@town.example", "not the password")
    olga = await town.signed_in("olga")
    await olga.client.delete("/api/v1/sessions/current")

    rows = await town.network.owner.fetch(
        "SELECT verb, actor_kind, session_id, object_id, after::text FROM audit_records ORDER BY id"
    )
    shown = ids.shown("mbr", town.people["olga"].id)
    assert [(row["verb"], row["actor_kind"]) for row in rows] == [
        ("fail to sign in", "visitor"),
        ("fail to sign in", "visitor"),
        ("sign in", "member"),
        ("sign out", "member"),
    ]
    assert [rows[0]["object_id"], rows[1]["object_id"]] == [shown, "unknown"]
    assert rows[2]["session_id"] == rows[3]["session_id"] is not None
    assert "town.example" not in str([dict(row) for row in rows])


async def test_what_is_asked_of_the_trail_is_also_given_as_a_file(town: Town) -> None:
    await town.record("olga", "sign", "agreement", "shop", "radio", after={"status": "=1+1"})
    browser = await town.signed_in("ravi")

    file = await browser.get("/audit?verb=sign&format=csv")

    assert file.headers["content-type"].startswith("text/csv")
    head, line = file.text.splitlines()
    assert head.endswith("at,who,roles,company,deed,kind,object,from,to,seal")
    assert ",Olga,owner," in line
    assert "sign,agreement," in line
    assert (await (await town.signed_in("zoe")).get("/audit?verb=sign&format=csv")).text.count("\n") == 1


async def test_the_trail_is_read_in_german_too(town: Town) -> None:
    await town.record("olga", "sign", "agreement", "shop", "radio")

    text = (await (await town.signed_in("ravi")).get("/audit?lang=de")).text

    assert "<h1>Prüfpfad</h1>" in text
    assert "Vereinbarung</a>: unterschrieben" in text
    assert '<option value="sign">unterschrieben</option>' in text
