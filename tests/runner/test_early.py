"""A process that is started without `subprocess`: it is asked, ended and shut in as one of `subprocess` is."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import is_gone

from axiom.runner import early
from axiom.runner.children import Child
from axiom.runner.early import Early
from axiom.runner.limits import environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is one of subprocess")


@pytest.fixture
def started():
    process = early.start()
    yield process
    Child(environment(), process=process).stop()


def test_it_is_there_until_it_is_ended(started):
    assert isinstance(started, Early)
    assert started.poll() is None
    assert os.getsid(started.pid) == started.pid
    os.killpg(started.pid, signal.SIGKILL)
    assert started.wait(5) == started.wait() == started.poll() == -signal.SIGKILL
    assert is_gone(started.pid)


def test_whoever_waits_too_short_is_told_so_as_by_subprocess(started):
    with pytest.raises(subprocess.TimeoutExpired):
        started.wait(0.01)
    assert started.poll() is None


def test_it_ends_by_itself_when_nobody_speaks_to_it_any_more(started):
    started.stdin.close()
    assert started.wait(20) == 0


def test_many_threads_learn_the_same_end(started):
    found = []
    threads = [threading.Thread(target=lambda: found.append(started.wait(20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    os.killpg(started.pid, signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert found == [-signal.SIGTERM] * 8


def test_it_gets_nothing_that_we_have_open_and_no_word_of_our_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AXIOM_SECRET", "said to nobody")
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)  # as what a shell hands on
        process = early.start()
        try:
            place = Path(f"/proc/{process.pid}")
            while not (said := (place / "environ").read_bytes()):
                time.sleep(0.001)  # the system has not written it down yet
            assert b"PATH=" in said
            assert b"AXIOM_SECRET" not in said
            assert secret.name not in opened(place)
        finally:
            Child(environment(), process=process).stop()


def opened(place: Path) -> set[str]:
    """What a process has open now; what it opens for a moment may be gone when it is looked at."""
    found = set()
    for link in (place / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(link.readlink()))
    return found


def test_it_stands_on_its_own_streams_where_we_have_none():
    code = (
        "import os; os.close(0); os.close(2)\n"
        "from axiom.runner import early\n"
        "process = early.start()\n"
        "process.stdin.close()\n"
        "print(process.wait(20), type(process).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout.split() == ["0", "Popen"]


def test_nothing_that_takes_long_is_imported_before_it_begins():
    code = (
        "import sys; from axiom.runner.early import start; "
        "print(*{'subprocess', 'pathlib', 'typing', 'click', 'contextlib'} & sys.modules.keys())"
    )
    ours = {**os.environ, "PYTHONPATH": str(Path(early.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ours
    )
    assert (done.returncode, done.stdout.split()) == (0, [])
