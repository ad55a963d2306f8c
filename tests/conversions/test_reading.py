"""A batch is read whole or refused with every field at fault."""

import json

import pytest

from partner_network.conversions.rules import reading
from partner_network.conversions.rules.reports import ReportedConversion, content_hash, mistakes_in
from partner_network.kernel.errors import ConflictError, InvalidError
from tests.conversions.cast import batch, on, order


def read(*orders: object) -> list[ReportedConversion]:
    return reading.read_batch(batch("conversions", orders), "conversions", ReportedConversion)


def fields_refused(body: bytes) -> dict[str, str]:
    with pytest.raises(InvalidError) as refusal:
        reading.read_batch(body, "conversions", ReportedConversion)
    return dict(refusal.value.fields)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("net_minor", -1),
        ("net_minor", 10.5),
        ("net_minor", 10.0),
        ("net_minor", "10"),
        ("net_minor", True),
        ("net_minor", 10**30),
        ("order_id", ""),
        ("order_id", "x" * 201),
        ("order_id", "a\x00b"),
        ("order_id", "line\n"),
        ("order_id", 17),
        ("customer_id", ""),
        ("event", "purchase"),
        ("occurred_at", "2026-03-01"),
        ("occurred_at", "2026-03-01T10:00:00"),
        ("occurred_at", 1_772_000_000),
        ("occurred_at", None),
        ("currency", None),
        ("lines", {}),
        ("programme", "x"),
    ],
)
def test_a_field_that_cannot_be_right_is_named_with_its_place_in_the_batch(field: str, value: object) -> None:
    good = order(1, on(1))
    refused = fields_refused(batch("conversions", [good, good, good, good | {field: value}]))
    assert list(refused) == [f"conversions[3].{field}"]
    assert "`" not in refused[f"conversions[3].{field}"]


@pytest.mark.parametrize(
    "field", ["order_id", "event", "customer_id", "occurred_at", "currency", "net_minor"]
)
def test_a_missing_field_is_named(field: str) -> None:
    sent = order(1, on(1))
    del sent[field]
    assert fields_refused(batch("conversions", [sent]))[f"conversions[0].{field}"].startswith(
        "This is missing."
    )


def test_every_order_at_fault_is_named_at_once() -> None:
    orders = [order(1, on(1), net_minor=-1), order(2, on(1)), order(3, on(1), event="x")]
    assert set(fields_refused(batch("conversions", orders))) == {
        "conversions[0].net_minor",
        "conversions[2].event",
    }


def test_a_line_at_fault_is_named_within_its_order() -> None:
    lines = [{"id": "1", "net_minor": 5_000}, {"id": "2", "net_minor": -1}]
    refused = fields_refused(batch("conversions", [order(1, on(1), lines=lines)]))
    assert list(refused) == ["conversions[0].lines[1].net_minor"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"conversions": [',
        b'{"orders": []}',
        b'{"conversions": []}',
        b'{"conversions": {}}',
        b'{"conversions": [1], "more": 1}',
        b'{"conversions": [{"order_id": "\xff"}]}',
        b'{"conversions": [{"order_id": "\\ud800"}]}',
        b'{"conversions": ' + b"[" * 100_000,
        batch("conversions", [1] * 1_001),
    ],
)
def test_what_is_no_batch_is_refused_with_what_to_send(body: bytes) -> None:
    assert fields_refused(body)


def test_the_same_content_has_one_hash_whatever_the_offset_and_the_defaults_written_out() -> None:
    plain = order(1, on(1))
    spoken = plain | {"occurred_at": "2026-03-01T07:00:00-05:00", "lines": [], "click_id": None}
    first, second = read(plain, spoken)
    assert content_hash(first) == content_hash(second)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_id", "bob"),
        ("occurred_at", on(2).isoformat()),
        ("currency", "EUR"),
        ("net_minor", 1),
        ("program", "other"),
        ("click_id", "clk_" + "0" * 26),
        ("lines", [{"id": "1", "net_minor": 5_000}]),
    ],
)
def test_other_content_has_another_hash(field: str, value: object) -> None:
    plain = order(1, on(1))
    first, second = read(plain, plain | {field: value})
    assert content_hash(first) != content_hash(second)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "XXX"}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"occurred_at": "2026-03-31T12:00:00.000001Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+23:59"}, "occurred_at"),
        ({"click_id": "clk_1"}, "click_id"),
        ({"click_id": "lnk_" + "0" * 26}, "click_id"),
        ({"lines": [{"id": "1", "net_minor": 4_999}]}, "lines"),
        ({"lines": [{"id": "1", "net_minor": 2_500}] * 2}, "lines[1].id"),
    ],
)
def test_what_no_schema_can_say_is_refused_by_field(change: dict[str, object], field: str) -> None:
    (report,) = read(order(1, on(1)) | change)
    assert [name for name, _ in mistakes_in(report, on(31))] == [field]


def test_nothing_and_the_very_present_are_allowed() -> None:
    (report,) = read(order(1, on(31), net_minor=0))
    assert list(mistakes_in(report, on(31))) == []


def test_one_order_id_with_two_contents_in_a_batch_is_a_conflict_and_with_one_content_is_one_order() -> None:
    once, again, other = read(order(1, on(1)), order(1, on(1)), order(1, on(1), net_minor=1))

    def keyed(*reports: ReportedConversion) -> list[tuple[str, object, ReportedConversion]]:
        return [("order_id", report.order_id, report) for report in reports]

    assert len(reading.repeats_in("conversions", keyed(once, again))) == 1
    with pytest.raises(ConflictError) as refusal:
        reading.repeats_in("conversions", keyed(once, again, other))
    assert list(refusal.value.fields) == ["conversions[2].order_id"]


def test_a_refusal_lists_at_most_a_hundred_fields() -> None:
    body = json.dumps({"conversions": [{}] * 1_000}).encode()
    assert len(fields_refused(body)) == 100
