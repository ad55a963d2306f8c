"""Asking what other terms would have paid: by form, file and API; who may, and that nothing is booked."""

import asyncio
import csv
import io
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from partner_network.gateways import clock
from partner_network.identity.rules import credentials
from partner_network.kernel import ids
from partner_network.privacy import jobs as privacy
from partner_network.receipts.trials import computing, rules
from tests.builders import TERMS
from tests.permissions.conftest import Principal, World, lived, world
from tests.test_cli import run, settings_for

__all__ = ["lived", "world"]

OWNER, MANAGER = Principal("advertiser", "owner"), Principal("operator", "manager")
DAYS = {"from": "2026-01-01", "to": "2026-03-01"}
DOUBLED = TERMS.format(structure="graduated", rate_ppm=200_000, bonus="")
"""20 % up to 200.00 USD a month, 15 % beyond, where 10 % up to it was signed."""
MONEY_TABLES = (
    "decisions", "credits", "receipts", "commissions", "commission_revisions", "clawbacks", "ledger_entries",
    "ledger_transfers", "statements", "statement_lines", "payouts", "terms", "agreements", "program_versions",
)  # fmt: skip


@pytest.fixture(autouse=True)
async def nothing_asked(world: World) -> None:
    await world.network.owner.execute("DELETE FROM trials")


async def asked(client: httpx.AsyncClient, status: int = 201, **body: object) -> Any:
    answer = await client.post("/api/v1/trials", json={**DAYS, "terms": DOUBLED, **body})
    assert answer.status_code == status, answer.text
    return answer.json()


async def computed(world: World, shown_id: str) -> None:
    async with world.network.as_worker():
        await computing.compute_trial(ids.parse("try", shown_id))


async def read(client: httpx.AsyncClient, shown_id: str) -> Any:
    return (await client.get(f"/api/v1/trials/{shown_id}")).json()


async def done(world: World, client: httpx.AsyncClient, **body: Any) -> Any:
    trial = await asked(client, **body)
    await computed(world, trial["id"])
    found = await read(client, trial["id"])
    assert found["status"] == "done", found["error"]
    return found


def paid(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["before"]["commission_minor"].get("USD", 0), row["after"]["commission_minor"].get("USD", 0)


def values_of(page: str) -> dict[str, str | list[str]]:
    """What a browser would send of the form on a page without touching it."""
    form = page[
        page.index('<form class="form trial"') : page.index("</form>", page.index('<form class="form trial"'))
    ]
    fields: dict[str, list[str]] = {}
    for tag in re.finditer(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag[0]), re.search(r'value="([^"]*)"', tag[0])
        if name is None or ('type="checkbox"' in tag[0] and " checked" not in tag[0]):
            continue
        fields.setdefault(name[1], []).append(_plain(value[1] if value else ""))
    for tag in re.finditer(r'<select[^>]*name="([^"]+)".*?</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', tag[0])
        fields.setdefault(tag[1], []).append(_plain(chosen[1] if chosen else ""))
    for tag in re.finditer(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        fields.setdefault(tag[1], []).append(_plain(tag[2]))
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _plain(text: str) -> str:
    for sign, entity in (("'", "&#39;"), ('"', "&#34;"), ("<", "&lt;"), (">", "&gt;"), ("&", "&amp;")):
        text = text.replace(entity, sign)
    return text


async def sent(client: httpx.AsyncClient, fields: Mapping[str, object], **more: Any) -> httpx.Response:
    return await client.post("/trials", data=dict(fields), headers={"accept": "text/html"}, **more)


async def counts(world: World) -> dict[str, int]:
    return {
        table: await world.network.owner.fetchval(f"SELECT count(*) FROM {table}") for table in MONEY_TABLES
    }


async def test_form_upload_and_api_ask_the_same_and_come_to_the_same(world: World) -> None:
    client, about = await world.client(OWNER), world.ids_of["partnership"]
    page = await client.get(f"/trials/new?about={about}", headers={"accept": "text/html"})
    signed = values_of(page.text)
    signed |= {"period": "other", "from": "2026-01-01", "to": "2026-03-01", "go": "try"}
    signed["commission.components[0].tiers[0].rate_ppm"] = "20"
    by_form = await sent(client, signed)
    assert by_form.status_code == 303, by_form.text
    as_text = await sent(client, {**signed, "go": "text"})
    text = str(values_of(as_text.text)["terms"])
    head = {"about": about, "how": "text", "period": "other", "from": "2026-01-01", "to": "2026-03-01"}
    by_upload = await sent(
        client, {**head, "terms": "never read", "go": "try"}, files={"file": ("TERMS.toml", text.encode())}
    )
    assert by_upload.status_code == 303, by_upload.text
    by_api = await asked(client, partnership=about, terms=text)
    shown = [one.headers["location"].rpartition("/")[2] for one in (by_form, by_upload)]
    results: list[Any] = []
    for trial in (*shown, by_api["id"]):
        await computed(world, trial)
        found = await read(client, trial)
        results.append({key: found[key] for key in ("from", "to", "time_zone", "terms", "result", "error")})
    assert results[0] == results[1] == results[2]
    # Needle Drop's 130.00 lie below the first bound: 10 % was 13.00, 20 % would be 26.00.
    (needle,) = [row for row in results[0]["result"]["rows"] if row["partnership"] == about]
    assert paid(needle) == (1_300, 2_600)


async def test_a_trial_books_nothing(world: World) -> None:
    before = await counts(world)
    balances = await world.network.owner.fetch("SELECT * FROM ledger_balances ORDER BY account_id")
    await done(world, await world.client(OWNER), program=world.ids_of["program"])
    await done(
        world,
        await world.client(OWNER),
        program=world.ids_of["program"],
        terms='[program.attribution]\nmodel = "first_click"\n',
    )
    assert await counts(world) == before
    assert await world.network.owner.fetch("SELECT * FROM ledger_balances ORDER BY account_id") == balances


async def test_a_policy_alone_moves_credit_and_leaves_each_partners_rates(world: World) -> None:
    found = await done(
        world,
        await world.client(OWNER),
        program=world.ids_of["program"],
        terms='[program.attribution]\nmodel = "first_click"\n',
    )
    rows = found["result"]["rows"]
    assert sum(row["before"]["weight_ppm"] for row in rows) == found["result"]["before"]["weight_ppm"]
    assert found["result"]["moved_conversions"] > 0
    assert all(row["after"]["weight_ppm"] % 1_000_000 == 0 for row in rows)


async def test_a_partner_sees_its_own_row_alone_and_no_count_of_others(world: World) -> None:
    partner = await world.client(Principal("partner", "finance"))
    found = await done(world, partner, partnership=world.ids_of["partnership"])
    assert [row["partnership"] for row in found["result"]["rows"]] == [world.ids_of["partnership"]]
    assert paid(found["result"]["rows"][0]) == (1_300, 2_600)
    assert [found["result"][name] for name in ("conversions", "unattributed_before", "unlike_stored")] == [
        None
    ] * 3
    kept = await world.network.owner.fetchval("SELECT result::text FROM trials")
    assert "Night Radio" not in kept
    assert "Vinyl Weekly" not in kept
    page = await partner.get(f"/trials/{found['id']}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "Night Radio" not in page.text


async def test_a_partner_can_name_neither_the_program_nor_anothers_partnership(world: World) -> None:
    partner = await world.client(Principal("partner", "owner"))
    other = await world.network.owner.fetchval(
        "SELECT p.id FROM partnerships p JOIN brands r ON r.id = p.partner_id AND r.slug = 'night-radio'"
    )
    assert (await asked(partner, 404, program=world.ids_of["program"]))["status"] == 404
    assert (await asked(partner, 404, partnership=ids.shown("prt", other)))["status"] == 404
    assert await world.network.owner.fetchval("SELECT count(*) FROM trials") == 0


async def test_a_partner_tries_no_other_policy_and_its_marketer_nothing(world: World) -> None:
    owner, marketer = (
        await world.client(Principal("partner", "owner")),
        await world.client(Principal("partner", "marketer")),
    )
    other = DOUBLED + '\n[program.attribution]\nmodel = "first_click"\n'
    refused = await asked(owner, 403, partnership=world.ids_of["partnership"], terms=other)
    assert "under the program’s policy" in refused["detail"]
    assert (await asked(marketer, 403, partnership=world.ids_of["partnership"]))["status"] == 403


async def test_nobody_reads_the_trials_of_another_brand(world: World) -> None:
    owner = await world.client(OWNER)
    trial = await asked(owner, program=world.ids_of["program"])
    for stranger in (Principal("partner", "owner"), Principal("other", "owner")):
        client = await world.client(stranger)
        assert (await client.get(f"/api/v1/trials/{trial['id']}")).status_code == 404
        assert (await client.get("/api/v1/trials")).json()["items"] == []
    assert (await read(owner, trial["id"]))["id"] == trial["id"]


async def test_what_the_operator_asks_for_an_advertiser_is_the_advertisers_and_says_so(world: World) -> None:
    trial = await asked(await world.client(MANAGER), program=world.ids_of["program"])
    seen = await read(await world.client(OWNER), trial["id"])
    assert seen["is_by_operator"] is True


async def test_a_form_in_error_answers_with_every_mistake_and_what_was_typed(world: World) -> None:
    client = await world.client(OWNER)
    page = await client.get(
        f"/trials/new?about={world.ids_of['partnership']}", headers={"accept": "text/html"}
    )
    fields = values_of(page.text) | {
        "period": "other",
        "from": "2026-02-30",
        "to": "2026-03-01",
        "windows.click_days": "a month",
        "commission.components[0].tiers[0].rate_ppm": "1,000.50",
        "go": "try",
    }
    answer = await sent(client, fields)
    assert answer.status_code == 422
    for name in ("from", "windows.click_days", "commission.components[0].tiers[0].rate_ppm"):
        assert f'id="{name}-error"' in answer.text
    again = values_of(answer.text)
    assert {name: again[name] for name in fields if name != "go"} == {
        name: value for name, value in fields.items() if name != "go"
    }
    assert await world.network.owner.fetchval("SELECT count(*) FROM trials") == 0


async def test_a_text_in_error_is_kept_with_the_path_of_each_key_at_fault(world: World) -> None:
    client = await world.client(OWNER)
    wrong = DOUBLED.replace('"sale"', '"sail"').replace('"America/New_York"', '"Mars"')
    answer = await sent(
        client,
        {
            "about": world.ids_of["partnership"],
            "how": "text",
            "period": "last_month",
            "terms": wrong,
            "go": "try",
        },
    )
    assert answer.status_code == 422
    assert "commission.components[0].event" in answer.text
    assert "settlement.time_zone" in answer.text
    assert str(values_of(answer.text)["terms"]).strip() == wrong.strip()


async def test_more_rows_and_components_are_had_without_script_and_keep_what_was_typed(world: World) -> None:
    client = await world.client(OWNER)
    page = await client.get(
        f"/trials/new?about={world.ids_of['partnership']}", headers={"accept": "text/html"}
    )
    fields = values_of(page.text) | {"windows.click_days": "half typed"}
    more = values_of((await sent(client, {**fields, "go": "tier-0"})).text)
    assert "commission.components[0].tiers[5].from" in more
    assert more["windows.click_days"] == "half typed"
    another = values_of((await sent(client, {**fields, "go": "component"})).text)
    assert another["commission.components[1].event"] == "sale"
    assert another["windows.click_days"] == "half typed"


async def test_a_file_that_is_no_text_is_refused_with_a_sentence(world: World) -> None:
    client = await world.client(OWNER)
    fields = {
        "about": world.ids_of["partnership"],
        "how": "text",
        "period": "last_month",
        "terms": "",
        "go": "try",
    }
    answer = await sent(client, fields, files={"file": ("TERMS.toml", b"\xff\xfe\x00")})
    assert answer.status_code == 422
    assert "This file is no text" in answer.text


async def test_terms_larger_than_the_limit_are_refused_with_a_sentence(world: World) -> None:
    client = await world.client(OWNER)
    huge = DOUBLED + "#" * rules.TERMS_BYTES_MAX
    told = await asked(client, 422, program=world.ids_of["program"], terms=huge)
    assert told["fields"]["terms"].startswith("The terms are larger than")


async def test_a_brand_has_so_many_open_trials_and_not_one_more_even_at_once(world: World) -> None:
    client = await world.client(OWNER)
    answers = await asyncio.gather(
        *(
            client.post("/api/v1/trials", json={**DAYS, "terms": DOUBLED, "program": world.ids_of["program"]})
            for _ in range(rules.OPEN_MAX + 3)
        )
    )
    assert sorted(one.status_code for one in answers) == [201] * rules.OPEN_MAX + [409] * 3
    assert "ask again when one of them is done" in next(one for one in answers if one.status_code == 409).text


async def test_a_job_that_was_killed_in_the_middle_is_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await world.client(OWNER)
    trial = await asked(client, program=world.ids_of["program"])
    compare = computing.what_if

    async def killed(*args: Any, **options: Any) -> Any:
        await compare(*args, **options)
        raise asyncio.CancelledError

    monkeypatch.setattr(computing, "what_if", killed)
    with pytest.raises(asyncio.CancelledError):
        await computed(world, trial["id"])
    assert (await read(client, trial["id"]))["status"] == "running"
    monkeypatch.setattr(computing, "what_if", compare)
    await computed(world, trial["id"])
    assert (await read(client, trial["id"]))["status"] == "done"


async def test_two_workers_with_the_same_job_compute_it_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await world.client(OWNER)
    trial = await asked(client, program=world.ids_of["program"])
    compare, times = computing.what_if, list[int]()

    async def counted(*args: Any, **options: Any) -> Any:
        times.append(1)
        return await compare(*args, **options)

    monkeypatch.setattr(computing, "what_if", counted)
    trial_id = ids.parse("try", trial["id"])
    async with world.network.as_worker():
        await asyncio.gather(computing.compute_trial(trial_id), computing.compute_trial(trial_id))
    assert len(times) == 1


async def test_a_fault_of_ours_is_told_and_the_job_is_held_to_be_started_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await world.client(OWNER)
    trial = await asked(client, program=world.ids_of["program"])
    compare = computing.what_if

    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(computing, "what_if", broken)
    with pytest.raises(ZeroDivisionError):
        await computed(world, trial["id"])
    found = await read(client, trial["id"])
    assert (found["status"], "Something on our side failed" in found["error"]) == ("failed", True)
    page = await client.get(f"/trials/{trial['id']}", headers={"accept": "text/html"})
    assert "Something on our side failed" in page.text
    monkeypatch.setattr(computing, "what_if", compare)
    await computed(world, trial["id"])
    assert (await read(client, trial["id"]))["status"] == "done"


async def test_whoever_asked_is_told_when_it_is_done(world: World) -> None:
    client = await world.client(OWNER)
    trial = await asked(client, program=world.ids_of["program"])
    await computed(world, trial["id"])
    told = await world.network.owner.fetch(
        "SELECT kind, said::text FROM notifications WHERE kind = 'trial-computed'"
    )
    assert [trial["id"] in row["said"] for row in told] == [True]


async def test_the_asking_commits_with_its_job_or_not_at_all(world: World) -> None:
    client = await world.client(OWNER)
    await asked(
        client, 404, program=ids.shown("prg", ids.new_id(await world.network.owner.fetchval("SELECT now()")))
    )
    await asked(client, program=world.ids_of["program"])
    jobs = await world.network.owner.fetchval(
        "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'receipts.try_terms'"
    )
    assert jobs == 1


async def test_a_page_waits_by_itself_with_and_without_script_and_ends_when_it_is_done(world: World) -> None:
    client = await world.client(OWNER)
    trial = await asked(client, program=world.ids_of["program"])
    page = await client.get(f"/trials/{trial['id']}", headers={"accept": "text/html"})
    assert f'hx-get="/trials/{trial["id"]}/progress"' in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert "hx-refresh" not in (await client.get(f"/trials/{trial['id']}/progress")).headers
    await computed(world, trial["id"])
    assert (await client.get(f"/trials/{trial['id']}/progress")).headers["hx-refresh"] == "true"
    page = await client.get(f"/trials/{trial['id']}", headers={"accept": "text/html"})
    assert "http-equiv" not in page.text
    assert "Nothing was booked" in page.text


async def test_the_file_has_a_row_for_each_partner_and_currency_in_which_no_name_runs_as_a_formula(
    world: World,
) -> None:
    await world.network.owner.execute("UPDATE brands SET name = '=cmd|x' WHERE slug = 'needle-drop'")
    client = await world.client(OWNER)
    found = await done(world, client, program=world.ids_of["program"])
    answer = await client.get(f"/trials/{found['id']}?format=csv&lang=de")
    rows = {
        row["partnership"]: row for row in csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    }
    needle = rows[world.ids_of["partnership"]]
    assert needle["partner"] == "'=cmd|x"
    wanted = {
        "currency": "USD", "net_before": "130.00", "commission_before": "13.00", "commission_after": "26.00",
        "difference": "13.00",
    }  # fmt: skip
    assert {name: needle[name] for name in wanted} == wanted


async def test_what_could_not_be_priced_is_told_and_is_in_no_sum(world: World) -> None:
    client, about = await world.client(OWNER), world.ids_of["partnership"]
    in_euro = DOUBLED.replace('"USD"', '"EUR"')
    found = await done(world, client, partnership=about, terms=in_euro)
    (needle,) = [row for row in found["result"]["rows"] if row["partnership"] == about]
    assert needle["unpriced"]
    bars = (await client.get(f"/api/v1/trials/{found['id']}/bars")).json()["items"]
    assert "Needle Drop" not in [bar["label"] for bar in bars]
    page = await client.get(f"/trials/{found['id']}", headers={"accept": "text/html"})
    assert "could not be computed, and is in no sum" in page.text
    assert "would have been paid <b>" not in page.text
    file = (await client.get(f"/trials/{found['id']}?format=csv")).text.removeprefix("\ufeff")
    (row,) = [row for row in csv.DictReader(io.StringIO(file)) if row["partnership"] == about]
    assert (row["net_before"], row["difference"], row["unpriced"]) == ("130.00", "", needle["unpriced"])


async def test_a_draft_fills_the_form_before_anybody_signs(world: World) -> None:
    client = await world.client(Principal("partner", "owner"))
    page = await client.get(
        f"/trials/new?agreement={world.ids_of['agreement']}", headers={"accept": "text/html"}
    )
    fields = values_of(page.text)
    assert fields["about"] == world.ids_of["partnership"]
    assert fields["period"] == "last_90_days"
    # The policy is the program's: a partner has no inputs for it.
    assert "program.attribution.model" not in fields


async def test_a_form_begins_under_the_newest_policy_whatever_was_signed_under(world: World) -> None:
    await world.network.owner.execute(
        """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
           SELECT gen_random_uuid(), id, 9, $2, now() FROM programs WHERE id = $1""",
        ids.parse("prg", world.ids_of["program"]),
        '[program.attribution]\nmodel = "first_click"\n',
    )
    about, html = world.ids_of["partnership"], {"accept": "text/html"}
    shop, partner = await world.client(OWNER), await world.client(Principal("partner", "owner"))
    page = await shop.get(f"/trials/new?about={about}", headers=html)
    assert values_of(page.text)["program.attribution.model"] == "first_click"
    text = values_of((await partner.get(f"/trials/new?about={about}&how=text", headers=html)).text)["terms"]
    assert "program" not in tomllib.loads(str(text))
    assert "commission" in tomllib.loads(str(text))


async def test_a_test_key_sees_no_live_figures(world: World) -> None:
    key = credentials.new_api_key(is_live=False)
    await world.network.owner.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
           VALUES (gen_random_uuid(), $1, 'test', $2, $3, '{reports:read}', now())""",
        await world.brand_of("advertiser"),
        key[: credentials.KEY_PREFIX_CHARACTERS],
        credentials.hash_of(key),
    )
    async with await world.client(Principal("nobody", "nobody")) as client:
        client.headers["authorization"] = f"Bearer {key}"
        assert (await asked(client, 403, program=world.ids_of["program"]))["status"] == 403
        assert (await client.get("/api/v1/trials")).status_code == 403


async def test_an_old_trial_is_let_go(world: World) -> None:
    client = await world.client(OWNER)
    trials = [await done(world, client, program=world.ids_of["program"]) for _ in range(2)]
    await world.network.owner.execute(
        "UPDATE trials SET finished_at = now() - interval '91 days' WHERE id = $1",
        ids.parse("try", trials[0]["id"]),
    )
    async with world.network.as_worker():
        await privacy.let_go(clock.wall_now(), clock.wall_now())
    assert [one["id"] for one in (await client.get("/api/v1/trials")).json()["items"]] == [trials[1]["id"]]


async def test_the_command_line_prints_what_the_api_serves_and_keeps_nothing(
    world: World, tmp_path: Path
) -> None:
    terms = tmp_path / "TERMS.toml"
    terms.write_text(DOUBLED)
    database, program = world.network.database, world.ids_of["program"]
    environment = settings_for(database.url(), database.url("worker"), tmp_path)
    days = ("--from", DAYS["from"], "--to", DAYS["to"])
    told = await asyncio.to_thread(
        run, environment, "what-if", "--program", program, *days, "--terms", str(terms)
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert await world.network.owner.fetchval("SELECT count(*) FROM trials") == 0
    served = (await done(world, await world.client(OWNER), program=program))["result"]
    printed = json.loads(told.stdout)
    assert [(row["partnership"], row["before"], row["after"]) for row in printed["rows"]] == [
        (row["partnership"], row["before"], row["after"]) for row in served["rows"]
    ]
    terms.write_text(DOUBLED.replace('"sale"', '"sail"'))
    wrong = await asyncio.to_thread(
        run, environment, "what-if", "--program", program, *days, "--terms", str(terms)
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "commission.components[0].event" in wrong.stderr
