import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from partner_network.sandbox.processes import Processes, answers, interruptible

WAIT = "import time; time.sleep(600)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
WITH_A_CHILD = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {WAIT!r}]).pid, flush=True)
time.sleep(600)
"""
LAST_WISH = """
import pathlib, signal, sys, time
def note(*_):
    with open(sys.argv[1], "a") as notes:
        notes.write(sys.argv[2])
    sys.exit()
signal.signal(signal.SIGTERM, note)
print("up", flush=True)
time.sleep(600)
"""
DEMO = """
import sys
from pathlib import Path
from partner_network.sandbox.processes import Processes, interruptible
with interruptible(), Processes(Path(sys.argv[1])) as processes:
    print(processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], {}), flush=True)
    processes.watch()
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def wait_for_words(processes: Processes, name: str) -> str:
    processes.wait_until_ready(name, lambda: bool(processes.log_of(name).read_text()))
    return processes.log_of(name).read_text()


def wait_until_gone(process_id: int) -> None:
    for _ in range(1_000):
        if not is_alive(process_id):
            return
        time.sleep(0.01)
    pytest.fail(f"process {process_id} is still there")


def is_alive(process_id: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        # A dead process whose new parent has not asked about it yet counts as gone.
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_process_gets_our_variables_and_its_own_and_writes_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        code = f"import os; print(os.environ['PATH'] != '', os.environ['OURS'], flush=True); {WAIT}"
        processes.start("speaker", python(code), {"OURS": "yes"})
        assert wait_for_words(processes, "speaker") == "True yes\n"


def test_one_name_is_one_process(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", python(WAIT), {})
        with pytest.raises(ValueError, match="web runs already"):
            processes.start("web", python(WAIT), {})


def test_waiting_for_a_process_that_ended_repeats_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", python("raise SystemExit('the port is taken')"), {})
        with pytest.raises(ChildProcessError, match=r"web ended with status 1.*\n.*the port is taken"):
            processes.wait_until_ready("web", lambda: False)


def test_a_process_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", python(WAIT), {})
        with pytest.raises(TimeoutError, match=r"web was not ready in 0.1 s"):
            processes.wait_until_ready("web", lambda: False, seconds=0.1)


def test_watching_ends_when_a_process_does(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", python(WAIT), {})
        processes.start("worker", python("raise SystemExit(3)"), {})
        with pytest.raises(ChildProcessError, match="worker ended with status 3"):
            processes.watch()


def test_the_last_started_stops_first(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with Processes(tmp_path) as processes:
        for name in ("a", "b", "c"):
            processes.start(name, python(LAST_WISH, str(notes), name), {})
            wait_for_words(processes, name)
    assert notes.read_text() == "cba"


def test_a_process_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    with Processes(tmp_path, grace_seconds=0.1) as processes:
        process_id = processes.start("stubborn", python(STUBBORN), {})
        wait_for_words(processes, "stubborn")
    assert not is_alive(process_id)


def test_what_a_process_started_itself_goes_with_it(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("parent", python(WITH_A_CHILD), {})
        child_id = int(wait_for_words(processes, "parent"))
    wait_until_gone(child_id)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_stops_what_it_started(tmp_path: Path, number: signal.Signals) -> None:
    argv = python(DEMO, str(tmp_path))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as demo:  # noqa: S603 -- our own words
        assert demo.stdout is not None
        child_id = int(demo.stdout.readline())
        demo.send_signal(number)
    assert not is_alive(child_id)


def test_a_killed_demo_leaves_nothing_running(tmp_path: Path) -> None:
    with subprocess.Popen(python(DEMO, str(tmp_path)), stdout=subprocess.PIPE) as demo:  # noqa: S603 -- our own words
        assert demo.stdout is not None
        child_id = int(demo.stdout.readline())
        demo.kill()
    wait_until_gone(child_id)


def test_a_signal_while_stopping_does_not_cut_it_short(tmp_path: Path) -> None:
    meddle = f"import os, signal, sys; os.kill({os.getpid()}, signal.SIGINT)\n"
    notes = tmp_path / "notes"
    with interruptible(), Processes(tmp_path) as processes:
        processes.start("first", python(LAST_WISH, str(notes), "first"), {})
        processes.start(
            "meddler",
            python(LAST_WISH.replace("def note(*_):", f"def note(*_):\n    {meddle}"), str(notes), "m"),
            {},
        )
        wait_for_words(processes, "first")
        wait_for_words(processes, "meddler")
    assert notes.read_text() == "mfirst"


def test_a_closed_port_does_not_answer_yet() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert not answers(f"http://127.0.0.1:{closed.getsockname()[1]}/")()


def test_a_page_that_is_missing_is_an_answer(tmp_path: Path) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with Processes(tmp_path) as processes:
        processes.start("files", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)], {})
        processes.wait_until_ready("files", answers(f"http://127.0.0.1:{port}/missing"))
        processes.must_run("files")
