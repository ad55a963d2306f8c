"""What stands beside what its own facts say, for whoever looks."""

from fractions import Fraction

import msgspec
import pytest

from partner_network.attribution.facts import Binding, Credit
from partner_network.receipts.rules import changes, seen
from partner_network.receipts.rules.changes import Outcome
from partner_network.receipts.rules.seen import Revision
from tests.receipts.test_drawing import ORDERED, SALT, days, revision, touch


@pytest.fixture
def stored() -> Revision:
    return revision(touch("a", "blog", days(3)), touch("b", "zine", days(1)))


@pytest.mark.parametrize("viewer", [None, "blog", "zine"])
def test_what_stands_as_its_facts_say_is_told_so(stored: Revision, viewer: str | None) -> None:
    assert seen.seen_by(stored, viewer).proof.holds


def test_another_root_or_other_bytes_of_the_facts_are_told(stored: Revision) -> None:
    for changed in ({"root": SALT}, {"content": stored.content + b" "}):
        proof = seen.seen_by(msgspec.structs.replace(stored, **changed), "blog").proof
        assert (proof.is_decision_same, proof.is_root_same, proof.holds) == (True, False, False)


def test_another_credit_is_told_and_shown_as_it_stands(stored: Revision) -> None:
    wrong = Credit("blog", "a", ORDERED - days(3), Fraction(1))
    decision = msgspec.structs.replace(stored.decision, credits=(wrong,))
    told = seen.seen_by(msgspec.structs.replace(stored, decision=decision), None)
    assert not told.proof.is_decision_same
    assert [credit for _, credit in told.credits] == [wrong]


def test_a_decision_without_one_of_its_candidates_is_told(stored: Revision) -> None:
    decision = msgspec.structs.replace(stored.decision, candidates=stored.decision.candidates[:1])
    told = seen.seen_by(msgspec.structs.replace(stored, decision=decision), None)
    assert not told.proof.is_decision_same
    assert len(told.weighed) == 2


def test_a_revision_tells_a_partner_its_own_changes_alone(stored: Revision) -> None:
    later = revision(
        touch("a", "blog", days(3)),
        touch("b", "zine", days(1)),
        touch("c", "shop", days(0.5)),
        model="linear",
    )
    mine = changes.changes(stored, later, "blog")
    assert [(one.touch, one.what) for one in mine] == [("a", "differs")]
    assert mine[0].after == Outcome("credited", "clicked 3 d 00 h before the sale, 1 of 3: weight 1/3", "1/3")
    assert [one.touch for one in changes.changes(stored, later, None)] == ["a", "b", "c"]
    assert [one.what for one in changes.changes(later, stored, None)] == ["differs", "differs", "went"]


def test_a_direct_visit_is_nobodys_and_shown_to_whoever_sees_the_receipt() -> None:
    one = revision(touch("a", "blog", days(3)), touch("c", None, days(1)), touch("b", "zine", days(2)))
    told = seen.seen_by(one, "blog")
    assert [candidate.touch.id for _, candidate in told.weighed] == ["a", "c"]
    assert [part.leaf is None for part in told.parts] == [False, False, True, False]


def test_credit_that_a_binding_hands_down_is_shown_to_its_partner_alone() -> None:
    bound = Binding(
        "cnv_1",
        ORDERED - days(40),
        ORDERED + days(40),
        (
            Credit("blog", "old", ORDERED - days(41), Fraction(2, 3)),
            Credit("zine", "older", ORDERED, Fraction(1, 3)),
        ),
    )
    one = revision(touch("a", "shop", days(3)), binding=bound)
    told = {viewer: seen.seen_by(one, viewer) for viewer in ("blog", "shop", None)}
    assert [credit.weight for _, credit in told["blog"].credits] == [Fraction(2, 3)]
    assert [inherited.amount_minor for _, inherited in told["blog"].inherited] == [67]
    assert (told["shop"].credits, told["shop"].inherited) == ([], [])
    assert [inherited.amount_minor for _, inherited in told[None].inherited] == [67, 33]
    assert told["shop"].common.bound_to == "cnv_1"
    assert all(one.proof.holds for one in told.values())
