"""Every number in a reason stands beside the clause that it comes from."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import msgspec
import pytest

from partner_network.agreements import contracts
from partner_network.agreements.terms import EventWindows, ProgramPolicy, Windows
from partner_network.attribution import clauses, rules
from partner_network.attribution.facts import Binding, Conversion, Credit, Reach, Touch

ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
SALE = Conversion(id="1001", program="boots", event="sale", at=ORDERED, recorded_at=ORDERED)
CLAUSES = clauses.clauses_of("cross-promotion", "2026-11")
REACH = Reach(windows=Windows(), clauses=CLAUSES)
ENDED = ORDERED - timedelta(days=40)
LOCKED = datetime(2026, 4, 30, 22, tzinfo=UTC)


def touch(name: str, days: float, **facts: object) -> Touch:
    at = ORDERED - timedelta(days=days)
    known = {"id": name, "partner": "ann", "program": "boots", "at": at, "recorded_at": at, **facts}
    return Touch(**known)  # pyright: ignore[reportArgumentType]  # a test names the facts it means


def visit(days: float) -> Touch:
    return touch("visit", days, partner=None, channel="direct")


def reasons(
    *touches: Touch, reach: Reach = REACH, policy: ProgramPolicy | None = None, sale: Conversion = SALE
) -> list[str]:
    decision = rules.decide(sale, touches, policy or ProgramPolicy(), lambda _: reach)
    return [candidate.reason for candidate in decision.candidates]


def test_the_clauses_of_a_decision_are_those_the_contract_numbers() -> None:
    assert msgspec.json.encode(CLAUSES) == (
        b'["3.1","3.2","3.4","3.3","10.3","3.5","3.6","3.7","3.8","3.9","3.10","3.12"]'
    )
    assert clauses.newest() == clauses.clauses_of(
        "cross-promotion", contracts.versions_of("cross-promotion")[-1]
    )


def test_every_published_contract_numbers_all_of_them() -> None:
    for name in contracts.names():
        for version in contracts.versions_of(name):
            assert all(msgspec.structs.astuple(clauses.clauses_of(name, version)))


@pytest.mark.parametrize(
    ("touches", "reach", "expected"),
    [
        (
            [touch("a", 31 + 2 / 24)],
            REACH,
            "clicked 31 d 02 h before the sale; the window in clause 3.2 is 30 d",
        ),
        ([touch("a", 1, kind="view")], REACH, "views do not count under these terms (clause 3.4)"),
        (
            [touch("a", 9, kind="view")],
            Reach(windows=Windows(view_days=7), clauses=CLAUSES),
            "viewed 9 d 00 h before the sale; the window in clause 3.4 is 7 d",
        ),
        (
            [touch("a", 9)],
            Reach(windows=Windows(events=EventWindows(sale=7)), clauses=CLAUSES),
            "clicked 9 d 00 h before the sale; the window in clause 3.3 is 7 d",
        ),
        (
            [touch("a", 41)],
            Reach(windows=Windows(click_days=90), ended_at=ENDED, clauses=CLAUSES),
            "the agreement ended 40 d 00 h before the sale; its run-off in clause 10.3 is 30 d",
        ),
        (
            [touch("a", 1)],
            Reach(windows=Windows(), ended_at=ENDED, clauses=CLAUSES),
            "the partnership had ended on 2026-02-18T12:00:00+00:00 (clause 3.7)",
        ),
        (
            [touch("a", 1)],
            Reach(windows=Windows(), active_from=ORDERED, clauses=CLAUSES),
            "the partnership was not active yet; it began on 2026-03-30T12:00:00+00:00 (clause 3.7)",
        ),
        (
            [touch("a", 1, recorded_at=LOCKED)],
            Reach(windows=Windows(), locked_at=LOCKED, clauses=CLAUSES),
            (
                "it was recorded at 2026-04-30T22:00:00+00:00; "
                "the lock date of clause 3.12 was 2026-04-30T22:00:00+00:00"
            ),
        ),
        ([touch("a", 1, excluded="bot")], REACH, "a bot made it (clause 3.7)"),
        ([touch("a", 1, consent=False)], REACH, "the customer gave no consent (clause 3.7)"),
        ([touch("a", 1, program="hats")], REACH, "it belongs to another program (clause 3.1)"),
        ([touch("a", -1)], REACH, "it came 1 d 00 h after the sale (clause 3.1)"),
        (
            [touch("a", 1, kind="code", evidence="code")],
            REACH,
            (
                "it counts only beside a qualifying tracked touch of the same partner, and there is none "
                "(clause 3.6)"
            ),
        ),
        (
            [touch("a", 2)],
            REACH,
            (
                "clicked 2 d 00 h before the sale, within the window of 30 d in clause 3.2: "
                "the last of 1 by click_id (clause 3.8)"
            ),
        ),
    ],
)
def test_a_reason_names_the_clause_beside_its_number(
    touches: list[Touch], reach: Reach, expected: str
) -> None:
    assert reasons(*touches, reach=reach) == [expected]


def test_what_decides_among_those_that_count_is_named_too() -> None:
    assert reasons(touch("a", 9), touch("b", 5, evidence="cookie"), touch("c", 2)) == [
        "a later touch decides, 7 d 00 h apart (clause 3.8)",
        "cookie is weaker evidence than click_id, which decides (clause 3.5)",
        (
            "clicked 2 d 00 h before the sale, within the window of 30 d in clause 3.2: "
            "the last of 2 by click_id (clause 3.8)"
        ),
    ]
    assert reasons(touch("a", 9), touch("b", 5), policy=ProgramPolicy(model="linear")) == [
        "clicked 9 d 00 h before the sale, 1 of 2: weight 1/2 (clause 3.8)",
        "clicked 5 d 00 h before the sale, 2 of 2: weight 1/2 (clause 3.8)",
    ]
    new_only = ProgramPolicy(customers="new_only")
    assert reasons(touch("a", 1), policy=new_only) == [
        "it reached an existing customer, and the program credits new ones only (clause 3.9)"
    ]
    no_cookie = ProgramPolicy(evidence=("click_id",))
    assert reasons(touch("a", 1, evidence="cookie"), policy=no_cookie) == [
        "the program does not accept cookie as evidence (clause 3.5)"
    ]


def test_a_direct_visit_that_wins_names_the_model_to_both() -> None:
    assert reasons(touch("a", 9), touch("b", 5), visit(1)) == [
        "a direct visit came 8 d 00 h later, so nobody is credited (clause 3.8)",
        "a direct visit came 4 d 00 h later, so nobody is credited (clause 3.8)",
        "the customer came directly, 1 d 00 h before the sale: nobody is credited (clause 3.8)",
    ]


def test_a_direct_visit_says_nothing_of_what_the_winning_partner_agreed() -> None:
    late = Reach(
        windows=Windows(click_days=7, events=EventWindows(sale=30)), locked_at=LOCKED, clauses=CLAUSES
    )
    early, unknown = visit(8), msgspec.structs.replace(visit(1), id="w", recorded_at=LOCKED)
    assert reasons(touch("a", 9), early, unknown, reach=late)[1:] == [
        (
            "the customer came directly, 8 d 00 h before the sale: longer ago "
            "than the window of clicks (clause 3.2)"
        ),
        "a direct visit has no partner, and it was recorded after the lock date (clause 3.12)",
    ]


def test_a_bound_customers_candidates_name_the_clause_that_binds() -> None:
    kept = (Credit("bob", "old", ENDED, Fraction(1)),)
    sale = msgspec.structs.replace(SALE, binding=Binding("900", ENDED, LOCKED, kept))
    assert reasons(touch("a", 1), visit(1), policy=ProgramPolicy(binding_months=3), sale=sale) == [
        "conversion 900 binds this customer until 2026-04-30T22:00:00+00:00 (clause 3.10)",
        "conversion 900 binds this customer until 2026-04-30T22:00:00+00:00",
    ]


def test_where_no_contract_is_known_a_reason_names_no_clause() -> None:
    without = Reach(windows=Windows())
    for found in (reasons(touch("a", 31), touch("b", 9), visit(1), reach=without), reasons(visit(1))):
        assert "clause" not in " ".join(found)


def test_a_reach_is_stored_without_what_it_does_not_say_and_reads_back() -> None:
    bare = Reach(windows=Windows())
    assert set(msgspec.json.decode(msgspec.json.encode(bare))) == {"windows"}
    for reach in (bare, REACH, msgspec.structs.replace(REACH, agreement="agr_7", ended_at=ENDED)):
        stored = msgspec.json.encode(reach)
        assert msgspec.json.decode(stored, type=Reach) == reach
        assert msgspec.json.encode(msgspec.json.decode(stored, type=Reach)) == stored
