"""A runner is built beside the laboratory, once, and nothing of that outlives the laboratory."""

import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from patience import until
from processes import of_session

from axiom.service import runner_build
from axiom.service.runner_build import Builder
from axiom.service.volunteer_project import VolunteerParts
from axiom.store.engine.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
WELL = 'echo "$*"\nps -o cls=,ni= -p $$\necho $NPROC $(cut -d " " -f 3 /proc/$$/autogroup)\n'
# Two steps of a real workbench; the second one waits until a test has seen how far it is.
STEPS = f"""PYTHONPATH={ROOT}/scripts exec {sys.executable} -c '
import time
from pathlib import Path
from build_runner.workbench import workbench

def quick(place):
    for share in (0.0, 0.5):
        bench.progressed(share)

def slow(place):
    while not Path("seen").exists():
        time.sleep(0.01)
    raise SystemExit(5)

with workbench(Path("out"), "runner", "inputs", {{"one": 1.0, "two": 3.0}}) as bench:
    bench.step("one", quick)
    bench.step("two", slow)
'
"""
STUBBORN = "trap '' TERM\n(sleep 600 & sleep 601; wait) &\necho $! >begun\nwhile :; do sleep 1; done\n"


@pytest.fixture
def made(tmp_path):
    """Builders of these words; what is left of them is ended."""
    builders = []

    def make(text: str, *, patience: float = 0.0, **more) -> Builder:
        program = tmp_path / "build"
        program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{text}")
        program.chmod(0o755)
        builders.append(Builder(Folder(path=tmp_path), program, tmp_path / "runners", patience=patience, **more))
        return builders[-1]

    yield make
    for builder in builders:
        builder.stop()


def log_file(tmp_path) -> Path:
    return tmp_path / "logs" / "runner.log"


def log(tmp_path) -> str:
    return log_file(tmp_path).read_text() if log_file(tmp_path).exists() else ""


def test_it_builds_once_on_one_core_at_a_priority_that_is_low_and_never_starves(made, tmp_path):
    builder = made(WELL)
    builder.check()
    until(lambda: builder.progress is None)
    for _ in range(3):
        builder.check()
    words, priority, shared = log(tmp_path).splitlines()
    assert words.split() == ["--if-missing", "--quick", "--out", str(tmp_path / "runners")]
    assert priority.split() == ["TS", str(max(5, os.nice(0)))]
    assert shared.split() == ["1", *(["5"] if Path("/proc/self/autogroup").exists() else [])]  # the session, too
    assert not builder.failure


@pytest.mark.parametrize(("may_begin", "after"), [(True, 20.0), (False, 80.0)])
def test_it_waits_for_the_laboratory_s_start_and_leaves_it_the_cores_not_for_ever(
    made, tmp_path, monkeypatch, may_begin, after
):
    seconds = [100.0]
    monkeypatch.setattr(runner_build, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    builder = made(WELL, patience=20.0, may_begin=lambda: may_begin)
    for seconds[0] in (100.0, 100.0 + after - 0.1):
        builder.check()
        assert not log_file(tmp_path).exists()
    seconds[0] = 100.0 + after
    builder.check()
    assert log_file(tmp_path).exists()
    until(lambda: "TS" in log(tmp_path))


def test_its_progress_is_told_from_the_start_and_a_failure_is_not_tried_again(made, tmp_path):
    log_file(tmp_path).parent.mkdir()
    log_file(tmp_path).write_text("08:00:00 step 2 of 2, two: 90%, about 9 s left\n")  # of a build before this one
    builder = made(STEPS)
    assert builder.progress.percent is None
    builder.check()
    until(lambda: builder.progress.percent == 25)
    assert "step 2 of 2, two" in builder.progress.step
    assert builder.progress.minutes_left == 1
    (tmp_path / "seen").touch()
    until(lambda: builder.failure)
    builder.check()
    assert builder.progress is None
    assert "exit status 5" in builder.failure
    assert str(log_file(tmp_path)) in builder.failure
    assert log(tmp_path).count("step 1 of 2, one\n") == 1


@pytest.mark.parametrize(("are_stand_ins", "is_closed"), [([], True), ([True], True), ([True, False], False)])
def test_without_a_builder_too_it_is_known_whether_nobody_else_can_attach(are_stand_ins, is_closed):
    offered = {str(number): SimpleNamespace(is_stand_in=own) for number, own in enumerate(are_stand_ins)}
    parts = dict.fromkeys((field.name for field in fields(VolunteerParts)), None)
    offering = SimpleNamespace(offered=offered, problems=())
    offer = VolunteerParts(**parts | {"offering": offering}).offer()
    assert (offer["is_closed"], offer["building"], offer["problems"]) == (is_closed, "", [])


def test_the_end_of_the_laboratory_is_the_end_of_all_that_builds(made, tmp_path):
    builder = made("sleep 600 &\necho $$ >begun\nsleep 601\n")
    builder.check()
    until(lambda: (tmp_path / "begun").exists() and (tmp_path / "begun").read_text().endswith("\n"))
    session = os.getsid(int((tmp_path / "begun").read_text()))
    assert len(of_session(session)) >= 3
    builder.stop()
    until(lambda: not of_session(session))
    builder.check()
    assert not of_session(session)


def test_a_laboratory_that_is_killed_leaves_nothing_behind_that_builds(tmp_path):
    program = tmp_path / "build"
    program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{STUBBORN}")
    program.chmod(0o755)
    text = (
        "import sys, time\nfrom pathlib import Path\nfrom axiom.service.runner_build import Builder\n"
        "from axiom.store.engine.folder import Folder\n"
        "builder = Builder(Folder(path=Path(sys.argv[1])), Path(sys.argv[2]), Path(), patience=0.0)\n"
        "builder.check()\nprint(builder._process.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", text, tmp_path, program], stdout=subprocess.PIPE, text=True) as lab:
        session = int(lab.stdout.readline())
        until(lambda: (tmp_path / "begun").exists() and (tmp_path / "begun").read_text().endswith("\n"))
        assert len(of_session(session)) >= 4
        lab.send_signal(signal.SIGKILL)
        lab.wait()
    until(lambda: not of_session(session))
