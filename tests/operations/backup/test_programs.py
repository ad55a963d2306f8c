import subprocess
import sys

import pytest

from partner_network.kernel.errors import NotFoundError
from partner_network.operations.backup import programs


def test_a_program_that_is_too_old_is_not_used() -> None:
    with pytest.raises(NotFoundError, match="takes a pg_dump of PostgreSQL 99 or later, and the newest here"):
        programs.fitting("pg_dump", at_least=99)
    with pytest.raises(NotFoundError, match="there is none here"):
        programs.fitting("no_such_program", at_least=15)


def test_a_password_is_no_argument_of_a_program() -> None:
    address, secret = programs.without_password("postgresql://owner:p%40ss@db:5432/network?sslmode=require")
    assert address == "postgresql://owner@db:5432/network?sslmode=require"
    assert secret == {"PGPASSWORD": "p@ss"}
    for plain in ("postgresql://owner@/network?host=/run/pg", "postgresql:///network"):
        assert programs.without_password(plain) == (plain, {})


@pytest.mark.parametrize(("code", "end"), [(0, b"COMMIT;\n"), (1, b"")])
def test_a_script_says_nothing_that_an_older_server_lacks_and_commits_only_when_it_is_whole(
    code: int, end: bytes
) -> None:
    head = "SET lock_timeout = 0;\nSET transaction_timeout = 0;\n\nCREATE TABLE t ();\n"
    row = "COPY t FROM stdin;\nSET transaction_timeout = 0;\n"
    argv = [sys.executable, "-c", f"print({head + row!r}, end=''); raise SystemExit({code})"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:  # noqa: S603 -- our own words
        script = programs.Script(process)
        said = b"".join(iter(lambda: script.read(10), b""))
    assert said == b"BEGIN;\nSET lock_timeout = 0;\n\nCREATE TABLE t ();\n" + row.encode() + end
