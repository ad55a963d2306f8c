import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.shipping import image
from tests.shipping.image import Builder

RUNS = [step.rest for step in image.steps() if step.word == "RUN"]
COPIES = [step.rest for step in image.steps() if step.word == "COPY" and "--from" not in step.rest]


@pytest.mark.parametrize("line", RUNS)
def test_each_run_is_one_plain_command(line: str) -> None:
    assert not re.search(r"[;&|<>`$]", line)


@pytest.mark.parametrize("line", COPIES)
def test_what_is_copied_is_tracked_and_sent(line: str) -> None:
    sent = list(filter(image.is_sent, image.tracked_files()))
    for source in line.split()[:-1]:
        assert any(name == source or name.startswith(f"{source}/") for name in sent), source


def test_the_builder_is_sent_no_secret_and_no_test() -> None:
    assert not image.is_sent(".env")
    assert not image.is_sent(".git/config")
    assert not image.is_sent("tests/conftest.py")
    assert not image.is_sent("partner_network/kernel/__pycache__/money.pyc")
    assert image.is_sent("partner_network/kernel/money.py")


def test_the_image_does_not_run_as_root() -> None:
    users = [step.rest for step in image.steps() if step.word == "USER"]
    assert users == ["10001:10001"]


def test_the_image_has_the_python_that_the_types_are_checked_for() -> None:
    checked = tomllib.loads((image.ROOT / "pyproject.toml").read_text())["tool"]["basedpyright"][
        "pythonVersion"
    ]
    bases = {step.rest.partition("-")[0] for step in image.steps() if step.rest.startswith("python:")}
    assert bases == {f"python:{checked}"}


def test_the_server_knows_the_options_and_the_app_is_where_the_image_says() -> None:
    program, *words = image.command()
    argv = [Path(sys.executable).with_name(program), *words, "--help"]
    subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 -- the server that ships
    module, _, factory = words[-1].partition(":")
    assert callable(getattr(importlib.import_module(module), factory))


@pytest.mark.slow
def test_the_steps_in_order_make_a_folder_that_serves(tmp_path: Path) -> None:
    builder = Builder(tmp_path)
    builder.build()

    program = builder.app / ".venv" / "bin" / image.command()[0]
    assert os.access(program, os.X_OK)
    assert (builder.app / "assets" / "build" / "manifest.json").is_file()
    assert (builder.app / "assets" / "fonts").is_dir()
    assert not list(builder.app.glob("tests"))
    imported = "import partner_network.piccolo_app as ours, weasyprint; print(ours.__file__)"
    python = builder.app / ".venv" / "bin" / "python"
    said = subprocess.run([python, "-P", "-c", imported], check=True, capture_output=True, text=True, cwd="/")  # noqa: S603 -- our own words
    assert said.stdout.startswith(str(builder.app))
