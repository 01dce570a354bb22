"""A build that is cut goes on behind its last whole step, and leaves nothing behind in the end."""

import signal
import subprocess
import sys

import pytest

BUILD = """
import os, signal, sys
from pathlib import Path
from build_runner.workbench import workbench

def first(place):
    print("first", flush=True)
    (place / "packages").write_text("there")
    return {"python": "3"}

def second(place):
    print("second", *sorted(path.name for path in place.iterdir()), flush=True)
    (place / "half").write_text("")
    if sys.argv[3] != "goes on":
        os.kill(os.getpid(), getattr(signal, sys.argv[3]))
    return None

with workbench(Path(sys.argv[1]), "runner", sys.argv[2], steps=2) as bench:
    facts = bench.step("one", first)
    bench.step("two", second)
    print(facts["python"], (bench.folder / "one" / "packages").read_text())
"""


def built(out, inputs, end="goes on"):
    """How a build of these inputs ended, and the steps that it took."""
    command = [sys.executable, "-c", BUILD, str(out), inputs, end]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)})
    said = [line for line in done.stdout.splitlines() if not line.partition(" ")[2].startswith("step ")]
    return done.returncode, said


def remains(out):
    return [path.name for path in out.glob(".building-*") if path.is_dir()]


@pytest.mark.parametrize("way", ["SIGKILL", "SIGINT"])
def test_it_goes_on_behind_the_last_whole_step(tmp_path, way):
    status, said = built(tmp_path, "these", way)
    assert (status, said) == (-getattr(signal, way), ["first", "second"])
    assert remains(tmp_path) == [".building-runner"]
    assert built(tmp_path, "these") == (0, ["second", "3 there"])
    assert remains(tmp_path) == []


def test_what_was_made_of_other_inputs_or_by_an_older_builder_is_removed(tmp_path):
    built(tmp_path, "these", "SIGKILL")
    (tmp_path / ".building-x7f3k2aa" / "wheels").mkdir(parents=True)
    assert built(tmp_path, "others", "SIGKILL")[1] == ["first", "second"]
    assert remains(tmp_path) == [".building-runner"]
