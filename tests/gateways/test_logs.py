import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from partner_network.gateways import logs

TOKEN = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged while a test runs; the process logs as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(to=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_is_json_with_time_and_level_whoever_writes_it(written: io.StringIO) -> None:
    structlog.get_logger().info("job done", job="attribution.decide")
    logging.getLogger("some.library").warning("the %s is slow", "disk")

    ours, theirs = lines(written)

    assert (ours["event"], ours["job"], ours["level"]) == ("job done", "attribution.decide", "info")
    assert (theirs["event"], theirs["logger"]) == ("the disk is slow", "some.library")
    assert theirs["level"] == "warning"
    assert ours["timestamp"].endswith("Z")


def test_all_lines_of_one_request_share_its_id(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-12345678"):
        structlog.get_logger().info("one")
        logging.getLogger("some.library").error("two")

    assert [line["request_id"] for line in lines(written)] == ["r-12345678", "r-12345678"]


@pytest.mark.parametrize(
    "secret",
    [
        "pnk_live_abc-DEF_123",
        "sk_test_51H8abc",
        "whsec_0123abcd",
        "Authorization: Bearer eyJhbGciOi",
        "postgresql://owner:pa55w0rd@db/x",
        f"/invitations/{TOKEN}",
        "Key (email)=(ada@shop.example) already exists.",
    ],
)
def test_no_secret_and_no_address_of_a_person_reaches_a_line(written: io.StringIO, secret: str) -> None:
    structlog.get_logger().error("failed", error=secret, seen=[{"inner": secret}])
    logging.getLogger("some.library").error("failed: %s", secret)

    told = written.getvalue()

    assert told.count('"event"') == 2
    for kept in ("abc", "0123abcd", "eyJ", "pa55w0rd", TOKEN, "ada@"):
        assert kept not in told


def test_what_is_named_like_a_secret_is_hidden_whatever_it_holds(written: io.StringIO) -> None:
    structlog.get_logger().info("seen", password="hunter2", csrf_token="short", cookie="a=b", member="m")

    (line,) = lines(written)

    assert [line[name] for name in ("password", "csrf_token", "cookie")] == ["[hidden]"] * 3
    assert line["member"] == "m"


def test_a_traceback_holds_no_local_values(written: io.StringIO) -> None:
    def fail() -> None:
        password = "correct-horse"
        raise ValueError(len(password))

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")

    (line,) = lines(written)
    assert "ValueError: 13" in line["exception"]
    assert "in fail" in line["exception"]
    assert "correct-horse" not in line["exception"].replace('password = "correct-horse"', "")
