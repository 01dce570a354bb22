import subprocess
import sys

import pytest

from axiom.limits import runner as limits
from axiom.runner.child import resource_limits
from axiom.runner.child.resource_limits import Bounds, limit_data
from axiom.runner.files.bundle_folders import open_bundle_folder


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


def test_more_data_than_was_said_is_refused_at_one_stroke(process):
    limit_data(process.pid, 200)
    assert tell(process, "held = bytearray(10**9)") == "done\n"
    assert tell(process, "held = held + bytearray(10**9)") == ""
    assert "MemoryError" in process.stderr.read()
    process.wait()
    limit_data(process.pid, 200)  # it is gone: nothing to hold


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of a bundle, in which little is allowed."""
    monkeypatch.setattr(limits, "LOOK_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(limits, "DISK_MB", 2.0)
    monkeypatch.setattr(limits, "BUNDLE_MB", 5.0)
    return open_bundle_folder(tmp_path / "cache", "a")


def test_bounds_last_as_long_as_the_process_and_do_not_bind_its_neighbours(place, process):
    (place / "compiled").write_bytes(b"x" * 10**6)
    bounds = [Bounds(process.pid, place) for _ in range(8)]
    for bound in bounds:
        assert bound.scratch.parent == place.parent
        assert bound.scratch.stat().st_mode & 0o777 == 0o700
        (bound.scratch / "written").write_bytes(b"x" * 10**6)
    assert [bound.excess() for bound in bounds] == [""] * 8
    (place / "more").write_bytes(b"x" * 3 * 10**6)
    assert "4 MB" in bounds[0].excess()
    (place / "more").write_bytes(b"x")
    (place / ".scratch-a-other").mkdir()  # looks like one
    (place / ".scratch-a-other" / "written").write_bytes(b"x" * 3 * 10**6)
    assert bounds[0].excess() != ""
    for bound in bounds:
        bound.clear()
    assert sorted(path.name for path in place.iterdir()) == [".scratch-a-other", "compiled", "more"]
    assert sorted(path.name for path in place.parent.iterdir()) == [".lock", ".swept", "a"]


def test_what_processes_leave_is_bounded_but_a_folder_may_hold_more_at_first(place, process):
    remarks = []
    for number in range(4):
        bounds = Bounds(process.pid, place)
        (place / str(number)).write_bytes(b"x" * 15 * 10**5)
        remarks.append(bounds.excess())
        bounds.clear()
    assert remarks[:3] == ["", "", ""]
    assert "6 MB" in remarks[3]
    bounds = Bounds(process.pid, place)
    (place / "more").write_bytes(b"x" * 10**6)
    assert bounds.excess() == ""
    (place / "still").write_bytes(b"x" * 2 * 10**6)
    assert "3 MB" in bounds.excess()


def test_what_lies_where_nobody_can_look_is_too_much(place, process):
    bounds = Bounds(process.pid, place)
    tell(process, f"import os; os.chdir({str(bounds.scratch)!r})")
    tell(process, "for _ in range(40): os.mkdir('x'); os.chdir('x')")
    assert bounds.excess() != ""
    tell(process, f"os.chdir({str(place)!r})")
    tell(process, "for _ in range(20): os.mkdir('x' * 250); os.chdir('x' * 250)")
    again = Bounds(process.pid, place)
    assert again.excess() != ""  # nor is it forgotten for having been there before
    bounds.clear()
    again.clear()
    open_bundle_folder(place.parent, "a")
    assert sorted(path.name for path in place.parent.rglob("*")) == [".lock", ".swept", "a"]


def test_a_process_with_too_many_threads_is_named(tmp_path, process, monkeypatch):
    monkeypatch.setattr(limits, "LOOK_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(limits, "THREADS", 3)
    bounds = Bounds(process.pid, tmp_path)
    tell(process, "[threading.Thread(target=time.sleep, args=(9,), daemon=True).start() for _ in range(5)]")
    assert "6 threads" in bounds.excess()


def test_nobody_looks_more_than_twice_a_second(tmp_path, process, monkeypatch):
    seconds = [100.0]
    monkeypatch.setattr(resource_limits.time, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(limits, "DISK_MB", 0.0)
    bounds = Bounds(process.pid, tmp_path)
    (bounds.scratch / "written").write_bytes(b"x" * 10**6)
    seconds[0] += 0.4
    assert bounds.excess() == ""
    seconds[0] += 0.2
    assert bounds.excess() != ""
