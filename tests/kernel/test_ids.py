from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.kernel import errors, ids

NOW = datetime(2026, 11, 21, 12, 30, 15, 123_000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7_that_remembers_its_millisecond() -> None:
    made = ids.new_id(NOW + timedelta(microseconds=999))
    assert made.version == 7
    assert made.variant == uuid4().variant
    assert ids.at_of(made) == NOW


def test_ids_of_one_millisecond_ascend_in_the_order_they_were_made() -> None:
    made = [ids.new_id(NOW) for _ in range(1_000)]
    assert made == sorted(set(made))


def test_a_later_millisecond_gives_a_greater_id() -> None:
    assert ids.new_id(NOW) < ids.new_id(NOW + timedelta(milliseconds=1))


def test_an_instant_without_zone_makes_no_id() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ids.new_id(NOW.replace(tzinfo=None))


def test_only_a_uuid_of_version_7_tells_its_time() -> None:
    with pytest.raises(ValueError, match="not a UUIDv7"):
        ids.at_of(uuid4())


@given(st.uuids())
def test_what_is_shown_is_read_back(uuid: UUID) -> None:
    text = ids.shown("clk", uuid)
    assert len(text) == 30
    assert ids.parse("clk", text) == uuid


@given(st.uuids(), st.uuids())
def test_shown_ids_sort_as_the_ids_do(one: UUID, other: UUID) -> None:
    assert (one < other) == (ids.shown("stm", one) < ids.shown("stm", other))


@pytest.mark.parametrize(
    "text", ["", "clk", "clk_", "clk_0", "lnk_" + "0" * 26, "clk_" + "O" * 26, "clk_" + "z" * 26, "0" * 26]
)
def test_a_text_that_was_never_shown_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidError, match="is not the id of a click"):
        ids.parse("clk", text)


def test_a_prefix_outside_the_table_shows_nothing() -> None:
    with pytest.raises(ValueError, match="nothing is shown"):
        ids.shown("xyz", uuid4())  # pyright: ignore[reportArgumentType]  # a caller without types
