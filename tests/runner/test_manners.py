"""A runner is a guest: it gives way, takes what it said, and leaves nothing behind but in its own folder."""

import contextlib
import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone says how a process gives way")
PLACES = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "JAX_CACHE")
WAIT = """
import sys
from pathlib import Path
from axiom.runner.confine import confine
confine.confine(Path("."), [Path(".")])
print("held", flush=True)
sys.stdin.read()
"""
IDLE = "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))"
IN_THE_QUEUE = {"x86_64": 252, "aarch64": 31}  # the number of ioprio_get


@pytest.fixture
def order(lab, tmp_path):
    """Carry out one order where every place that programs like to write into is watched."""
    (tmp_path / "elsewhere").mkdir()
    places = {name: tmp_path / "elsewhere" / name for name in PLACES}
    for place in places.values():
        place.mkdir()

    def run(act: str) -> subprocess.CompletedProcess[str]:
        words = ["--home", str(lab.home.path), "--slot", str(tmp_path / "slot"), *lab.order({"act": act}).argv()]
        command, capture = [sys.executable, "-m", "axiom.runner.main", *words], {"capture_output": True, "text": True}
        variables = {**os.environ, **{name: str(place) for name, place in places.items()}}
        variables["PYTHONPYCACHEPREFIX"] = "/proc/nowhere"  # where nothing can be made: below / it would be in HOME
        return subprocess.run(command, env=variables, cwd=places["HOME"], check=False, timeout=PATIENCE, **capture)

    return run


@pytest.mark.parametrize("act", ["ok", "arrays", "refuse", "vanish"])
def test_whatever_becomes_of_a_task_nothing_is_left_outside_the_runners_own_folder(act, order, lab, tmp_path):
    ended = order(act)
    assert ended.returncode == {"ok": 0, "arrays": 0, "refuse": 10, "vanish": 11}[act], ended.stderr
    assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.parent != tmp_path / "elsewhere"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "home", "slot"]
    assert sorted(path.name for path in lab.room.iterdir()) == ["computed", "imported"]


def test_what_computes_stands_last_at_the_disk_and_keeps_the_niceness_it_was_given(tmp_path):
    with held(tmp_path) as process:
        turn = ctypes.CDLL(None).syscall(IN_THE_QUEUE[os.uname().machine], 1, process.pid) >> 13
        niceness = os.getpriority(os.PRIO_PROCESS, process.pid)
    assert (turn, niceness) == (3, os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.parametrize("before", ["os.nice(12)", IDLE])
def test_a_session_of_its_own_gives_way_as_far_as_the_process_in_it(before, tmp_path):
    """With a niceness alone it would get as much of the processors as whatever the volunteer works with."""
    expected = 19 if before == IDLE else min(19, 12 + os.getpriority(os.PRIO_PROCESS, 0))
    with held(tmp_path, before, start_new_session=True) as process:
        niceness = group(process.pid)
    assert niceness == (expected if shared_by_sessions() else None)


def test_a_session_that_others_work_in_stays_as_it_is(tmp_path):
    before = group("self")
    with held(tmp_path, "os.nice(12)"):
        pass
    assert group("self") == before


@contextlib.contextmanager
def held(place, before="", **more):
    """A process that is confined, in this folder, and waits."""
    command = [sys.executable, "-c", f"import os\n{before}\n{WAIT}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=place, text=True, **pipes, **more) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def shared_by_sessions() -> bool:
    """Ask a new session: the one that these tests are in may be the first of all, and Linux keeps nothing for that."""
    with subprocess.Popen([sys.executable], stdin=subprocess.PIPE, start_new_session=True) as other:
        assert other.stdin
        shared = group(other.pid) is not None
        other.stdin.close()
    return shared


def group(process: int | str) -> int | None:
    """How far the session of a process gives way; None where Linux does not share by sessions.

    There the place is missing, or there and without a word, as the kernel was built or is told to do.
    """
    place = Path(f"/proc/{process}/autogroup")
    words = place.read_text().split() if place.exists() else []
    return int(words[-1]) if words else None
