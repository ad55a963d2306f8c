"""Notice through the doors: who gives it, when it takes effect, what it shuts, and how it is taken back."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from partner_network.agreements import ending, jobs
from partner_network.agreements.terms import Settlement, Windows
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.programs.rules import status_at
from tests.agreements.cast import Cast
from tests.doors import TERMS, Browser

WHY = {"reason": "We sell no records any more"}
CAUSE = {"reason": "You stopped your payments", "for_good_cause": True}


@pytest.fixture
async def active(cast: Cast) -> Cast:
    """A partnership whose agreement both signed, with thirty days of notice by the clock of New York."""
    await cast.signed()
    return cast


async def end(cast: Cast, browser: Browser, said: object, status: int = 200) -> Any:
    return await browser.accepted(f"/api/v1/partnerships/{cast.partnership}/end", said, status)


async def withdraw(cast: Cast, browser: Browser, status: int = 200) -> Any:
    return await browser.accepted(f"/api/v1/partnerships/{cast.partnership}/end/withdrawal", {}, status)


async def partnership(cast: Cast) -> Any:
    return (await cast.shop.get(f"/api/v1/partnerships/{cast.partnership}")).json()


@pytest.mark.parametrize(
    ("zone", "days", "given", "ends"),
    [
        # 28 February to 29 March are thirty days; on the last one clocks went forward.
        ("Europe/Berlin", 30, "2026-02-27T12:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", 30, "2026-02-26T12:00:00Z", "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", 30, "2026-02-28T12:00:00Z", "2026-03-30T22:00:00Z"),
        # The day is the zone's: an hour before midnight in New York, and an hour after it.
        ("America/New_York", 30, "2026-01-21T04:00:00Z", "2026-02-20T05:00:00Z"),
        ("America/New_York", 30, "2026-01-21T06:00:00Z", "2026-02-21T05:00:00Z"),
        ("UTC", 1, "2026-01-20T23:59:59Z", "2026-01-22T00:00:00Z"),
        ("UTC", 0, "2026-01-20T23:59:59Z", "2026-01-20T23:59:59Z"),
    ],
)
def test_notice_takes_effect_at_midnight_after_its_whole_days(
    zone: str, days: int, given: str, ends: str
) -> None:
    settlement = Settlement(currency="EUR", time_zone=zone, notice_days=days)
    at = datetime.fromisoformat(given)
    assert ending.notice_ends_at(settlement, at, for_good_cause=False) == datetime.fromisoformat(ends)
    assert ending.notice_ends_at(settlement, at, for_good_cause=True) == at


def test_run_off_is_elapsed_time_and_the_end_is_half_open() -> None:
    at = datetime(2026, 3, 15, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    assert ending.runs_off_until(at, Windows(run_off_days=30)) == datetime(2026, 4, 13, 23, tzinfo=UTC)
    assert status_at("active", at, at) == "ended"
    assert status_at("active", at, at - datetime.resolution) == "active"
    assert status_at("declined", None, at) == "declined"


async def test_notice_names_its_end_is_told_to_both_and_asked_again_changes_nothing(active: Cast) -> None:
    first = await end(active, active.partner, WHY)
    assert await end(active, active.partner, WHY) == first
    assert first["status"] == "active"
    (notice,) = first["notices"]
    assert (notice["brand_name"], notice["clause"], notice["by_operator"]) == ("Drum School", "10.1", False)
    given = datetime.fromisoformat(notice["given_at"])
    zone = ZoneInfo("America/New_York")
    ends = datetime.fromisoformat(first["ends_at"])
    assert ends.astimezone(zone).time().isoformat() == "00:00:00"
    assert (ends.astimezone(zone).date() - given.astimezone(zone).date()).days == 31
    assert (await partnership(active))["ended_at"] == first["ends_at"]
    told = await active.network.owner.fetch(
        """SELECT kind, count(DISTINCT brand_id) FROM notifications
           WHERE kind LIKE 'partnership-n%' GROUP BY 1"""
    )
    assert [tuple(row) for row in told] == [("partnership-notice", 2)]
    assert (await active.shop.get(f"/api/v1/partnerships/{active.partnership}/end")).json() == first


async def test_a_notice_is_withdrawn_by_its_own_side_alone_until_it_takes_effect(active: Cast) -> None:
    ends = (await end(active, active.partner, WHY))["ends_at"]
    refused = await withdraw(active, active.shop, 409)
    assert "no notice of your side" in refused["detail"]

    # A second notice, of the other side, moves nothing later; the first one's withdrawal leaves it standing.
    assert (await end(active, active.shop, WHY))["ends_at"] == ends
    assert (await withdraw(active, active.partner))["ends_at"] == ends
    assert (await withdraw(active, active.partner))["ends_at"] == ends
    assert (await withdraw(active, active.shop))["ends_at"] is None
    assert (await partnership(active))["ended_at"] is None
    again = await end(active, active.shop, {"reason": "Now for certain"})
    assert len(again["notices"]) == 3


async def test_good_cause_ends_it_at_once_for_good_and_the_manager_acts_for_the_advertiser(
    active: Cast,
) -> None:
    await end(active, active.partner, WHY)
    ended = await end(active, active.manager, CAUSE)
    assert ended["status"] == "ended"
    assert ended["notices"][0]["by_operator"]
    assert ended["notices"][0]["brand_name"] == "Groove-Street"
    assert ended["notices"][0]["clause"] == "10.2"
    assert (await partnership(active))["status"] == "ended"
    assert await end(active, active.shop, CAUSE) == ended
    assert "nothing to end" in (await end(active, active.shop, WHY, 409))["detail"]
    assert "already" in (await end(active, active.partner, CAUSE, 409))["detail"]
    assert "never taken back" in (await withdraw(active, active.shop, 409))["detail"]

    # What is over takes no new terms, links or codes; what was agreed stays readable.
    wanted = {"partnership": active.partnership, "terms": TERMS, "contract": "cross-promotion"}
    wanted["contract_version"] = "2026-11"
    assert "ended" in (await active.shop.accepted("/api/v1/agreements", wanted, 409))["detail"]
    link = {"partnership": active.partnership, "name": "x", "destination_url": "https://groove.example/"}
    assert "ended" in (await active.partner.accepted("/api/v1/links", link, 409))["detail"]
    code = {"partnership": active.partnership, "code": "DRUM10"}
    assert "ended" in (await active.shop.accepted("/api/v1/codes", code, 409))["detail"]
    assert len((await active.partner.get("/api/v1/agreements")).json()["items"]) == 1
    assert (await active.partner.get("/api/v1/programs")).json()["items"] == []
    kinds = await active.network.owner.fetch(
        "SELECT DISTINCT kind FROM notifications WHERE kind LIKE 'partnership-%' ORDER BY 1"
    )
    assert [row["kind"] for row in kinds if row["kind"] != "partnership-invitation"] == [
        "partnership-ended",
        "partnership-notice",
    ]


async def test_what_binds_nobody_yet_is_declined_and_not_ended(cast: Cast) -> None:
    refused = await end(cast, cast.partner, WHY, 409)
    assert "in review" in refused["detail"]
    assert "leave the draft unsigned" in refused["detail"]


async def test_a_notice_says_why(active: Cast) -> None:
    refused = await end(active, active.shop, {"reason": "  "}, 422)
    assert "Say why" in refused["detail"]


async def test_a_change_of_terms_that_would_hold_after_the_end_is_refused(active: Cast) -> None:
    await end(active, active.partner, WHY)
    # Thirty days of notice for a change count from its day: it would hold a day before the end.
    drafted = await active.draft(TERMS.replace("50_000", "60_000"))
    assert drafted["number"].endswith("/2")
    later = f'valid_from = "{(await clock.now()).year + 1}-12-01"\n' + TERMS.replace("50_000", "60_000")
    assert "Notice is given" in (await active.draft(later, 409))["detail"]


async def test_the_database_lets_nobody_but_a_notice_end_a_partnership(active: Cast) -> None:
    owner = active.network.owner
    moved = "UPDATE partnerships SET ended_at = now()"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connections.transaction(eyes="operator") as connection:
            await connection.execute(moved)
    async with active.network.as_worker():
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connections.pool().execute(moved)
    await end(active, active.shop, CAUSE)
    for change in (
        "UPDATE partnerships SET ended_at = NULL, status = 'active'",
        "UPDATE partnerships SET ended_at = ended_at + interval '1 day'",
        "UPDATE partnership_notices SET reason = 'Nothing'",
        "UPDATE partnership_notices SET withdrawn_at = given_at, withdrawn_by = given_by",
        "DELETE FROM partnership_notices",
        "TRUNCATE partnership_notices",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await owner.execute(change)


async def test_the_calendar_writes_the_end_down_once_and_tells_both(active: Cast) -> None:
    ends = datetime.fromisoformat((await end(active, active.shop, WHY))["ends_at"])
    async with active.network.as_worker():
        assert await jobs.end_due(ends - datetime.resolution) == 0
        assert await jobs.end_due(ends) == 1
        assert await jobs.end_due(ends) == 0
    told = "SELECT count(DISTINCT brand_id) FROM notifications WHERE kind = 'partnership-ended'"
    assert await active.network.owner.fetchval(told) == 2
