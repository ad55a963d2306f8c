import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.shipping.image import ROOT, tracked_files

TOOLS = ("ruff", "basedpyright", "lint-imports", "python")
# Each tool notes that it ran, and fails when told to; `python -m pytest` speaks as pytest does.
TOOL = """#!/bin/bash
name=${0##*/}
echo "$name $*" >>"$NOTES"
case "$*" in *pytest*) echo "== 3 passed in 0.01s ==" ;; esac
case " $FAILING " in *" $name "*) echo "$name is not content"; exit 1 ;; esac
"""
TESTS = "python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile"
UNREACHABLE = "http://127.0.0.1:9/"


def run(*argv: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(  # noqa: S603 -- our own scripts
        argv,
        cwd=cwd,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def in_set_up(line: str) -> subprocess.CompletedProcess[str]:
    script = f"set -euo pipefail; source {ROOT}/bin/shared/set-up.bash; {line}"
    return run("bash", "-c", script, cwd=ROOT)


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """Make a checkout that is set up, with tools that only note their names."""
    for name in ("bin", "requirements.lock", "requirements-dev.lock", "pyproject.toml", "package-lock.json"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    programs = tmp_path / ".venv" / "bin"
    installed = tmp_path / ".venv" / ".installed"
    for folder in (programs, installed, tmp_path / "assets", tmp_path / "node_modules"):
        folder.mkdir(parents=True)
    for tool in TOOLS:
        (programs / tool).write_text(TOOL)
        (programs / tool).chmod(0o755)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, installed)
    shutil.copy(ROOT / "package-lock.json", tmp_path / "node_modules" / ".installed")
    (tmp_path / "assets" / "build.mjs").touch()
    (tmp_path / "notes").touch()
    return tmp_path


def check(
    ready: Path, *arguments: str, failing: str = ""
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    (ready / "notes").write_text("")
    done = run(
        ready / "bin" / "check", *arguments, cwd=Path("/"), NOTES=str(ready / "notes"), FAILING=failing
    )
    return done, (ready / "notes").read_text().splitlines()


def test_a_check_runs_everything_and_ends_with_the_summary_of_the_tests(ready: Path) -> None:
    done, ran = check(ready)
    assert done.returncode == 0, done.stdout
    assert {"ruff format --check .", "ruff check .", "basedpyright ", "lint-imports "} <= set(ran)
    assert ran[-1] == f"{TESTS} -m not slow"
    assert done.stdout.splitlines()[-1] == "== 3 passed in 0.01s =="


def test_all_adds_the_slow_tests_and_further_words_go_to_pytest(ready: Path) -> None:
    assert check(ready, "--all")[1][-1] == TESTS
    assert check(ready, "--all", "-x", "tests/kernel")[1][-1] == f"{TESTS} -x tests/kernel"


def test_a_failed_check_is_named_and_stops_neither_the_others_nor_the_tests(ready: Path) -> None:
    done, ran = check(ready, failing="ruff lint-imports")
    assert done.returncode == 1
    assert "Failed so far: format, lint, import rules. The tests follow." in done.stdout
    assert "lint-imports is not content" in done.stdout
    assert ran[-1] == f"{TESTS} -m not slow"
    assert done.stdout.splitlines()[-1] == "== 3 passed in 0.01s =="


def test_the_continuous_check_is_check_with_everything() -> None:
    words = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert words == ['exec "$(dirname -- "$0")/../bin/check" --all']


def test_a_machine_without_a_new_enough_python_is_told_so() -> None:
    done = in_set_up("is_new_enough() { false; }; find_python")
    assert done.returncode == 1
    assert done.stdout.startswith("Python 3.11 or newer is needed")


def test_a_normal_user_is_told_which_libraries_to_install() -> None:
    done = in_set_up("is_root_on_debian() { false; }; has_pdf_libraries() { false; }; install_pdf_libraries")
    assert done.returncode == 1
    assert "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_root_on_debian_has_the_libraries_installed_after_one_look_for_news() -> None:
    debian = "is_root_on_debian() { true; }; has_pdf_libraries() { false; }; apt-get() { news=yes; }"
    apt_install = "apt_install() { [ $news = yes ]; }"  # an old list of packages knows none of them
    done = in_set_up(
        f'news=no; {debian}; {apt_install}; quietly() {{ "$@"; }}; install_pdf_libraries; echo installed'
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "installed"


@pytest.mark.slow
def test_a_fresh_clone_in_a_private_folder_sets_itself_up_once_and_then_needs_no_network(
    tmp_path: Path,
) -> None:
    clone = tmp_path / "private" / "a clone"
    clone.parent.mkdir(mode=0o700)
    for name in tracked_files():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    script = f"source '{clone}/bin/shared/set-up.bash'"
    set_up = f"set -euo pipefail; {script}; set_up requirements.lock; build_front_end"

    first = run("bash", "-c", set_up, cwd=tmp_path)
    assert first.returncode == 0, first.stdout
    assert (clone / "assets" / "build" / "manifest.json").is_file()
    offline = {"PIP_INDEX_URL": UNREACHABLE, "PIP_NO_CACHE_DIR": "1", "npm_config_registry": UNREACHABLE}
    second = run("bash", "-c", set_up, cwd=tmp_path, **offline)
    assert (second.returncode, second.stdout) == (0, "")
    python = clone / ".venv" / "bin" / "python"
    third = run(python, "-P", "-c", "import partner_network; print(partner_network.__file__)", cwd=tmp_path)
    assert third.stdout.startswith(str(clone))
