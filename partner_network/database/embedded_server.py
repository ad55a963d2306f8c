"""Run a real PostgreSQL out of a folder, with no set-up: one owner starts it and it dies with its owner."""

import contextlib
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from partner_network.database import server_home
from partner_network.database.server_home import ServerHome

OWNER, WEB, REDIRECT, WORKER = (f"partner_network_{name}" for name in ("owner", "web", "redirect", "worker"))
ROLES = (OWNER, WEB, REDIRECT, WORKER)
DATABASE = "partner_network"

# Run once in single-user mode: the superuser never opens a connection, no line of pg_hba.conf lets it in.
_BOOTSTRAP = f"""\
CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {WEB} LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {REDIRECT} LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {WORKER} LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE {DATABASE} OWNER {OWNER};
"""

# Modest figures for a laptop that has other things to do; no network, no replication.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "huge_pages": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # no PG* variable of the caller reaches it

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PORT = 5432  # names the socket file only
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
_SOCKET_PATH_MAX_BYTES = 103  # Linux takes 107, macOS 103
_STEP_SECONDS = 0.01
_WAIT_STEPS = 6_000  # recovery after a kill may replay a gigabyte
_ORPHAN_STEPS = 3_000 if _LIBC else 50  # Linux ends the server of a dead owner, elsewhere we must
_STOP_SECONDS = 20
_PR_SET_PDEATHSIG = 1


def die_with(owner: int, number: signal.Signals) -> Callable[[], None]:
    """Return what a child does before its program: ask Linux for a signal when the owner dies."""

    def ask() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, number)
            if os.getppid() != owner:  # it died before we asked
                os._exit(1)

    return ask


class EmbeddedServer:
    """A PostgreSQL server that lives in one folder and is reached by a socket there, never over a network."""

    def __init__(
        self,
        socket_folder: Path,
        process: subprocess.Popen[bytes] | None = None,
        lock: IO[bytes] | None = None,
    ) -> None:
        self._socket_folder = socket_folder
        self._process = process
        self._lock = lock

    @classmethod
    def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start the server of a folder, made at the first start; `durable=False` is faster, for tests."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "Start the server from the main thread: it dies with the thread that started it."
            )
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        lock = _lock_ownership(folder)
        try:
            home = server_home.find_home(folder, durable=durable)
            with _lock_cluster(home) as running:
                cluster = _cluster(home, durable=durable)
                _write_access_rules(cluster)
                socket_folder = _make_socket_folder(folder, home)
                process = _launch(home, cluster, socket_folder, running, durable=durable)
            _wait_until_ready(process, cluster, home.path / "log")
        except BaseException:
            lock.close()
            raise
        return cls(socket_folder, process, lock)

    @classmethod
    def attach(cls, folder: Path) -> Self:
        """Find the server that another process of ours runs in a folder; only that process can stop it."""
        socket_folder = (folder / "socket").resolve()
        if not _answers(socket_folder):
            raise FileNotFoundError(f"No server runs in {folder}: start it there first.")
        return cls(socket_folder)

    @property
    def process_id(self) -> int | None:
        """Return the process to watch; none when another process owns the server."""
        return None if self._process is None else self._process.pid

    def url(self, role: str, database: str) -> str:
        """Return the address by which a role reaches a database."""
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(str(self._socket_folder))}&port={_PORT}"

    def stop(self) -> None:
        """Stop the server cleanly: open connections are cut, committed work is on disk."""
        if self._process is None or self._lock is None:
            return
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, after which it replays its log.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
                break
        shutil.rmtree(self._socket_folder, ignore_errors=True)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _lock_ownership(folder: Path) -> IO[bytes]:
    lock = _open_lock(folder / "owner.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise RuntimeError(
            f"Another process runs the server in {folder}: attach to it, or stop it first."
        ) from None
    return lock


def _lock_cluster(home: ServerHome) -> IO[bytes]:
    """Lock the cluster; the server inherits the lock, so it is free only when all its processes ended."""
    lock = _open_lock(home.path / server_home.LOCK)
    for step in range(_WAIT_STEPS):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        if step == _ORPHAN_STEPS:
            _stop_orphan(home.path / "cluster")
        time.sleep(_STEP_SECONDS)
    lock.close()
    raise TimeoutError(f"A server that lost its owner still holds {home.path}: end it, then start again.")


def _open_lock(path: Path) -> IO[bytes]:
    # flock needs no right to write, so root and a normal user can take turns.
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644), "rb")


def _stop_orphan(cluster: Path) -> None:
    # Only where the system does not end it with its owner. The lock proves that the number is its own.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((cluster / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGINT)


def _cluster(home: ServerHome, *, durable: bool) -> Path:
    cluster = home.path / "cluster"
    if not cluster.exists():
        shutil.rmtree(home.path / "making", ignore_errors=True)
        making = home.make_folder("making")
        options = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8", "--auth=reject"]
        _run(
            home, "initdb", "-D", str(making), "-U", "postgres", *options, *([] if durable else ["--no-sync"])
        )
        _run(
            home,
            "postgres",
            "--single",
            "-D",
            str(making),
            "-c",
            "exit_on_error=on",
            "postgres",
            words=_BOOTSTRAP,
        )
        making.rename(cluster)  # a start that was killed half-way leaves no half cluster
    # Whoever wrote it is dead, the lock says. Its number may be a stranger's by now: PostgreSQL would refuse.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    return cluster


def _run(home: ServerHome, program: str, *arguments: str, words: str = "") -> None:
    argv = [str(home.programs / "bin" / program), *arguments]
    done = subprocess.run(  # noqa: S603 -- our own program and words
        argv,
        check=False,
        cwd="/",
        env=_ENVIRONMENT,
        input=words.encode(),
        capture_output=True,
        **home.as_user,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{program} failed: {(done.stdout + done.stderr).decode(errors='replace').strip()}"
        )


def _write_access_rules(cluster: Path) -> None:
    # The kernel names who opens the socket; that person may be any of our roles and never the superuser.
    person = pwd.getpwuid(os.geteuid()).pw_name
    (cluster / "pg_hba.conf").write_text(f"local all {','.join(ROLES)} peer map=ours\n")
    (cluster / "pg_ident.conf").write_text("".join(f'ours "{person}" {role}\n' for role in ROLES))


def _make_socket_folder(folder: Path, home: ServerHome) -> Path:
    link = folder / "socket"
    if link.is_symlink():
        if not _answers(link.readlink()):
            shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
    if len(os.fsencode(home.path / "run" / _SOCKET_NAME)) <= _SOCKET_PATH_MAX_BYTES:
        socket_folder = home.make_folder("run")
    else:
        short = Path(tempfile.mkdtemp(prefix="partner-network-", dir="/tmp"))
        socket_folder = server_home.make_private_folder(short, home.user)
    link.symlink_to(socket_folder)
    return socket_folder


def _answers(socket_folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(socket_folder / _SOCKET_NAME)) == 0


def _launch(
    home: ServerHome, cluster: Path, socket_folder: Path, running: IO[bytes], *, durable: bool
) -> subprocess.Popen[bytes]:
    quoted = str(socket_folder).replace('"', '""')
    settings = _SETTINGS | {"unix_socket_directories": f'"{quoted}"', "port": str(_PORT)}
    settings |= {} if durable else _FORGETFUL
    argv = [str(home.programs / "bin" / "postgres"), "-D", str(cluster)]
    argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (home.path / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 -- our own program and words
            argv,
            cwd="/",
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[running.fileno()],
            start_new_session=True,  # Ctrl-C is for the owner, which stops the server last
            preexec_fn=die_with(os.getpid(), signal.SIGINT),  # noqa: PLW1509 -- one C call, loaded before the fork
            **home.as_user,
        )


def _wait_until_ready(process: subprocess.Popen[bytes], cluster: Path, log: Path) -> None:
    for _ in range(_WAIT_STEPS):
        if process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()}")
        with contextlib.suppress(FileNotFoundError):
            if (cluster / "postmaster.pid").read_text().rstrip().endswith("ready"):
                return
        time.sleep(_STEP_SECONDS)
    process.send_signal(signal.SIGINT)
    process.wait()
    raise TimeoutError(f"PostgreSQL was not ready in time: {log.read_text(errors='replace').strip()}")
