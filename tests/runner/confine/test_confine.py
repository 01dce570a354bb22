import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import ran
from real_parts import need

from axiom.runner.confine import landlock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone holds a process like this")
BEFORE = """
import os, sys, threading, time
from pathlib import Path
from axiom.runner.confine import confine, landlock, namespaces, seccomp
place, secret = Path(sys.argv[1]), Path(sys.argv[2])
"""
NO_LANDLOCK = "landlock.version = lambda: 0\n"
NO_ENCLOSURE = "namespaces.enter_namespaces = lambda *words: False\n"
NO_SECCOMP = "seccomp.install_seccomp = lambda *, devices: False\n"
# A device that everybody has stands for a graphics card, and whoever starts as root gives that up. What is imported
# after that is not found where Python lies in root's own folder.
CARD = """
import ctypes, fcntl
confine._cards = lambda: ["/dev/urandom"]
start = Path("/proc/self/oom_score_adj").read_text()
place.chmod(0o777)
if os.geteuid() == 0:
    os.setresgid(65_534, 65_534, 65_534)
    os.setresuid(65_534, 65_534, 65_534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # its own files in /proc stay its own
"""
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

    def run(before: str = "", after: str = "", *, devices: bool = False) -> subprocess.CompletedProcess[str]:
        code = f"{BEFORE}\n{before}\nheld = confine.confine(place, [place], devices={devices})\n{AFTER}\n{after}"
        words = [sys.executable, "-c", code, str(tmp_path / "place"), str(tmp_path / "secret")]
        return ran(words)

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
        before=NO_LANDLOCK, after="print([one for one in os.listdir('/proc') if one.isdecimal()] == [str(os.getpid())])"
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


FENCED = """
import socket, subprocess
for deed in (
    socket.socket, lambda: subprocess.run(["/bin/true"]), lambda: os.kill(1, 0), lambda: os.remove(secret),
    lambda: os.rename(place, secret), lambda: os.chmod(secret, 0o777), lambda: os.listdir(secret.parent),
    lambda: os.mkdir(secret.with_name("new")), lambda: os.open(secret, os.O_WRONLY),
):
    try:
        deed()
    except PermissionError:
        print("refused")
"""


def test_the_fence_stops_whoever_asks_python(held):
    ended = held(before=NO_LANDLOCK + NO_ENCLOSURE + NO_SECCOMP, after=FENCED)
    assert ended.stdout.splitlines()[2:] == ["refused"] * 9, ended.stderr


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


ON_A_CARD = """
names, is_named, has_begun = [], threading.Event(), threading.Event()
def body():
    has_begun.set()
    is_named.wait()
    name = ctypes.create_string_buffer(16)
    ctypes.CDLL(None).prctl(16, name)
    names.append(name.value)
thread = threading.Thread(target=body)
thread.start()
has_begun.wait()
own, parent = f"/proc/self/task/{thread.native_id}", os.getppid()

def outcome(call, *words):
    try:
        call(*words)
    except OSError as fault:
        return fault.strerror
    return "done"

def overwrite(path, words="card"):
    with open(path, "w") as file:
        file.write(words)

def command(path):
    fcntl.ioctl(os.open(path, os.O_RDONLY), 0x80045200, bytearray(4))  # how much chance there is

print(outcome(open, f"{own}/environ"), outcome(overwrite, f"{own}/comm"), is_named.set(), thread.join(), names)
for path in ("/proc/self/oom_score_adj", "/proc/self/coredump_filter", "/proc/self/comm", f"/proc/{parent}/comm",
             f"/proc/{parent}/task/{parent}/comm", f"/proc/{parent}/oom_score_adj"):
    print(outcome(overwrite, path))
print(outcome(command, "/dev/urandom"), outcome(command, "/dev/random"))
print(outcome(overwrite, f"/proc/self/task/{os.getpid()}/oom_score_adj", start),
      outcome(overwrite, f"/proc/self/task/{os.getpid()}/oom_score_adj", "-1000"))
"""


@need("landlock of devices")
def test_who_computes_on_a_card_names_its_threads_and_commands_that_card_alone(held):
    done = held(before=CARD, after=ON_A_CARD, devices=True)
    named, *refused, commands, _ = done.stdout.splitlines()[2:]
    assert named == "Permission denied done None None [b'card']", done.stderr
    assert refused == ["Permission denied"] * 6
    assert commands == "done Permission denied"


def test_who_computes_on_a_card_ends_no_later_than_its_parent_when_memory_runs_out(held):
    done = held(before=CARD, after=ON_A_CARD, devices=True)
    assert done.stdout.splitlines()[-1] == "done Permission denied", done.stderr


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
    assert landlock.restrict_thread([Path("/")], []) == 0


def test_who_moves_into_a_world_of_its_own_still_ends_with_its_parent(tmp_path):
    code = (
        "import ctypes, os, sys\nfrom pathlib import Path\nfrom axiom.runner.confine import namespaces\n"
        "libc, found = ctypes.CDLL(None), ctypes.c_int()\n"
        "libc.prctl(1, 9, 0, 0, 0)\n"
        "moved = namespaces.enter_namespaces([Path(sys.prefix)], [Path.cwd()])\n"
        "libc.prctl(2, ctypes.byref(found), 0, 0, 0)\nprint(moved, found.value)"
    )
    done = ran([sys.executable, "-c", code], cwd=tmp_path)
    assert done.stdout == "True 9\n", done.stderr


def test_who_may_not_move_stays_where_it_is(tmp_path):
    code = (
        "import os\nfrom pathlib import Path\nfrom axiom.runner.confine import namespaces\n"
        "before = os.readlink('/proc/self/ns/user')\nprint(namespaces.enter_namespaces([], [Path('nowhere')]))\n"
        "assert os.readlink('/proc/self/ns/user') == before"
    )
    done = ran([sys.executable, "-c", code], cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("False\n", "")
