from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import (
    CodePolicy,
    EventWindows,
    Exclusion,
    Model,
    ProgramPolicy,
    Windows,
)
from partner_network.attribution import exclusions, rules
from partner_network.attribution.facts import (
    Binding,
    Conversion,
    Credit,
    Decision,
    Reach,
    Touch,
    own_code_touch,
)

ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
SALE = Conversion(
    id="order-1", program="shop", event="sale", at=ORDERED, recorded_at=ORDERED, new_customer=True
)
MODELS: tuple[Model, ...] = (
    "last_click",
    "last_non_direct",
    "first_click",
    "linear",
    "position_based",
    "time_decay",
)


def touch(name: str, days: float, partner: str | None = "ann", **facts: object) -> Touch:
    at = ORDERED - timedelta(days=days)
    known = {"id": name, "partner": partner, "program": "shop", "at": at, "recorded_at": at, **facts}
    return Touch(**known)  # pyright: ignore[reportArgumentType]  # a test names the facts it means


def direct(name: str, days: float) -> Touch:
    return touch(name, days, partner=None, channel="direct", evidence="cookie")


def decide(
    *touches: Touch, policy: ProgramPolicy | None = None, sale: Conversion = SALE, reach: Reach | None = None
) -> Decision:
    known = reach or Reach(windows=Windows())
    return rules.decide(sale, touches, policy or ProgramPolicy(), lambda _: known)


def credited(decision: Decision) -> dict[str, Fraction]:
    return {credit.touch: credit.weight for credit in decision.credits}


def reason(decision: Decision, touch_id: str) -> str:
    return next(candidate.reason for candidate in decision.candidates if candidate.touch == touch_id)


def verdict(decision: Decision, touch_id: str) -> str:
    return next(candidate.verdict for candidate in decision.candidates if candidate.touch == touch_id)


def test_the_last_click_takes_the_whole_conversion_and_says_why() -> None:
    decision = decide(touch("old", 20), touch("new", 2.125, partner="bob"))
    assert decision.credits == (Credit("bob", "new", ORDERED - timedelta(days=2, hours=3), Fraction(1)),)
    assert reason(decision, "new") == (
        "clicked 2 d 03 h before the sale, within the window of 30 d: the last of 2 by click_id"
    )
    assert reason(decision, "old") == "clicked 20 d 00 h before the sale; a later touch decides"
    assert [candidate.touch for candidate in decision.candidates] == ["old", "new"]


def test_a_conversion_nobody_touched_is_unattributed() -> None:
    decision = decide()
    assert not decision.is_attributed
    assert decision.candidates == ()


@pytest.mark.parametrize(
    ("before", "verdict_expected"),
    [
        (timedelta(days=30), "excluded"),
        (timedelta(days=30) - timedelta(microseconds=1), "credited"),
        (timedelta(0), "credited"),
        (-timedelta(microseconds=1), "excluded"),
    ],
)
def test_a_window_is_half_open_by_elapsed_time_and_holds_the_very_instant_of_the_order(
    before: timedelta, verdict_expected: str
) -> None:
    click = replace(touch("click", 0), at=ORDERED - before)
    assert verdict(decide(click), "click") == verdict_expected


def test_a_window_counts_seconds_across_a_clock_change() -> None:
    # Berlin's clocks jumped on 29 March 2026: by the calendar a day of these thirty had 23 hours.
    decision = decide(touch("click", 30 - 1 / 86_400))
    assert reason(decision, "click").startswith("clicked 29 d 23 h before the sale")


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=59, seconds=59), "59 min 59 s"),
        (timedelta(hours=1), "0 d 01 h"),
        (timedelta(days=1, minutes=59), "1 d 00 h"),
        (timedelta(microseconds=999_999), "0 min 00 s"),
    ],
)
def test_elapsed_time_is_said_in_days_and_hours_or_below_an_hour_in_minutes(
    span: timedelta, said: str
) -> None:
    assert exclusions.spoken(span) == said


def test_a_touch_out_of_its_window_says_both_numbers() -> None:
    assert reason(decide(touch("click", 31 + 2 / 24)), "click") == (
        "clicked 31 d 02 h before the sale; the window is 30 d"
    )


def test_each_kind_and_event_has_its_own_window() -> None:
    reach = Reach(windows=Windows(click_days=30, view_days=1, events=EventWindows(lead=5)))
    lead = replace(SALE, event="lead")
    viewed, seen_long_ago = touch("v", 0.5, kind="view"), touch("w", 1, kind="view")
    assert verdict(decide(viewed, reach=reach), "v") == "credited"
    assert verdict(decide(seen_long_ago, reach=reach), "w") == "excluded"
    assert verdict(decide(touch("c", 5), reach=reach, sale=lead), "c") == "excluded"
    assert verdict(decide(touch("c", 5), reach=reach), "c") == "credited"
    assert reason(decide(viewed), "v") == "views do not count under these terms"
    assert reason(decide(seen_long_ago, reach=reach), "w") == (
        "viewed 1 d 00 h before the sale; the window is 1 d"
    )


@pytest.mark.parametrize(
    ("fact", "exclusion"),
    [
        ({"excluded": "bot"}, "bot"),
        ({"excluded": "prefetch"}, "prefetch"),
        ({"consent": False}, "no_consent"),
        ({"excluded": "self_referral"}, "self_referral"),
        ({"excluded": "stand_down"}, "stand_down"),
        ({"excluded": "test_mode"}, "test_mode"),
    ],
)
def test_an_exclusion_holds_exactly_where_the_program_names_it(
    fact: dict[str, object], exclusion: Exclusion
) -> None:
    click = touch("click", 1, **fact)  # pyright: ignore[reportArgumentType]  # the table names the facts
    assert verdict(decide(click), "click") == "excluded"
    others = tuple(name for name in ProgramPolicy().exclusions if name != exclusion)
    assert verdict(decide(click, policy=replace(ProgramPolicy(), exclusions=others)), "click") == "credited"


def test_a_reason_in_words_always_excludes() -> None:
    decision = decide(
        touch("click", 1, excluded="the partnership was paused"), policy=ProgramPolicy(exclusions=())
    )
    assert verdict(decision, "click") == "excluded"
    assert reason(decision, "click") == "the partnership was paused"


def test_touches_of_another_program_are_shown_and_excluded() -> None:
    assert reason(decide(touch("click", 1, program="other")), "click") == "it belongs to another program"


def test_an_existing_customer_earns_nothing_where_only_new_ones_count() -> None:
    policy = ProgramPolicy(customers="new_only")
    assert credited(decide(touch("click", 1), policy=policy))
    existing = replace(SALE, new_customer=False)
    assert not credited(decide(touch("click", 1), policy=policy, sale=existing))


def test_evidence_the_program_does_not_list_is_refused() -> None:
    policy = ProgramPolicy(evidence=("click_id",))
    assert reason(decide(touch("click", 1, evidence="cookie"), policy=policy), "click") == (
        "the program does not accept cookie as evidence"
    )


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (Reach(windows=Windows(), active_from=ORDERED - timedelta(hours=1)), "excluded"),
        (Reach(windows=Windows(), active_from=ORDERED - timedelta(days=1)), "credited"),
        (Reach(windows=Windows(), ended_at=ORDERED - timedelta(days=1)), "excluded"),
        (Reach(windows=Windows(run_off_days=1), ended_at=ORDERED - timedelta(hours=23)), "credited"),
        (Reach(windows=Windows(run_off_days=0), ended_at=ORDERED - timedelta(hours=23)), "excluded"),
        (Reach(windows=Windows(run_off_days=0), ended_at=ORDERED), "excluded"),
        (Reach(windows=Windows(run_off_days=0), ended_at=ORDERED + timedelta(seconds=1)), "credited"),
    ],
)
def test_an_agreement_reaches_from_its_start_to_its_run_off(reach: Reach, expected: str) -> None:
    assert verdict(decide(touch("click", 1), reach=reach), "click") == expected


def test_a_partner_without_agreement_gets_nothing() -> None:
    decision = rules.decide(SALE, [touch("click", 1)], ProgramPolicy(), lambda _: None)
    assert reason(decision, "click") == "the partner had no agreement"


def test_a_touch_recorded_after_the_lock_date_changes_nothing_and_says_so() -> None:
    locked = ORDERED + timedelta(days=32)
    late = touch("late", 1, recorded_at=locked)
    in_time = touch("in-time", 2, recorded_at=locked - timedelta(seconds=1))
    decision = decide(late, in_time, reach=Reach(windows=Windows(), locked_at=locked))
    assert list(credited(decision)) == ["in-time"]
    assert "the lock date was 2026-05-01" in reason(decision, "late")


def test_what_was_known_when_a_late_conversion_came_in_still_counts() -> None:
    locked = ORDERED + timedelta(days=32)
    sale = replace(SALE, recorded_at=locked + timedelta(days=3))
    click = touch("click", 1, recorded_at=locked + timedelta(days=3))
    reach = Reach(windows=Windows(), locked_at=locked)
    assert credited(decide(click, sale=sale, reach=reach))
    assert not credited(
        decide(replace(click, recorded_at=locked + timedelta(days=4)), sale=sale, reach=reach)
    )


@pytest.mark.parametrize(("model", "winner"), [("last_click", "late"), ("first_click", "early")])
def test_the_strongest_evidence_is_taken_before_time(model: Model, winner: str) -> None:
    touches = [
        touch("early", 9),
        touch("late", 5),
        touch("cookie", 1, evidence="cookie"),
        touch("z", 12, evidence="cookie"),
    ]
    decision = decide(*touches, policy=ProgramPolicy(model=model))
    assert credited(decision) == {winner: Fraction(1)}
    assert reason(decision, "cookie") == "cookie is weaker evidence than click_id, which decides"


def test_a_conversions_own_click_id_is_evidence_of_a_click_however_it_was_recorded() -> None:
    own, other = touch("own", 5, evidence="cookie"), touch("other", 1, evidence="cookie")
    assert list(credited(decide(own, other))) == ["other"]
    assert list(credited(decide(own, other, sale=replace(SALE, click_id="own")))) == ["own"]


@pytest.mark.parametrize(
    ("code_policy", "beside_another", "alone", "beside_its_own"),
    [
        ("always", {"code"}, {"code"}, {"code"}),
        ("tie_only", {"click"}, {"code"}, {"own"}),
        ("click_required", {"click"}, set[str](), {"code"}),
        ("never", {"click"}, set[str](), {"own"}),
    ],
)
def test_a_code_counts_as_the_program_says(
    code_policy: CodePolicy, beside_another: set[str], alone: set[str], beside_its_own: set[str]
) -> None:
    policy = ProgramPolicy(code_policy=code_policy, evidence=("code", "click_id"))
    code = touch("code", 0, partner="cat", kind="code", evidence="code")
    click, own = touch("click", 1), touch("own", 2, partner="cat")
    assert set(credited(decide(code, click, policy=policy))) == beside_another
    assert set(credited(decide(code, policy=policy))) == alone
    assert set(credited(decide(code, own, policy=policy))) == beside_its_own


def test_a_conversions_own_code_is_a_touch_at_its_instant() -> None:
    code = own_code_touch(SALE, "cat")
    decision = decide(code, policy=ProgramPolicy(code_policy="always"))
    assert decision.credits == (Credit("cat", "code:order-1", ORDERED, Fraction(1)),)


def test_a_later_direct_visit_leaves_a_last_click_sale_unattributed() -> None:
    decision = decide(touch("click", 5), direct("visit", 1))
    assert not decision.is_attributed
    assert reason(decision, "click") == "a direct visit came 4 d 00 h later, so nobody is credited"
    assert verdict(decision, "visit") == "not_credited"


@pytest.mark.parametrize("days", [6, 40])
def test_a_direct_visit_before_the_winning_click_changes_nothing(days: int) -> None:
    assert list(credited(decide(touch("click", 5), direct("visit", days)))) == ["click"]


def test_a_direct_visit_counts_only_within_click_days() -> None:
    windows = Windows(click_days=3, events=EventWindows(sale=30))
    for days, winner in [(3.0, ["click"]), (2.9, [])]:
        decision = decide(touch("click", 5), direct("visit", days), reach=Reach(windows=windows))
        assert list(credited(decision)) == winner


@pytest.mark.parametrize("model", [model for model in MODELS if model != "last_click"])
def test_in_every_other_model_a_direct_visit_is_no_partner(model: Model) -> None:
    decision = decide(touch("click", 5), direct("visit", 1), policy=ProgramPolicy(model=model))
    assert list(credited(decision)) == ["click"]
    assert (verdict(decision, "visit"), reason(decision, "visit")) == (
        "excluded",
        "a direct visit has no partner",
    )


FOUR = [touch("a", 15), touch("b", 14), touch("c", 7), touch("d", 0, partner="bob")]


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        ("linear", {"a": "1/4", "b": "1/4", "c": "1/4", "d": "1/4"}),
        ("position_based", {"a": "2/5", "b": "1/10", "c": "1/10", "d": "2/5"}),
        ("first_click", {"a": "1"}),
        ("last_non_direct", {"d": "1"}),
    ],
)
def test_each_model_shares_by_its_exact_weights(model: Model, weights: dict[str, str]) -> None:
    decision = decide(*FOUR, policy=ProgramPolicy(model=model))
    assert credited(decision) == {name: Fraction(weight) for name, weight in weights.items()}


def test_time_decay_halves_with_every_half_life() -> None:
    decision = decide(*FOUR[1:], policy=ProgramPolicy(model="time_decay"))
    assert credited(decision) == {"b": Fraction(1, 7), "c": Fraction(2, 7), "d": Fraction(4, 7)}


def test_time_decay_between_half_lives_is_an_exact_fraction_over_one_sum() -> None:
    decision = decide(touch("a", 1), touch("b", 0), policy=ProgramPolicy(model="time_decay"))
    # round_half_even(2^64 * 2^(-1/7)) = 16707652636178718992.24..., computed to 40 digits by hand
    expected = Fraction(round(Fraction(2**64) * _seventh_root_of_a_half()))
    assert credited(decision)["a"] == expected / (expected + 2**64)


def _seventh_root_of_a_half() -> Fraction:
    low, high = Fraction(0), Fraction(1)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle**7 * 2 < 1 else (low, middle)
    return low


def test_touches_too_old_for_any_weight_leave_all_to_the_last() -> None:
    policy = ProgramPolicy(model="time_decay", half_life_days=1)
    decision = decide(
        touch("a", 90), touch("b", 80), policy=policy, reach=Reach(windows=Windows(click_days=365))
    )
    assert credited(decision) == {"b": Fraction(1)}
    assert verdict(decision, "a") == "not_credited"


@pytest.mark.parametrize(("count", "weights"), [(1, ["1"]), (2, ["1/2", "1/2"]), (3, ["2/5", "1/5", "2/5"])])
def test_position_based_gives_two_touches_half_each(count: int, weights: list[str]) -> None:
    decision = decide(*FOUR[:count], policy=ProgramPolicy(model="position_based"))
    assert list(credited(decision).values()) == [Fraction(weight) for weight in weights]


def test_touches_of_one_instant_are_ordered_by_when_they_were_recorded_and_then_by_id() -> None:
    later = ORDERED - timedelta(hours=1)
    same = [touch("b", 1, recorded_at=later), touch("c", 1), touch("a", 1, recorded_at=later)]
    assert list(credited(decide(*same))) == ["b"]
    assert list(credited(decide(*same, policy=ProgramPolicy(model="first_click")))) == ["c"]


def test_a_bound_customer_keeps_the_credits_of_the_first_sale_until_the_months_are_over() -> None:
    first = ORDERED - timedelta(days=40)
    kept = (Credit("ann", "first-click", first, Fraction(1)),)
    binding = Binding("order-0", first, ORDERED + timedelta(seconds=1), kept)
    sale = replace(SALE, binding=binding)
    policy = ProgramPolicy(binding_months=2)
    decision = decide(touch("click", 1, partner="bob"), policy=policy, sale=sale)
    assert (decision.credits, decision.bound_to) == (kept, "order-0")
    assert "order-0 binds this customer" in reason(decision, "click")
    over = replace(sale, binding=Binding("order-0", first, ORDERED, kept))
    assert list(credited(decide(touch("click", 1, partner="bob"), policy=policy, sale=over))) == ["click"]
    assert decide(touch("click", 1), sale=sale).bound_to is None
