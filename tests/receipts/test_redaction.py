"""Nothing of another partner stands in what a partner is given: each answer is searched, byte by byte."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from partner_network.kernel import ids
from partner_network.kernel.ids import Prefix
from tests.conversions.cast import Partner, on
from tests.receipts.stage import Stage

PREFIXES: tuple[Prefix, ...] = ("bnd", "clk", "tch", "prt", "agr")


def told_of(stage: Stage, partner: Partner, names: tuple[str, ...]) -> Iterator[str]:
    """Yield everything by which a partner or a touch of it could be told: names, ids, instants, terms."""
    slug = next(
        slug
        for slug, one in (
            ("blog-and-son", stage.blog), ("radio-riviera", stage.radio), ("club-sandwich", stage.club),
            ("zine-zone", stage.zine),
        )
        if one is partner
    )  # fmt: skip
    yield slug
    yield f"A-{slug}"
    for uuid in (partner.partner_id, partner.partnership_id, *(stage.clicks[name] for name in names)):
        yield from written(uuid)
    for name in names:
        at = ids.at_of(stage.clicks[name])
        yield at.strftime("%Y-%m-%dT%H:%M")
        yield at.strftime("%H:%M")
        # how long before the order, as reasons say it
        before = on(5) - at
        yield f"{before.days} d {before.seconds // 3600:02} h before"


def written(uuid: UUID) -> Iterator[str]:
    yield str(uuid)
    yield uuid.hex
    for prefix in PREFIXES:
        yield ids.shown(prefix, uuid)


OTHERS = {
    "blog": {"radio": ("radio",), "club": ("club",), "zine": ("zine",)},
    "radio": {"blog": ("blog", "blog-bot"), "club": ("club",), "zine": ("zine",)},
    "club": {"blog": ("blog", "blog-bot"), "radio": ("radio",), "zine": ("zine",)},
}


async def answers(stage: Stage, me: str) -> dict[str, str]:
    """Return everything that somebody of a partner can open about the order."""
    browser = await stage.seen_by(getattr(stage, me), "owner")
    paths = [stage.path, stage.page, f"{stage.path}?rev=1", f"{stage.page}?rev=1"]
    paths += ["/conversions", "/conversions?format=csv", f"{stage.path}?limit=1&after=0"]
    paths += ["/missing-orders?order_id=00001", "/api/v1/missing-orders?order_id=00001"]
    found: dict[str, str] = {}
    for path in paths:
        answer = await browser.get(path, headers={} if "/api/" in path else {"accept": "text/html"})
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.text
    return found


@pytest.mark.parametrize("me", list(OTHERS))
async def test_no_answer_to_a_partner_names_another_or_its_touches(me: str, either: Stage) -> None:
    for path, text in (await answers(either, me)).items():
        for other, names in OTHERS[me].items():
            for secret in told_of(either, getattr(either, other), names):
                assert secret.lower() not in text.lower(), (path, other, secret)


async def test_a_partner_gets_of_every_other_touch_its_hash_alone(linear: Stage) -> None:
    told = (await (await linear.seen_by(linear.radio)).get(linear.path)).json()
    whole = (await (await linear.seen_by(None)).get(linear.path)).json()
    assert told["hashes"] == whole["hashes"]
    assert [leaf["content"] is None for leaf in told["leaves"]] == [False, True, True, True, False]
    for leaf in told["leaves"]:
        if leaf["content"] is None:
            assert leaf == {
                "n": leaf["n"], "whose": "another partner", "hash": told["hashes"][leaf["n"]],
                "content": None, "salt": None,
            }  # fmt: skip


async def test_no_salt_of_anothers_leaf_is_given_away(linear: Stage) -> None:
    told = await (await linear.seen_by(linear.radio)).get(linear.path)
    whole = (await (await linear.seen_by(None)).get(linear.path)).json()
    assert [leaf["salt"] for leaf in whole["leaves"] if leaf["n"] in {1, 2, 3}]
    for leaf in whole["leaves"]:
        assert (leaf["salt"] in told.text) == (leaf["n"] in {0, 4})


async def test_a_partner_learns_of_the_outcome_only_whether_it_is_its_own(last_click: Stage) -> None:
    for partner, outcome in ((last_click.radio, "credited"), (last_click.blog, "not_credited")):
        told = (await (await last_click.seen_by(partner)).get(last_click.path)).json()
        assert told["outcome"] == outcome
    lost = (await (await last_click.seen_by(last_click.blog)).get(last_click.path)).json()
    assert (lost["credits"], lost["commissions"]) == ([], [])


async def test_who_is_no_candidate_is_answered_as_for_an_order_that_is_not_there(last_click: Stage) -> None:
    zine = await last_click.seen_by(last_click.zine)
    unknown = ids.shown("cnv", ids.new_id(on(5) + timedelta(seconds=1)))
    for path in (last_click.path, last_click.page):
        shown = last_click.conversions[0]
        there, nowhere = await zine.get(path), await zine.get(path.replace(shown, unknown))
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.text.replace(shown, "") == nowhere.text.replace(unknown, "")
    bobs = last_click.path.replace(last_click.conversions[0], last_click.conversions[1])
    assert (await (await last_click.seen_by(last_click.radio)).get(bobs)).status_code == 404


async def test_whoever_is_not_signed_in_is_sent_away(last_click: Stage) -> None:
    nobody = await last_click.network.browser()
    assert (await nobody.get(last_click.path)).status_code == 401
