import hashlib
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import msgspec
import pytest

from partner_network.agreements.terms import ProgramPolicy, Windows
from partner_network.attribution import receipt, rules
from partner_network.attribution.facts import Binding, Conversion, Credit, Reach, Touch
from partner_network.attribution.receipt import Common, Facts, Weighed

ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
SALT = bytes(range(32))


def touch(name: str, partner: str | None, *, days: int) -> Touch:
    at = ORDERED - timedelta(days=days)
    return Touch(id=name, partner=partner, program="boots", at=at, recorded_at=at)


def facts(*, model: str = "linear", binding: Binding | None = None) -> Facts:
    return Facts(
        conversion=Conversion(
            id="1001", program="boots", event="sale", at=ORDERED, recorded_at=ORDERED, binding=binding
        ),
        customer="c0ffee",
        currency="EUR",
        net_minor=100,
        policy=ProgramPolicy(model=model, binding_months=12 if binding else 0),  # pyright: ignore[reportArgumentType] - any model
        policy_version=3,
        reaches={name: Reach(windows=Windows()) for name in ("blog", "shop", "zine")},
        touches=(
            touch("a", "blog", days=31),
            touch("b", "blog", days=9),
            touch("c", "shop", days=5),
            touch("d", "zine", days=1),
        ),
    )


@pytest.fixture
def linear() -> Facts:
    return facts()


def test_facts_read_back_are_the_same_bytes(linear: Facts) -> None:
    bound = facts(binding=Binding("900", ORDERED, ORDERED, (Credit("blog", "a", ORDERED, Fraction(2, 3)),)))
    for one in (linear, bound):
        assert receipt.decode(receipt.encode(one)) == one
        assert receipt.encode(receipt.decode(receipt.encode(one))) == receipt.encode(one)


def test_a_partner_checks_the_root_from_its_own_leaves_and_the_hashes_of_the_others(linear: Facts) -> None:
    decision = receipt.decide_again(linear)
    leaves = receipt.leaves_of(linear, decision, SALT)
    # As the partner does it, with nothing of ours but the JSON, the salts and RFC 6962.
    level = [
        hashlib.sha256(b"\x00" + leaf.salt + receipt.shown(leaf.content)).digest()
        if leaf.partner in {None, "shop"}
        else leaf.hash
        for leaf in leaves
    ]
    assert len(level) == 5
    left = hashlib.sha256(
        b"\x01"
        + hashlib.sha256(b"\x01" + level[0] + level[1]).digest()
        + hashlib.sha256(b"\x01" + level[2] + level[3]).digest()
    ).digest()
    assert hashlib.sha256(b"\x01" + left + level[4]).digest() == receipt.root_of(linear, decision, SALT)


def test_a_receipt_says_of_each_candidate_its_weight_and_its_part_to_the_cent(linear: Facts) -> None:
    leaves = receipt.leaves_of(linear, receipt.decide_again(linear), SALT)
    weighed = [leaf.content for leaf in leaves if isinstance(leaf.content, Weighed)]
    assert [(one.touch.id, one.verdict, one.weight, one.amount_minor) for one in weighed] == [
        ("a", "excluded", None, 0),
        ("b", "credited", "1/3", 34),
        ("c", "credited", "1/3", 33),
        ("d", "credited", "1/3", 33),
    ]


def test_what_is_common_to_all_names_no_partner(linear: Facts) -> None:
    bound = facts(
        binding=Binding(
            "900",
            ORDERED - timedelta(days=40),
            ORDERED + timedelta(days=40),
            (Credit("blog", "old", ORDERED - timedelta(days=41), Fraction(1)),),
        )
    )
    for one in (linear, bound):
        first = receipt.leaves_of(one, receipt.decide_again(one), SALT)[0]
        assert isinstance(first.content, Common)
        assert not [
            name for name in ("blog", "shop", "zine") if name.encode() in receipt.shown(first.content)
        ]


def test_an_inherited_credit_is_a_leaf_of_its_partners_own() -> None:
    bound = facts(
        binding=Binding(
            "900",
            ORDERED - timedelta(days=40),
            ORDERED + timedelta(days=40),
            (
                Credit("blog", "old", ORDERED - timedelta(days=41), Fraction(2, 3)),
                Credit("shop", "older", ORDERED - timedelta(days=44), Fraction(1, 3)),
            ),
        )
    )
    leaves = receipt.leaves_of(bound, receipt.decide_again(bound), SALT)
    assert [(leaf.partner, getattr(leaf.content, "amount_minor", None)) for leaf in leaves[-2:]] == [
        ("blog", 67),
        ("shop", 33),
    ]


@pytest.mark.parametrize("changed", ["net_minor", "policy_version", "customer"])
def test_another_fact_gives_another_root(linear: Facts, changed: str) -> None:
    other = msgspec.structs.replace(linear, **{changed: 7 if changed != "customer" else "beef"})
    assert receipt.root_of(other, rules.decide(*_asked(other)), SALT) != receipt.root_of(
        linear, receipt.decide_again(linear), SALT
    )


def test_another_salt_gives_another_root(linear: Facts) -> None:
    decision = receipt.decide_again(linear)
    assert receipt.root_of(linear, decision, SALT[::-1]) != receipt.root_of(linear, decision, SALT)


def _asked(one: Facts):  # noqa: ANN202 - the four arguments of decide
    return one.conversion, one.touches, one.policy, one.reaches.get
