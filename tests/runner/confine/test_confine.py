import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

from axiom.runner.confine import landlock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone holds a process like this")
BEFORE = """
import os, sys, threading, time
from pathlib import Path
from axiom.runner.confine import confine, landlock, namespaces, seccomp
place, secret = Path(sys.argv[1]), Path(sys.argv[2])
"""
NO_LANDLOCK = "landlock.version = lambda: 0\n"
NO_ENCLOSURE = "namespaces.enter = lambda *words: False\n"
NO_SECCOMP = "seccomp.install = lambda *, devices: False\n"
AFTER = """
def reaches(path, mode="r"):
    try:
        open(path, mode).close()
    except OSError:
        return False
    return True
print(held.sentence)
print(reaches(secret), reaches("/etc/passwd"), reaches(os.__file__), reaches("/dev/null", "w"),
      reaches(place / "x", "w"), reaches(secret, "a"), reaches(secret.with_name("new"), "w"))
"""


@pytest.fixture
def held(tmp_path):
    """Run code in a process that confines itself to a folder, beside which lies a secret."""
    (tmp_path / "place").mkdir()
    (tmp_path / "secret").write_text("private")

    def run(before: str = "", after: str = "") -> subprocess.CompletedProcess[str]:
        code = f"{BEFORE}\n{before}\nheld = confine.confine(place, [place])\n{AFTER}\n{after}"
        words = [sys.executable, "-c", code, str(tmp_path / "place"), str(tmp_path / "secret")]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)

    return run


def test_this_kernel_holds_a_process_to_its_own_folder(held):
    done = held()
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"held by Landlock \d+, seccomp", first)
    assert second == "False False True True True False False", done.stderr


def test_somebody_without_rights_is_held_as_well(held):
    done = held(before="import ctypes\nfor number in range(64):\n    ctypes.CDLL(None).prctl(24, number, 0, 0, 0)")
    assert done.stdout.splitlines()[1] == "False False True True True False False", done.stderr


def test_without_landlock_a_process_has_a_file_system_of_its_own(held):
    done = held(
        before=NO_LANDLOCK,
        after="print([one for one in os.listdir('/proc') if one.isdecimal()] == [str(os.getpid())])",
    )
    first, second, third = done.stdout.splitlines()
    assert first == "held by a file system of its own, seccomp"
    assert second == "False False True True True False False", done.stderr
    assert third == "True"


@pytest.mark.parametrize("missing", [NO_LANDLOCK + NO_ENCLOSURE, NO_SECCOMP])
def test_where_the_kernel_lacks_a_part_python_itself_refuses(held, missing):
    done = held(before=missing)
    first, second = done.stdout.splitlines()
    assert first.endswith("Python's own audit, which is a fence and no wall")
    assert second == "False False True True True False False", done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "os.kill(1, 0)",
        "os.remove(secret)",
        "os.rename(place, secret)",
        "os.chmod(secret, 0o777)",
        "os.listdir(secret.parent)",
        "os.mkdir(secret.with_name('new'))",
        "os.open(secret, os.O_WRONLY)",
    ],
)
def test_the_fence_stops_whoever_asks_python(held, line):
    done = held(before=NO_LANDLOCK + NO_ENCLOSURE + NO_SECCOMP, after=line)
    assert "PermissionError" in done.stderr, done.stdout
    assert done.returncode == 1


def test_a_process_that_cannot_be_held_whole_is_not_held_at_all(held):
    done = held(before="threading.Thread(target=time.sleep, args=(5,), daemon=True).start()")
    assert "a thread was started before the process was confined" in done.stderr
    assert done.stdout == ""


def test_limits_are_set_for_good(held):
    done = held(
        after="import resource\nprint([resource.getrlimit(n) for n in (1, 4, 7)], open('/proc/self/oom_score_adj'))"
    )
    assert "PermissionError" in done.stderr  # it may not even be read
    done = held(after="import resource\nprint([resource.getrlimit(n) for n in (1, 4, 7)])")
    assert done.stdout.splitlines()[2] == "[(268435456, 268435456), (0, 0), (256, 256)]"


def test_the_module_says_what_would_hold_here():
    done = subprocess.run(
        [sys.executable, "-m", "axiom.runner.confine.confine"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout == f"What computes is held by Landlock {landlock.version()}, seccomp.\n"


def test_a_kernel_without_landlock_restricts_nothing(monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert landlock.restrict([Path("/")], []) == 0


def test_who_moves_into_a_world_of_its_own_still_ends_with_its_parent(tmp_path):
    code = (
        "import ctypes, os, sys\nfrom pathlib import Path\nfrom axiom.runner.confine import namespaces\n"
        "libc, found = ctypes.CDLL(None), ctypes.c_int()\n"
        "libc.prctl(1, 9, 0, 0, 0)\n"
        "moved = namespaces.enter([Path(sys.prefix)], [Path.cwd()])\n"
        "libc.prctl(2, ctypes.byref(found), 0, 0, 0)\nprint(moved, found.value)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "True 9\n", done.stderr


def test_who_may_not_move_stays_where_it_is(tmp_path):
    code = (
        "import os\nfrom pathlib import Path\nfrom axiom.runner.confine import namespaces\n"
        "before = os.readlink('/proc/self/ns/user')\nprint(namespaces.enter([], [Path('nowhere')]))\n"
        "assert os.readlink('/proc/self/ns/user') == before"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
