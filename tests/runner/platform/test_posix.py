"""What Linux and macOS say of processes and files."""

import os
import subprocess
import sys
import threading

import pytest

from axiom.runner.platform import posix
from axiom.runner.platform.posix import Posix, parse_ps

POSIX = Posix()
BEGINS_THREADS = """
import sys, threading, time
for _ in range(int(sys.stdin.readline())):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("done", flush=True)
sys.stdin.read()
"""


def test_usage_counts_cpu_and_memory_of_a_process():
    code = "held = bytearray(10**8); any(range(0)); sum(range(3 * 10**6)); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        cpu, held_mb = POSIX.usage(process.pid)
        process.communicate("\n")
    assert 0.01 <= cpu < 5
    assert 100 <= held_mb < 200
    assert POSIX.usage(process.pid) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("00:00:01   2000\n", (1.0, 2.048)),
        ("  0:01.50 1000", (1.5, 1.024)),
        ("2-03:04:05 1000", (183_845.0, 1.024)),
        ("", (0.0, 0.0)),
    ],
)
def test_ps_is_read_where_there_is_no_proc(told, found):
    assert parse_ps(told) == found


def test_where_there_is_no_proc_ps_is_asked_and_no_thread_counted(monkeypatch, tmp_path):
    monkeypatch.setattr(posix, "_PROC", tmp_path)
    monkeypatch.setattr(posix, "_told_by_ps", lambda pid: f"0:0{pid}.00 1000")
    assert POSIX.usage(7) == (7.0, 1.024)
    assert POSIX.threads(7) == 0


@pytest.mark.skipif(not os.path.exists("/bin/ps"), reason="there is no ps here")  # noqa: PTH110
def test_what_ps_says_here_can_be_read():
    held_mb = parse_ps(posix._told_by_ps(os.getpid()))[1]
    assert held_mb > 1
    assert parse_ps(posix._told_by_ps(2**22 + 1)) == (0.0, 0.0)


def test_threads_are_counted_until_their_process_is_gone():
    with subprocess.Popen(
        [sys.executable, "-c", BEGINS_THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
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
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        assert POSIX.usage(process.pid)[1] > 130  # 2**15 tables of 4096 bytes, and nothing in them
        process.communicate("\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process does not choose its name")
@pytest.mark.parametrize("name", [b"\xff\xfex", b") R 1 1", b"a b\nc", b"\nVmPTE:9"])
def test_a_process_is_read_whatever_it_calls_itself(name):
    code = f"import ctypes, sys; ctypes.CDLL(None).prctl(15, {name!r}); print('done', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
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
    waiting.join(10)
    assert not waiting.is_alive()
    assert list(answers) == []
