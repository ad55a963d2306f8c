"""PostgreSQL's own pg_dump and pg_restore: which of them fits, and how they reach a database."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from partner_network.database import server_home
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.operations.backup.archive import Readable

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_DEBIAN = Path("/usr/lib/postgresql")
_LAST_WORDS = 2_000
_PIECE = 1 << 20
_NOT_UNDERSTOOD = b"SET transaction_timeout = 0;\n"
FIRST_TO_UNDERSTAND = 17
PER_MAJOR = 10_000  # in server_version_num


class Program(msgspec.Struct, frozen=True):
    """One program and its major version."""

    path: Path
    major: int


def fitting(name: str, *, at_least: int) -> Program:
    """Return the oldest program that is new enough; a much newer one may speak of what the server lacks."""
    found = sorted(_all(name), key=lambda program: program.major)
    fits = [program for program in found if program.major >= at_least]
    if not fits:
        has = f"the newest here is {found[-1].major}" if found else "there is none here"
        raise NotFoundError(
            f"This takes a {name} of PostgreSQL {at_least} or later, and {has}: install "
            f"postgresql-client-{at_least} and see that {name} is on the PATH."
        )
    return fits[0]


def _all(name: str) -> Iterator[Program]:
    places = [server_home.programs() / "bin" / name, *_DEBIAN.glob(f"*/bin/{name}")]
    if on_path := shutil.which(name):
        places.append(Path(on_path))
    for path in places:
        if path.exists():
            said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True)  # noqa: S603 -- a program of PostgreSQL
            if version := _VERSION.search(said.stdout):
                yield Program(path, int(version[1]))


def without_password(url: str) -> tuple[str, Mapping[str, str]]:
    """Part a URL from its password, since everybody on a machine sees the arguments of a program."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{host}"
    return urlunsplit(parts._replace(netloc=netloc)), {"PGPASSWORD": unquote(parts.password)}


@contextmanager
def writing(program: Program, arguments: Sequence[str], url: str) -> Generator[IO[bytes]]:
    """Run a program and read what it writes. Errors: ConflictError with its last words when it fails."""
    process = _started(program, arguments, url, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    with process, _listening(process) as said:
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
    _must_be_done(program, process, said)


def feed(program: Program, arguments: Sequence[str], url: str, content: Readable) -> None:
    """Run a program on some content. Errors: ConflictError with its last words when it fails."""
    process = _started(program, arguments, url, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    with process, _listening(process) as said:
        assert process.stdin is not None  # noqa: S101 - asked for above
        try:
            _copy(content, process.stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended early and says why
        except BaseException:
            process.kill()
            raise
    _must_be_done(program, process, said)


def feed_as_script(program: Program, arguments: Sequence[str], url: str, content: Readable) -> None:
    """Restore into an older server, which lacks a setting that newer programs begin with.

    A dump can be read by no older program than wrote it, so pg_restore writes SQL and psql runs it, all or
    nothing. Errors: ConflictError with the last words of the one that fails.
    """
    psql = Program(program.path.with_name("psql"), program.major)
    words = ["--set=ON_ERROR_STOP=1", "--no-psqlrc", "--quiet", "--no-password"]
    with tempfile.TemporaryFile() as dump:  # a pipe at each end of pg_restore would take two hands
        _copy(content, dump)
        dump.seek(0)
        argv = [program.path, *arguments, "--file=-"]
        writing = subprocess.Popen(argv, stdin=dump, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 -- a program of PostgreSQL and our own words
        with writing, _listening(writing) as said:
            try:
                feed(psql, words, url, Script(writing))
            except BaseException:
                writing.kill()
                raise
    _must_be_done(program, writing, said)


class Script:
    """What pg_restore writes, as one transaction, without what servers before PostgreSQL 17 do not know.

    It is committed only when pg_restore has come to its end: psql takes a script that was cut off for whole.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._pieces = self._all()

    def read(self, size: int, /) -> bytes:
        """Return the next piece, whatever its size."""
        del size
        return next(self._pieces, b"")

    def _all(self) -> Iterator[bytes]:
        script = self._process.stdout
        assert script is not None  # noqa: S101 - asked for where it was started
        yield b"BEGIN;\n"
        for line in script:
            if line != _NOT_UNDERSTOOD:
                yield line
            if line.startswith(b"CREATE "):
                break  # behind the settings there are rows, and a row may hold any text
        while piece := script.read(_PIECE):
            yield piece
        if self._process.wait() == 0:
            yield b"COMMIT;\n"


def _copy(content: Readable, to: IO[bytes]) -> None:
    while piece := content.read(_PIECE):
        to.write(piece)


def _started(
    program: Program, arguments: Sequence[str], url: str, *, stdin: int, stdout: int
) -> "subprocess.Popen[bytes]":
    address, secret = without_password(url)
    environment = {name: value for name, value in os.environ.items() if name != "PGOPTIONS"}
    return subprocess.Popen(  # noqa: S603 -- a program of PostgreSQL and our own words
        [program.path, *arguments, f"--dbname={address}"],
        env=environment | dict(secret),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@contextmanager
def _listening(process: "subprocess.Popen[bytes]") -> Generator[list[bytes]]:
    # A program that complains at length would wait for its reader for ever.
    said: list[bytes] = []

    def listen() -> None:
        assert process.stderr is not None  # noqa: S101 - asked for in _started
        said.extend(process.stderr)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield said
    finally:
        thread.join()


def _must_be_done(program: Program, process: "subprocess.Popen[bytes]", said: Sequence[bytes]) -> None:
    if process.returncode != 0:
        words = b"".join(said).decode(errors="replace").strip()[-_LAST_WORDS:]
        raise ConflictError(f"{program.path.name} ended with {process.returncode}: {words}")
