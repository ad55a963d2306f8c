"""A credit note takes what the account covers; the rest is due, and later closes recover it once."""

import json
import re
from datetime import datetime
from uuid import uuid4

import msgspec
import pytest

from partner_network.commissions import booking
from partner_network.commissions.actions import contests, mature
from partner_network.dashboards.verification import bookings, postings, reading
from partner_network.dashboards.verification import statements as drawn_up
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import NotFoundError
from partner_network.ledger import actions as ledger
from partner_network.ledger.accounts import Pair
from partner_network.receipts.queries import held
from partner_network.statements import previews
from partner_network.statements.actions import close
from partner_network.statements.rules import LineKind
from tests.statements import network
from tests.statements.network import day, fetch, statements


async def hold_all(stream: network.Stream, commission_id: int, minor: int) -> None:
    standing = booking.Standing(
        commission_id, 1, pending_minor=0, held_minor=0, matured_minor=minor, has_matured=True
    )
    owed = Pair(stream.partner_id, stream.advertiser_id, "EUR")
    entry = booking.hold_entry(standing, owed, day(3, 10), "Looks odd")
    assert entry is not None
    async with connections.transaction() as connection:
        await ledger.post(connection, [entry], recorded_at=day(3, 10))


async def charge_from_march(stream: network.Stream, rate_ppm: int) -> None:
    await fetch(
        """INSERT INTO tax_profiles (id, brand_id, valid_from, legal_name, address, country, status,
               vat_id, tax_rate_ppm, recorded_at, recorded_by)
           SELECT gen_random_uuid(), $1, '2026-03-01', 'R', 'x', 'DE', 'standard', 'DE136695976', $2, $3, id
           FROM members RETURNING 1""",
        stream.partner_id,
        rate_ppm,
        day(2, 1),
    )


async def open_tax() -> tuple[list[tuple[int, int]], int]:
    """What each credit note left due, with what still is, and what the account of it holds."""
    rows = await fetch("SELECT amount_minor, due_minor FROM open_clawbacks WHERE commission_id IS NULL")
    held = await fetch(
        """SELECT coalesce(sum(b.debits_posted_minor - b.credits_posted_minor)
                   FILTER (WHERE a.kind = 'clawback_due'), 0)::bigint AS due,
               coalesce(sum(b.credits_posted_minor - b.debits_posted_minor)
                   FILTER (WHERE a.kind = 'clawback_owed'), 0)::bigint AS owed
           FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id"""
    )
    assert held[0]["due"] == held[0]["owed"]
    return [(row["amount_minor"], row["due_minor"]) for row in rows], held[0]["due"]


async def foreseen_totals(stream: network.Stream, now: datetime) -> dict[LineKind, int]:
    """What the preview says that the next close of a partner's account states."""
    async with connections.transaction() as connection:
        (account_id,) = [
            one.account.account_id
            for one in await previews.accounts_of(connection, stream.partner_id)
            if one.account.payee_id == stream.partner_id
        ]
        (seen,) = await previews.preview(connection, account_id, now)
        return seen.by_kind


async def unproved() -> list[str]:
    """Where statements, clawbacks of tax and accounts differ from what the books call for."""
    return differences(await reading.read_books())


def differences(books: Books) -> list[str]:
    kinds = [
        bookings.check_clawbacks(books, Explained(books)),
        drawn_up.check(books, Explained(books)),
        postings.check_balances(books),
    ]
    return [kind.difference for kind in kinds if kind.difference is not None]


async def leave_due(radio: network.Stream) -> None:
    """Leave 60 of a credit note of 250 due at the end of March."""
    commission_id = await network.earn(radio, 1_000, day(1, 10), day(1, 10))
    await mature.mature_due(day(3, 1, 1))
    await close.close_due(day(3, 1, 1))
    await charge_from_march(radio, 250_000)
    await hold_all(radio, commission_id, 1_000)
    await close.close_due(day(4, 1, 1))


@pytest.mark.parametrize(
    ("rate_then_ppm", "tax_minor", "due_minor"),
    # 1,000 held of what was taxed with 190: the credit note takes those 190 back, whatever the rate is then
    [(190_000, -190, 0), (250_000, -190, 60), (100_000, -100, 0)],
)
async def test_a_hold_of_what_was_taxed_brings_a_credit_note_as_far_as_the_account_covers_it(
    streams: list[network.Stream], rate_then_ppm: int, tax_minor: int, due_minor: int
) -> None:
    radio = streams[2]
    commission_id = await network.earn(radio, 1_000, day(1, 10), day(1, 10))
    await mature.mature_due(day(3, 1, 1))
    await close.close_due(day(3, 1, 1))
    await charge_from_march(radio, rate_then_ppm)
    await hold_all(radio, commission_id, 1_000)
    assert (await close.close_due(day(4, 1, 1))).left_out == []
    first, second = await statements()
    assert (first["closing_minor"], first["totals"]) == (1_190, '{"tax": 190, "earned": 1000}')
    assert (second["closing_minor"], second["totals"]) == (
        190 + tax_minor,
        f'{{"tax": {tax_minor}, "held": -1000}}',
    )
    assert await open_tax() == ([(due_minor, due_minor)] if due_minor else [], due_minor)
    assert await unproved() == []


@pytest.mark.parametrize(
    ("earned_then_minor", "third", "fourth"),
    [
        # half of 1,000 is more than the 60 that are due: tax is on all 1,000, not on 940
        (1_000, (0, 1_190, {"earned": 1_000, "tax": 250, "tax_recovered": -60}), None),
        # half of 100 is 50; of the next 100 the last 10; tax is on 100 both times
        (
            100,
            (10, 75, {"earned": 100, "tax": 25, "tax_recovered": -50}),
            (0, 190, {"earned": 100, "tax": 25, "tax_recovered": -10}),
        ),
    ],
)
async def test_what_no_credit_note_could_take_is_recovered_by_the_next_closes_and_bears_no_tax_again(
    streams: list[network.Stream],
    earned_then_minor: int,
    third: tuple[int, int, dict[str, int]],
    fourth: tuple[int, int, dict[str, int]] | None,
) -> None:
    radio = streams[2]
    await leave_due(radio)
    assert await open_tax() == ([(60, 60)], 60)
    for month, stated in ((4, third), (5, fourth)):
        if stated is None:
            continue
        due_minor, closing_minor, totals = stated
        await network.earn(radio, earned_then_minor, day(month - 1, 10), day(month - 1, 10))
        now = day(month + 1, 1, 1)
        await mature.mature_due(now)
        foreseen = await foreseen_totals(radio, now)
        assert (await close.close_due(now)).left_out == []
        last = (await statements())[-1]
        assert foreseen == totals
        assert json.loads(last["totals"]) == totals
        assert last["closing_minor"] == closing_minor
        assert await open_tax() == ([(60, due_minor)], due_minor)
        assert await unproved() == []


async def test_a_clawback_of_tax_that_no_credit_note_left_and_one_that_is_missing_are_found(
    streams: list[network.Stream],
) -> None:
    await leave_due(streams[2])
    books = await reading.read_books()
    (due,) = books.clawbacks
    books.clawbacks[:] = [msgspec.structs.replace(due, amount_minor=59)]
    found = "\n".join(differences(books))
    assert "clawback_due) holds 60; its clawbacks come to 59." in found
    assert "of tax of 59" in found
    books = await reading.read_books()
    books.clawbacks.clear()
    found = "\n".join(differences(books))
    assert re.search("The clawback .* of tax of 60, .* is missing", found)


async def test_both_brands_read_what_is_due_of_tax_and_a_third_does_not(
    streams: list[network.Stream],
) -> None:
    mutual, _, radio = streams
    await leave_due(radio)
    for brand_id, count in ((radio.partner_id, 1), (radio.advertiser_id, 1), (mutual.partner_id, 0)):
        async with connections.transaction(eyes=brand_id) as connection:
            seen = await held.taken_back(connection, brand_id)
        assert [(one.component, one.period, one.due_minor) for one in seen] == [(None, "2026-03", 60)] * count


async def test_nobody_contests_what_is_due_of_tax(streams: list[network.Stream]) -> None:
    radio = streams[2]
    await leave_due(radio)
    (due,) = await fetch("SELECT transfer_id FROM clawbacks")
    finance = Member(uuid4(), "F", "f@x.test", radio.partner_id, frozenset({"finance"}))
    with pytest.raises(NotFoundError):
        await contests.contest_clawback(due["transfer_id"], reason="No", by=finance, now=day(4, 2))
