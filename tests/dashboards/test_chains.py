"""Walking an account once finds the lines and sums that looking at all of it for each statement finds."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from partner_network.dashboards.verification import chains
from partner_network.dashboards.verification.chains import Chain, Posting, Standing
from partner_network.dashboards.verification.money_rows import Statement
from partner_network.statements.rules import Line

START = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = UUID(int=0)


def on(day: int) -> datetime:
    return START + timedelta(days=day)


def posting(transfer_id: int, minor: int, *, recorded: int, effective: int, made_in: int = 0) -> Posting:
    line = Line(transfer_id, "earned", minor, on(effective), None, None)
    return Posting((on(recorded), made_in), line)


def statement(*, ends: int, closed: int, made_in: int = 0) -> Statement:
    return Statement(
        id=NOBODY,
        number="S",
        payee_id=NOBODY,
        payer_id=NOBODY,
        currency="EUR",
        account_id=1,
        seq=1,
        period="2026-01",
        starts_at=START,
        ends_at=on(ends),
        opening_minor=0,
        closing_minor=0,
        minimum_minor=0,
        carried_reason=None,
        ignores_minimum=False,
        totals="{}",
        content_hash=b"",
        closed_at=on(closed),
        made_in=made_in,
    )


def by_looking_at_all(
    postings: Sequence[Posting], one: Statement, stated: set[int]
) -> tuple[list[Line], Standing]:
    began = chains.moment_of(one)
    lines = [
        found.line
        for found in sorted(postings, key=lambda found: found.line.transfer_id)
        if found.line.effective_at < one.ends_at
        and found.line.transfer_id not in stated
        and found.at <= began
    ]
    there = [found.line for found in postings if found.at < began]
    before = sum(line.amount_minor for line in there if line.effective_at < one.ends_at)
    return lines, Standing(before, sum(line.amount_minor for line in there))


def test_each_statement_takes_what_is_due_by_then_and_leaves_the_rest_to_the_next() -> None:
    chain = Chain(
        [
            posting(1, 1_000, recorded=2, effective=3),
            posting(2, 500, recorded=4, effective=40),
            posting(3, -300, recorded=35, effective=30, made_in=7),
            posting(4, 70, recorded=36, effective=5),
        ]
    )
    january = statement(ends=31, closed=35, made_in=7)
    lines = chain.lines_of(january)
    # What the close itself books, in its own transaction, is on the statement and was not there before it.
    assert ([line.transfer_id for line in lines], chain.standing_at(january)) == ([1, 3], (1_000, 1_500))
    chain.state(january, lines)

    february = statement(ends=59, closed=60)
    lines = chain.lines_of(february)
    assert ([line.transfer_id for line in lines], chain.standing_at(february)) == ([2, 4], (1_270, 1_270))


@pytest.mark.parametrize("is_damaged", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_any_history_is_walked_to_the_same_lines_and_sums(seed: int, is_damaged: bool) -> None:
    drawn = random.Random(seed)  # noqa: S311  # not for secrets
    postings = [
        posting(
            number,
            drawn.randint(-500, 1_000),
            recorded=drawn.randint(0, 60),
            effective=drawn.randint(0, 70),
            made_in=drawn.randint(0, 3),
        )
        for number in range(1, 60)
    ]
    found = [
        statement(ends=drawn.randint(0, 70), closed=drawn.randint(0, 60), made_in=drawn.randint(0, 3))
        for _ in range(12)
    ]
    if not is_damaged:
        found = sorted(found, key=chains.moment_of)
        ends = sorted(one.ends_at for one in found)
        found = [replace(one, ends_at=end) for one, end in zip(found, ends, strict=True)]
    chain, stated = Chain(postings), set[int]()
    for one in found:
        lines = chain.lines_of(one)
        assert (lines, chain.standing_at(one)) == by_looking_at_all(postings, one, stated)
        chain.state(one, lines)
        stated |= {line.transfer_id for line in lines}
