from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.agreements import rules, terms_reading
from partner_network.agreements.rules import Held, Span
from partner_network.kernel.errors import ConflictError, InvalidError
from tests.doors import POLICY, TERMS

START = datetime(2026, 1, 1, tzinfo=UTC)
HASH, OTHER = "ab" * 32, "cd" * 32


def terms(extra: str = "", *, settlement: str = "") -> rules.Terms:
    return terms_reading.read_terms(f"{extra}\n{TERMS}{settlement}")


@given(st.lists(st.integers(0, 200), min_size=1, max_size=12))
def test_whatever_takes_over_when_terms_never_overlap_and_leave_no_gap_behind(days: list[int]) -> None:
    held: list[Held] = []
    for number, day in enumerate(days, start=1):
        change = rules.succession(held, UUID(int=number), START + timedelta(days=day))
        held = [one for one in held if one.id not in change.closes]
        held += [Held(UUID(int=1000 * number + n), span) for n, span in enumerate(change.opens)]
        held.sort(key=lambda one: one.span.starts_at or START)

    spans = [one.span for one in held]
    assert all(now.ends_at == after.starts_at for now, after in pairwise(spans))
    assert spans[0].starts_at == START + timedelta(days=min(days))
    assert (spans[-1].ends_at, spans[-1].agreement_id) == (None, UUID(int=len(days)))
    assert all(
        span.ends_at is None or span.starts_at is None or span.starts_at < span.ends_at for span in spans
    )


def test_terms_that_were_to_come_are_replaced_whole() -> None:
    coming = Held(UUID(int=1), Span(UUID(int=10), START + timedelta(days=9), None))

    change = rules.succession([coming], UUID(int=20), START)

    assert change.closes == (coming.id,)
    assert change.opens == (Span(UUID(int=20), START, None),)


def test_terms_begin_with_the_latest_of_signature_stated_date_and_notice() -> None:
    signed = datetime(2026, 3, 10, 12, tzinfo=UTC)
    drafted = datetime(2026, 3, 1, 12, tzinfo=UTC)
    held = terms().settlement
    over = datetime(2026, 3, 31, 4, tzinfo=UTC)  # 30 days after the 1st, summer time by then

    assert rules.starts_at(terms(), signed_at=signed, drafted_at=drafted, held=None) == signed
    assert rules.starts_at(terms(), signed_at=signed, drafted_at=drafted, held=held) == over
    late = terms("valid_from = 2026-05-01")
    assert rules.starts_at(late, signed_at=signed, drafted_at=drafted, held=held) == datetime(
        2026, 5, 1, 4, tzinfo=UTC
    )


def test_without_notice_a_change_may_hold_at_once() -> None:
    held = terms(settlement="notice_days = 0\n").settlement

    assert rules.starts_at(terms(), signed_at=START, drafted_at=START, held=held) == START


def test_terms_without_a_policy_get_the_programs_and_say_it() -> None:
    whole = rules.complete(TERMS, POLICY.replace("last_click", "linear"))

    assert terms_reading.read_terms(whole).program.attribution.model == "linear"
    assert rules.complete(whole, POLICY.replace("last_click", "linear")) == whole


@pytest.mark.parametrize(
    "hashes", [(HASH, HASH, "cd" * 32), (HASH, "cd" * 32, HASH), ("cd" * 32, HASH, HASH)]
)
def test_one_hash_of_three_that_differs_stops_a_signature(hashes: tuple[str, str, str]) -> None:
    read, drafted, printed = hashes
    with pytest.raises(ConflictError):
        rules.must_be_unchanged(read, drafted, printed)
    rules.must_be_unchanged(HASH.upper(), HASH, HASH)


def test_a_reciprocal_pair_that_nets_shares_currency_zone_and_period() -> None:
    one = terms().settlement
    other = terms_reading.read_terms(TERMS.replace("USD", "EUR")).settlement
    apart = terms_reading.read_terms(f'{TERMS.replace("USD", "EUR")}netting = "none"\n').settlement

    rules.must_settle_alike(one, one)
    rules.must_settle_alike(one, apart)
    with pytest.raises(InvalidError) as refused:
        rules.must_settle_alike(one, other)
    assert list(refused.value.fields) == ["settlement.currency"]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("unix", "unknown"),
    ],
)
def test_of_a_signers_address_only_the_network_is_kept(address: str, kept: str) -> None:
    assert rules.truncated(address) == kept
