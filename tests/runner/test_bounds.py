import subprocess
import sys

import pytest

from axiom.runner import bounds
from axiom.runner.bounds import Bounds, hold_data, threads


@pytest.fixture
def process():
    """A process that does what it is told, line by line."""
    code = (
        "import sys, threading, time\nprint('ready', flush=True)\n"
        "for line in sys.stdin:\n    exec(line)\n    print('done', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        started.stdout.readline()
        yield started
        started.kill()


def tell(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_threads_are_counted(process):
    assert threads(process.pid) == 1
    tell(process, "[threading.Thread(target=time.sleep, args=(9,), daemon=True).start() for _ in range(5)]")
    assert threads(process.pid) == 6
    process.kill()
    process.wait()
    assert threads(process.pid) == 0


def test_more_data_than_was_said_is_refused_at_one_stroke(process):
    hold_data(process.pid, 200)
    assert tell(process, "held = bytearray(10**9)") == "done\n"
    assert tell(process, "held = held + bytearray(10**9)") == ""
    assert "MemoryError" in process.stderr.read()
    process.wait()
    hold_data(process.pid, 200)  # it is gone: nothing to hold


def test_a_folder_and_its_bounds_last_as_long_as_the_process(tmp_path, process, monkeypatch):
    monkeypatch.setattr(bounds, "_EVERY", 0.0)
    (tmp_path / "compiled").write_bytes(b"x" * 10**6)
    found = Bounds(process.pid, tmp_path)
    assert found.scratch.parent == tmp_path
    assert found.excess() == ""
    monkeypatch.setattr(bounds, "_DISK_MB", 2.0)
    (found.scratch / "written").write_bytes(b"x" * 10**6)
    assert found.excess() == ""
    (tmp_path / "more").write_bytes(b"x" * 3 * 10**6)
    assert found.excess() == "it wrote 4 MB to the disk, and 2 are allowed; it was stopped"
    found.clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compiled", "more"]


def test_a_process_with_too_many_threads_is_named(tmp_path, process, monkeypatch):
    monkeypatch.setattr(bounds, "_EVERY", 0.0)
    monkeypatch.setattr(bounds, "_MOST_THREADS", 3)
    found = Bounds(process.pid, tmp_path)
    tell(process, "[threading.Thread(target=time.sleep, args=(9,), daemon=True).start() for _ in range(5)]")
    assert found.excess() == "it started 6 threads, and 3 are allowed; it was stopped"


def test_nobody_looks_more_than_twice_a_second(tmp_path, process, monkeypatch):
    monkeypatch.setattr(bounds, "_DISK_MB", 0.0)
    found = Bounds(process.pid, tmp_path)
    (found.scratch / "written").write_bytes(b"x" * 10**6)
    assert found.excess() == ""
