"""A runner is a guest: it gives way, takes what it said, and leaves nothing behind but in its own folder."""

import ctypes
import os
import subprocess
import sys

import pytest
from patience import PATIENCE

PLACES = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "JAX_CACHE")
WAIT = """
import sys
from pathlib import Path
from axiom.runner import confine
confine.confine(Path("."), [Path(".")])
print("held", flush=True)
sys.stdin.read()
"""
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
        return subprocess.run(
            [sys.executable, "-m", "axiom.runner.main", *words],
            env={
                **os.environ,
                **{name: str(place) for name, place in places.items()},
                "PYTHONPYCACHEPREFIX": "/proc/nowhere",  # where nothing can be made: below / it would be made in HOME
            },
            cwd=places["HOME"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    return run


@pytest.mark.parametrize("act", ["ok", "arrays", "refuse", "vanish"])
def test_whatever_becomes_of_a_task_nothing_is_left_outside_the_runners_own_folder(act, order, lab, tmp_path):
    done = order(act)
    assert done.returncode == {"ok": 0, "arrays": 0, "refuse": 10, "vanish": 11}[act], done.stderr
    assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.parent != tmp_path / "elsewhere"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "home", "slot"]
    assert sorted(path.name for path in lab.room.iterdir()) == ["computed", "imported"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how a process stands in the queue for the disk")
def test_what_computes_stands_last_at_the_disk_and_keeps_the_niceness_that_it_was_given(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WAIT], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        turn = ctypes.CDLL(None).syscall(IN_THE_QUEUE[os.uname().machine], 1, process.pid) >> 13
        niceness = os.getpriority(os.PRIO_PROCESS, process.pid)
        process.stdin.close()
    assert (turn, niceness) == (3, os.getpriority(os.PRIO_PROCESS, 0))
