"""The touches before an order as places on a drawing."""

from datetime import UTC, datetime, timedelta

from partner_network.agreements.terms import ProgramPolicy, Windows
from partner_network.attribution import receipt
from partner_network.attribution.facts import Binding, Conversion, Reach, Touch
from partner_network.attribution.receipt import Facts
from partner_network.receipts.rules import drawing, seen
from partner_network.receipts.rules.drawing import Drawing
from partner_network.receipts.rules.seen import Revision

ORDERED = datetime(2026, 3, 30, 12, tzinfo=UTC)
SALT = bytes(32)


def touch(name: str, partner: str | None, before: timedelta) -> Touch:
    at = ORDERED - before
    channel = "direct" if partner is None else "partner"
    return Touch(id=name, partner=partner, program="boots", at=at, recorded_at=at, channel=channel)


def revision(
    *touches: Touch, model: str = "last_non_direct", click_days: int = 30, binding: Binding | None = None
) -> Revision:
    facts = Facts(
        conversion=Conversion(
            id="1", program="boots", event="sale", at=ORDERED, recorded_at=ORDERED, binding=binding
        ),
        customer="c0ffee",
        currency="EUR",
        net_minor=100,
        policy=ProgramPolicy(model=model, binding_months=12 if binding else 0),  # pyright: ignore[reportArgumentType] - one of the models
        policy_version=1,
        reaches={
            one.partner: Reach(windows=Windows(click_days=click_days))
            for one in touches
            if one.partner is not None
        },
        touches=tuple(sorted(touches, key=lambda one: (one.at, one.recorded_at, one.id))),
    )
    decision = receipt.decide_again(facts)
    root = receipt.root_of(facts, decision, SALT)
    return Revision(1, ORDERED, facts, receipt.encode(facts), decision, SALT, root)


def drawn(*touches: Touch, viewer: str | None = None, **more: int) -> Drawing:
    made = drawing.drawn(seen.seen_by(revision(*touches), viewer), **more)
    assert made is not None
    return made


def days(count: float) -> timedelta:
    return timedelta(days=count)


def test_a_touch_stands_where_its_time_is_between_the_first_instant_and_the_order() -> None:
    made = drawn(touch("a", "blog", days(15)), touch("b", "blog", days(0)))
    assert (made.starts_at, made.ends_at) == (ORDERED - days(30), ORDERED)
    assert [mark.x for mark in made.marks] == ["50.00%", "97.00%"]
    assert made.order_x == "97.00%"


def test_a_window_is_a_band_that_ends_at_the_order() -> None:
    made = drawn(touch("a", "blog", days(60)))
    (lane,) = made.lanes
    assert (lane.band_x, lane.band_width, lane.window_days) == ("50.00%", "47.00%", 30)


def test_each_partner_has_a_line_the_credited_one_first_and_direct_visits_last() -> None:
    made = drawn(touch("a", "zine", days(1)), touch("b", "blog", days(2)), touch("c", None, days(0.5)))
    assert [lane.partner for lane in made.lanes] == ["zine", "blog", None]
    assert {mark.candidate.touch.id: mark.y for mark in made.marks} == {"b": 85, "a": 39, "c": 131}


def test_a_partner_sees_no_line_no_mark_and_no_span_of_another() -> None:
    mine = touch("b", "blog", days(2))
    alone = drawn(mine)
    among = drawn(touch("a", "zine", days(50)), mine, touch("d", "shop", days(1)), viewer="blog")
    assert [lane.partner for lane in among.lanes] == ["blog"]
    assert (among.starts_at, among.ends_at, among.height) == (alone.starts_at, alone.ends_at, alone.height)
    assert [mark.x for mark in among.marks] == [mark.x for mark in alone.marks]


def test_ten_thousand_touches_are_drawn_as_what_is_credited_and_the_latest() -> None:
    many = [touch(f"{n:05}", "blog", timedelta(minutes=n)) for n in range(10_000)]
    seen_first = seen.seen_by(revision(*many, model="first_click", click_days=30), None)
    made = drawing.drawn(seen_first)
    assert made is not None
    assert len(made.marks) == drawing.MARKS_MAX
    assert made.left_out == 10_000 - drawing.MARKS_MAX
    # credited is the oldest of all, and it is there
    assert made.marks[0].candidate.touch.id == "09999"
    assert made.marks[0].candidate.verdict == "credited"


def test_many_partners_share_no_more_lines_than_there_are() -> None:
    made = drawn(*(touch(f"{n}", f"partner-{n:02}", days(n + 1)) for n in range(20)))
    assert len(made.lanes) == drawing.LANES_MAX
    assert len(made.marks) + made.left_out == 20


def test_a_touch_at_the_instant_of_the_order_alone_can_be_drawn() -> None:
    made = drawn(touch("c", None, days(0)))
    assert made.marks[0].x == "97.00%"


def test_nothing_is_drawn_where_nothing_was_looked_at() -> None:
    assert drawing.drawn(seen.seen_by(revision(), None)) is None
