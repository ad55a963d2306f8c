"""What holds for every set of touches, every policy and every agreement."""

import decimal
import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_network.agreements.terms import (
    CodePolicy,
    Event,
    EventWindows,
    Evidence,
    Model,
    Program,
    ProgramPolicy,
    Settlement,
    Terms,
    TouchKind,
    Windows,
)
from partner_network.attribution import clauses, deciding, facts_file, receipt, rules, weights
from partner_network.attribution.deciding import TermsOf
from partner_network.attribution.facts import Binding, Conversion, Credit, Decision, Reach, Touch
from partner_network.attribution.receipt import Facts, Inherited, Weighed
from partner_network.kernel import merkle

ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
LOCKED = datetime(2026, 4, 30, 22, tzinfo=UTC)
SALT = bytes(range(32))
TICK = timedelta(microseconds=1)
PARTNERS = ("ann", "bob", "cat")
CLAUSES = clauses.newest()


def just_off(days: int, off: int) -> timedelta:
    return timedelta(days=days, microseconds=off)


SPANS = st.one_of(
    st.timedeltas(timedelta(days=-1), timedelta(days=40)),
    # On a bound, and a microsecond to either side of it.
    st.builds(
        just_off,
        st.sampled_from([0, 3, 5, 30]),
        st.sampled_from([-1, 0, 1]),
    ),
)


def touch_of(span: timedelta, delay: timedelta, facts: dict[str, object]) -> Touch:
    at = ORDERED - span
    return Touch(**{"id": "", "program": "shop", "at": at, "recorded_at": at + delay, **facts})  # pyright: ignore[reportArgumentType]  # hypothesis names the facts


TOUCHES = st.builds(
    touch_of,
    SPANS,
    st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=31), timedelta(days=70)]),
    st.fixed_dictionaries(
        {
            "partner": st.sampled_from([*PARTNERS, *PARTNERS, None]),
            "kind": st.sampled_from(get_args(TouchKind)),
            "evidence": st.sampled_from(get_args(Evidence)),
            "channel": st.sampled_from(["partner", "partner", "partner", "direct"]),
            "consent": st.sampled_from([True, True, True, False]),
            "excluded": st.sampled_from([None, None, None, None, "bot", "stand_down", "it was paused"]),
            "program": st.sampled_from(["shop", "shop", "shop", "shop", "other"]),
        }
    ),
)
MANY = st.lists(TOUCHES, max_size=10).map(
    lambda many: [msgspec.structs.replace(one, id=f"t{number:02}") for number, one in enumerate(many)]
)
POLICIES = st.builds(
    ProgramPolicy,
    model=st.sampled_from(get_args(Model)),
    half_life_days=st.sampled_from([1, 7, 90]),
    position_ppm=st.sampled_from([(400_000, 200_000, 400_000), (0, 1_000_000, 0), (1_000_000, 0, 0)]),
    evidence=st.sampled_from([("click_id", "code", "cookie", "self_report"), ("code", "cookie", "click_id")]),
    code_policy=st.sampled_from(get_args(CodePolicy)),
    binding_months=st.sampled_from([0, 0, 3]),
    customers=st.sampled_from(["all", "all", "new_only"]),
    exclusions=st.sampled_from([ProgramPolicy().exclusions, ("stand_down",), ()]),
)
REACHES = st.builds(
    Reach,
    windows=st.builds(
        Windows,
        click_days=st.sampled_from([3, 30]),
        view_days=st.sampled_from([0, 5]),
        events=st.builds(EventWindows, lead=st.sampled_from([None, 3, 30]), sale=st.sampled_from([None, 5])),
        run_off_days=st.sampled_from([0, 3, 30]),
    ),
    active_from=st.sampled_from([None, ORDERED - timedelta(days=20)]),
    ended_at=st.sampled_from([None, ORDERED - timedelta(days=2), ORDERED + timedelta(days=2)]),
    locked_at=st.sampled_from([None, LOCKED]),
    agreement=st.sampled_from([None, "agr_1"]),
    clauses=st.sampled_from([None, CLAUSES]),
)
BOUND = Binding(
    "order-0",
    ORDERED - timedelta(days=40),
    ORDERED + timedelta(days=9),
    (
        Credit("ann", "old", ORDERED - timedelta(days=41), Fraction(2, 3)),
        Credit("dan", "older", ORDERED - timedelta(days=44), Fraction(1, 3)),
    ),
)
CONVERSIONS = st.builds(
    Conversion,
    id=st.just("order-1"),
    program=st.just("shop"),
    event=st.sampled_from(get_args(Event)),
    at=st.just(ORDERED),
    recorded_at=st.sampled_from([ORDERED, LOCKED + timedelta(days=1)]),
    new_customer=st.booleans(),
    click_id=st.sampled_from([None, "t00", "t01"]),
    binding=st.sampled_from([None, BOUND]),
)


def case_of(
    conversion: Conversion,
    many: list[Touch],
    policy: ProgramPolicy,
    reaches: tuple[Reach | None, ...],
    net_minor: int,
) -> Facts:
    return Facts(
        conversion=conversion,
        customer="c0ffee",
        currency="EUR",
        net_minor=net_minor,
        policy=policy,
        policy_version=3,
        reaches=dict(zip(PARTNERS, reaches, strict=True)),
        touches=tuple(rules.distinct(many)),
    )


CASES = st.builds(
    case_of,
    CONVERSIONS,
    MANY,
    POLICIES,
    st.tuples(*[st.none() | REACHES] * 3),
    st.integers(0, 2**62),
)


def decide(facts: Facts, touches: list[Touch] | None = None) -> Decision:
    known = facts.touches if touches is None else touches
    return rules.decide(facts.conversion, known, facts.policy, facts.reaches.get)


@given(CASES, st.randoms(use_true_random=False))
def test_arrival_order_and_duplicates_change_no_decision(facts: Facts, chance: random.Random) -> None:
    shuffled = [*facts.touches, *facts.touches[: len(facts.touches) // 2]]
    chance.shuffle(shuffled)
    assert decide(facts, shuffled) == decide(facts)


@given(CASES)
def test_a_touch_outside_its_window_never_gets_weight(facts: Facts) -> None:
    decision, conversion = decide(facts), facts.conversion
    if decision.bound_to is not None:
        return
    by_id = {touch.id: touch for touch in facts.touches}
    for credit in decision.credits:
        touch = by_id[credit.touch]
        reach = facts.reaches[credit.partner]
        assert reach is not None
        age = conversion.at - touch.at
        days = reach.windows.days(touch.kind, conversion.event)
        assert timedelta(0) <= age < timedelta(days=days)
        assert credit.weight > 0


@given(CASES)
def test_an_excluded_touch_changes_nothing_but_the_receipt(facts: Facts) -> None:
    decision = decide(facts)
    out = {one.touch for one in decision.candidates if one.verdict == "excluded"}
    again = decide(facts, [one for one in facts.touches if one.id not in out])
    assert again.credits == decision.credits
    assert again.candidates == tuple(one for one in decision.candidates if one.touch not in out)


@given(CASES)
def test_weights_sum_to_one_exactly_and_money_to_the_cent(facts: Facts) -> None:
    decision = decide(facts)
    assert sum(credit.weight for credit in decision.credits) == int(decision.is_attributed)
    contents = [leaf.content for leaf in receipt.leaves_of(facts, decision, SALT)]
    paid = [one.amount_minor for one in contents if isinstance(one, Weighed | Inherited)]
    assert sum(paid) == facts.net_minor * decision.is_attributed
    assert all(amount >= 0 for amount in paid)
    assert sorted((credit.partner, credit.touch) for credit in decision.credits) == [
        (credit.partner, credit.touch) for credit in decision.credits
    ]


@given(CASES)
def test_every_touch_has_one_verdict_and_one_reason_in_one_line(facts: Facts) -> None:
    decision = decide(facts)
    assert [one.touch for one in decision.candidates] == [one.id for one in facts.touches]
    assert all(one.reason and "\n" not in one.reason for one in decision.candidates)
    if decision.bound_to is None:
        credited = {one.touch for one in decision.candidates if one.verdict == "credited"}
        assert credited == {credit.touch for credit in decision.credits}
    else:
        assert {one.verdict for one in decision.candidates} <= {"not_credited"}
        assert all("order-0" in one.reason for one in decision.candidates)


@given(CASES)
def test_a_receipt_reads_back_byte_for_byte_and_decides_the_same(facts: Facts) -> None:
    stored = receipt.encode(facts)
    read = receipt.decode(stored)
    assert (read, receipt.encode(read)) == (facts, stored)
    decision = receipt.decide_again(read)
    assert decision == decide(facts)
    assert receipt.root_of(read, decision, SALT) == receipt.root_of(facts, decide(facts), SALT)


@given(CASES, st.sampled_from([*PARTNERS, "dan"]))
def test_a_partners_redacted_receipt_verifies_against_the_same_root(facts: Facts, partner: str) -> None:
    decision = decide(facts)
    # What the partner is given: its own leaves as text with their salts, of all others the hash alone.
    given_ = [
        (receipt.shown(leaf.content), leaf.salt) if leaf.partner in {None, partner} else leaf.hash
        for leaf in receipt.leaves_of(facts, decision, SALT)
    ]
    hashes = [one if isinstance(one, bytes) else receipt.hash_of(*one) for one in given_]
    assert merkle.root_of(hashes) == receipt.root_of(facts, decision, SALT)


@given(CASES, st.sampled_from(PARTNERS))
def test_a_partners_leaves_name_no_other_partner(facts: Facts, partner: str) -> None:
    leaves = receipt.leaves_of(facts, decide(facts), SALT)
    own = b" ".join(receipt.shown(leaf.content) for leaf in leaves if leaf.partner in {None, partner})
    assert not [other for other in {*PARTNERS, "dan"} - {partner} if f'"{other}"'.encode() in own]


AGES = st.one_of(
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.integers(0, 70 * 24).map(lambda hours: timedelta(hours=hours)),
)


@given(st.lists(AGES, min_size=1, max_size=4), st.sampled_from([1, 7, 90]))
def test_time_decay_is_two_to_the_power_by_decimal_at_sixty_digits(
    ages: list[timedelta], half_life_days: int
) -> None:
    with decimal.localcontext(prec=60, rounding=decimal.ROUND_HALF_EVEN):
        raw = [
            int(
                (
                    2**64 * Decimal(2) ** -(Decimal(age // TICK) / (half_life_days * 86_400_000_000))
                ).to_integral_value()
            )
            for age in ages
        ]
    last_alone = [Fraction(0)] * (len(raw) - 1) + [Fraction(1)]
    expected = [Fraction(weight, sum(raw)) for weight in raw] if sum(raw) else last_alone
    assert weights.by_age(ages, half_life_days) == expected


ROWS = st.fixed_dictionaries(
    {
        "partner": st.sampled_from(PARTNERS),
        "customer": st.sampled_from(["kim", "lee"]),
        "day": st.integers(1, 28),
        "kind": st.sampled_from(["click", "code"]),
        "excluded": st.sampled_from([None, None, "bot"]),
    }
)
ORDERS = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["kim", "lee"]),
        "day": st.integers(1, 28),
        "event": st.sampled_from(["sale", "lead"]),
        "late": st.sampled_from([0, 40]),
    }
)


def written(
    rows: list[dict[str, object]], orders: list[dict[str, object]]
) -> dict[str, list[dict[str, object]]]:
    return {
        "touches": [
            {"id": f"t{n}", "at": f"2026-03-{row.pop('day'):02}T12:00:00Z", **row}
            for n, row in enumerate(rows)
        ],
        "conversions": [
            {
                "id": f"A{n}",
                "at": f"2026-03-{order['day']:02}T12:00:00Z",
                "recorded_at": (
                    datetime(2026, 3, int(str(order["day"])), 12, tzinfo=UTC)
                    + timedelta(days=int(str(order["late"])))
                ).isoformat(),
                "customer": order["customer"],
                "event": order["event"],
                "currency": "EUR",
                "net_minor": 100,
            }
            for n, order in enumerate(orders)
        ],
    }


@settings(max_examples=50)
@given(
    st.lists(ROWS, max_size=8),
    st.lists(ORDERS, max_size=5),
    POLICIES,
    st.randoms(use_true_random=False),
)
def test_a_file_shuffled_repeated_or_cut_by_customer_gives_the_same_decisions(
    rows: list[dict[str, object]],
    orders: list[dict[str, object]],
    policy: ProgramPolicy,
    chance: random.Random,
) -> None:
    facts = written(rows, orders)
    terms = Terms(
        settlement=Settlement(currency="EUR", time_zone="Europe/Berlin"), program=Program(attribution=policy)
    )

    def decided(file: dict[str, list[dict[str, object]]]) -> dict[str, Decision | None]:
        found = deciding.decide_all(facts_file.read_facts(json.dumps(file)), TermsOf(lambda _: terms))
        return {one.row.id: one.decision for one in found}

    whole = decided(facts)
    shuffled = {
        noun: chance.sample(many + many[:2], len(many) + len(many[:2])) for noun, many in facts.items()
    }
    assert decided(shuffled) == whole
    parts = [
        decided({noun: [one for one in many if one["customer"] == name] for noun, many in facts.items()})
        for name in ("kim", "lee")
    ]
    assert parts[0] | parts[1] == whole
