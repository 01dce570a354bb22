"""What Linux and macOS say of processes and files, and what the runner is on systems that are not here."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from patience import PATIENCE, until
from processes import ran
from real_parts import need

import axiom.runner
from axiom.runner.platform import posix
from axiom.runner.platform.posix import Posix, parse_ps
from axiom.runner.platform.system import system

POSIX = Posix()
BEGINS_THREADS = """
import sys, threading, time
for _ in range(int(sys.stdin.readline())):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("done", flush=True)
sys.stdin.read()
"""


def asked(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_usage_counts_cpu_and_memory_of_a_process():
    code = "held = bytearray(10**8); any(range(0)); sum(range(3 * 10**6)); print('ready', flush=True); input()"
    with asked(code) as process:
        process.stdout.readline()
        cpu, held_mb = POSIX.usage(process.pid)
        process.communicate("\n")
    assert 0.01 <= cpu < 50
    assert 100 <= held_mb < 200
    assert POSIX.usage(process.pid) == (0.0, 0.0)


def test_where_there_is_no_proc_ps_is_asked_and_no_thread_counted(monkeypatch, tmp_path):
    assert parse_ps("00:00:01   2000\n") == (1.0, 2.048)
    assert parse_ps("  0:01.50 1000") == (1.5, 1.024)
    assert parse_ps("2-03:04:05 1000") == (183_845.0, 1.024)
    assert parse_ps("") == (0.0, 0.0)
    monkeypatch.setattr(posix, "_PROC", tmp_path)
    monkeypatch.setattr(posix, "_ps_line", lambda pid: f"0:0{pid}.00 1000")
    assert POSIX.usage(7) == (7.0, 1.024)
    assert POSIX.threads(7) == 0


@need("ps")
def test_what_ps_says_here_can_be_read():
    held_mb = parse_ps(posix._ps_line(os.getpid()))[1]
    assert held_mb > 1
    assert parse_ps(posix._ps_line(2**22 + 1)) == (0.0, 0.0)


def test_threads_are_counted_until_their_process_is_gone():
    with asked(BEGINS_THREADS) as process:
        process.stdin.write("5\n")
        process.stdin.flush()
        process.stdout.readline()
        assert POSIX.threads(process.pid) == 6
        process.stdin.close()
    assert POSIX.threads(process.pid) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells of it")
def test_what_says_where_memory_lies_is_memory_too():
    code = (
        "import mmap; held = mmap.mmap(-1, 2**36, flags=mmap.MAP_PRIVATE | 0x4020, prot=mmap.PROT_READ)\n"
        "held.madvise(mmap.MADV_NOHUGEPAGE)\n"
        "any(held[place] for place in range(0, 2**36, 2**21)); print('ready', flush=True); input()"
    )
    with asked(code) as process:
        process.stdout.readline()
        assert POSIX.usage(process.pid)[1] > 130  # 2**15 tables of 4096 bytes, and nothing in them
        process.communicate("\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process does not choose its name")
@pytest.mark.parametrize("name", [b"\xff\xfex", b") R 1 1", b"a b\nc", b"\nVmPTE:9"])
def test_a_process_is_read_whatever_it_calls_itself(name):
    code = f"import ctypes, sys; ctypes.CDLL(None).prctl(15, {name!r}); print('done', flush=True); sys.stdin.read()"
    with asked(code) as process:
        process.stdout.readline()
        assert POSIX.threads(process.pid) == 1
        assert POSIX.usage(process.pid)[1] > 1
        process.stdin.close()


def test_a_file_takes_the_blocks_that_it_has_and_none_for_its_holes(tmp_path):
    (tmp_path / "full").write_bytes(b"x" * 100_000)
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(10**9)
    assert 100_000 <= POSIX.taken((tmp_path / "full").stat()) < 200_000
    assert POSIX.taken((tmp_path / "hole").stat()) < 10**6


def test_a_process_is_outlasted_once_another_one_has_taken_this_one_in(monkeypatch):
    monkeypatch.setattr(posix, "_AGAIN", 0.01)
    answers = iter([41, 41, 1])
    monkeypatch.setattr(posix.os, "getppid", lambda: next(answers))
    waiting = threading.Thread(target=POSIX.outlast, args=(41,), daemon=True)
    waiting.start()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    assert list(answers) == []


FOLDER = Path(axiom.runner.__file__).parent
MODULES = sorted(
    ".".join(("axiom.runner", *path.relative_to(FOLDER).with_suffix("").parts))
    for path in FOLDER.rglob("*.py")
    if path.stem != "__init__"
)
CHOSEN = "axiom.runner.platform.posix"  # elsewhere alone
# What Python has on Linux and not on Windows, as far as a program could ask for it.
MISSING = ("fcntl", "resource", "termios", "pwd", "grp", "pty", "_posixsubprocess")
LACKING = {
    "os": "fork getuid getgid killpg sysconf uname statvfs O_NOFOLLOW O_NONBLOCK setsid getpriority mkfifo",
    "signal": "SIGKILL SIGSTOP SIGCONT SIGHUP",
    "mmap": "MAP_PRIVATE MAP_ANONYMOUS PROT_READ",
}
AS_ON_WINDOWS = f"""
import ctypes, importlib, os, sys, types
from unittest import mock

modules = {MODULES!r}
for name in modules:  # so that whatever they need of the standard library is there already
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "axiom"]:
    del sys.modules[name]
sys.modules.update(dict.fromkeys({MISSING!r}))  # None: an ImportError
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
for module, names in {LACKING!r}.items():
    for name in names.split():
        delattr(importlib.import_module(module), name)
ctypes.WinDLL = mock.MagicMock()
sys.platform = "win32"
for name in modules:
    if name != {CHOSEN!r}:
        importlib.import_module(name)
assert {CHOSEN!r} not in sys.modules
print(type(sys.modules["axiom.runner.platform.system"].system).__name__)
"""
# A parent that starts a child as on a system whose kernel does not end it, says its number, and waits to be killed.
AS_ELSEWHERE = """
import os, subprocess, sys
script = sys.argv[1] + "/axiom/runner/child/child.py"
words = [sys.executable, "-I", "-c", "import sys; sys.platform = 'darwin'; exec(open(" + repr(script) + ").read())"]
child = subprocess.Popen([*words, str(os.getpid()), sys.argv[1]], stdin=sys.stdin, stdout=sys.stdout)
print(child.pid, flush=True)
sys.exit(child.wait())
"""


def test_every_module_of_the_runner_can_be_imported_on_windows():
    command = [sys.executable, "-c", AS_ON_WINDOWS]
    ended = ran(command)
    assert (ended.returncode, ended.stdout) == (0, "Windows\n"), ended.stderr


@pytest.mark.parametrize("ends", ["killed", "closes the pipe"])
def test_a_child_ends_with_its_parent_where_no_kernel_sees_to_that(ends, ending):
    source = str(FOLDER.parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", AS_ELSEWHERE, source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        ending(child)
        if ends == "killed":
            until(lambda: system.threads(child) == 2)  # the second looks for the parent
            parent.kill()  # its pipes stay open: they are ours
            assert parent.stdout.read() == ""  # the child held this end of the pipe, and is gone
        else:
            parent.communicate(timeout=PATIENCE)
            assert parent.returncode == 0
