"""The closing line of scripts/test: what it counts, and with which status it ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

SUITE = Path(__file__).resolve().parents[2] / "scripts" / "suite.py"


@pytest.mark.parametrize(
    ("code", "line", "succeeds"),
    [
        ("def test_a(): pass\ndef test_b(): pass", "2 passed, 0 failed", True),
        ("def test_a(): pass\ndef test_b(): assert False", "1 passed, 1 failed", False),
        ("import nothing_of_this_name", "0 passed, 1 failed", False),
        ("import pytest\ndef test_a(): pytest.skip('no such part here')", "0 passed, 1 failed", False),
        (
            "import pytest\n@pytest.fixture\ndef a():\n    yield\n    raise OSError\ndef test_a(a): pass",
            "0 passed, 1 failed",
            False,
        ),
        ("import pytest\n@pytest.fixture\ndef a(): raise OSError\ndef test_a(a): pass", "0 passed, 1 failed", False),
        ("", "0 passed, 1 failed", False),
    ],
    ids=["all", "one-fails", "unreadable", "skipped", "clean-up-fails", "set-up-fails", "none-found"],
)
def test_the_last_line_tells_the_truth(tmp_path, code, line, succeeds):
    (tmp_path / "test_sample.py").write_text(code)
    command = [sys.executable, SUITE, "-n", "0", "-p", "no:cacheprovider", "-p", "no:randomly", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.stdout.splitlines()[-1] == line, done.stdout
    assert (done.returncode == 0) == succeeds


def test_two_processes_count_each_test_once(tmp_path):
    (tmp_path / "test_sample.py").write_text("def test_a(): pass\ndef test_b(): assert False\ndef test_c(): pass")
    command = [sys.executable, SUITE, "-n", "2", "-p", "no:cacheprovider", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.stdout.splitlines()[-1] == "2 passed, 1 failed", done.stdout
    assert done.returncode == 1


def test_the_quick_run_leaves_out_the_rooms_that_start_real_parts():
    some = f"--ignore-glob={SUITE.parents[1]}/tests/*/test_[!vw]*"  # of each room a few
    command = [sys.executable, SUITE, "--fast", "-n", "0", "-p", "no:cacheprovider", "--collect-only", "-q", some]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    rooms = {line.split("/")[1] for line in done.stdout.splitlines() if line.startswith("tests/")}
    assert {"domain", "decisions", "store"} <= rooms
    assert not rooms & {"acceptance", "web", "catalogue", "preflight"}
