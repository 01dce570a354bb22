"""A runner is built beside the laboratory, once, and nothing of that outlives the laboratory."""

import os
import signal
import subprocess
import sys
import time

import pytest
from patience import PATIENCE
from processes import of_session

from axiom.service import runner_build
from axiom.service.runner_build import Builder
from axiom.store.engine.folder import Folder

WELL = 'echo "with $*"\nps -o cls= -p $$\n'
STUBBORN = "trap '' TERM\n(sleep 600 & sleep 601; wait) &\necho $! >begun\nwhile :; do sleep 1; done\n"


@pytest.fixture
def made(tmp_path):
    """Builders of these words; what is left of them is ended."""
    builders = []

    def make(text: str, *, patience: float = 0.0, **more) -> Builder:
        program = tmp_path / "build"
        program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{text}")
        program.chmod(0o755)
        builders.append(Builder(Folder(path=tmp_path), program, patience=patience, **more))
        return builders[-1]

    yield make
    for builder in builders:
        builder.stop()


def until(happened) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def log(tmp_path) -> str:
    path = tmp_path / "logs" / "runner.log"
    return path.read_text() if path.exists() else ""


def test_it_builds_once_out_of_everybody_s_way_and_leaves_a_log(made, tmp_path):
    builder = made(WELL)
    assert builder.says == ""
    builder.look()
    until(lambda: "IDL" in log(tmp_path))
    until(lambda: builder.says == "")
    for _ in range(3):
        builder.look()
    assert log(tmp_path).split() == ["with", "--if-missing", "IDL"]  # a class of its own, behind what is nice
    assert not builder.has_failed


def test_it_waits_until_the_laboratory_has_started(made, tmp_path):
    builder = made(WELL, patience=0.5)
    builder.look()
    assert log(tmp_path) == ""
    until(lambda: builder.look() or log(tmp_path))


def test_what_could_not_be_built_is_said_and_not_tried_again(made, tmp_path):
    builder = made(f"until test -e {tmp_path}/seen; do sleep 0.01; done\necho no network\nexit 5\n")
    builder.look()
    assert "is being built" in builder.says
    (tmp_path / "seen").touch()
    until(lambda: builder.has_failed)
    builder.look()
    assert builder.says == f"the runner could not be built (exit status 5); {tmp_path}/logs/runner.log says why"
    assert log(tmp_path) == "no network\n"


def test_the_end_of_the_laboratory_is_the_end_of_all_that_builds(made, tmp_path):
    builder = made("sleep 600 &\necho $$ >begun\nsleep 601\n")
    builder.look()
    until(lambda: (tmp_path / "begun").exists() and (tmp_path / "begun").read_text().endswith("\n"))
    session = os.getsid(int((tmp_path / "begun").read_text()))
    assert len(of_session(session)) >= 3
    builder.stop()
    until(lambda: not of_session(session))
    builder.look()
    assert not of_session(session)


def test_a_laboratory_that_is_killed_leaves_nothing_behind_that_builds(tmp_path):
    program = tmp_path / "build"
    program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{STUBBORN}")
    program.chmod(0o755)
    text = (
        "import sys, time\nfrom pathlib import Path\nfrom axiom.service.runner_build import Builder\n"
        "from axiom.store.engine.folder import Folder\n"
        "builder = Builder(Folder(path=Path(sys.argv[1])), Path(sys.argv[2]), patience=0.0)\n"
        "builder.look()\nprint(builder._process.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", text, tmp_path, program], stdout=subprocess.PIPE, text=True) as lab:
        session = int(lab.stdout.readline())
        until(lambda: (tmp_path / "begun").exists() and (tmp_path / "begun").read_text().endswith("\n"))
        assert len(of_session(session)) >= 4
        lab.send_signal(signal.SIGKILL)
        lab.wait()
    until(lambda: not of_session(session))


def test_it_leaves_the_cores_to_the_first_findings_and_not_for_ever(made, tmp_path, monkeypatch):
    waits = made(WELL, may_begin=lambda: False)
    waits.look()
    assert log(tmp_path) == ""
    monkeypatch.setattr(runner_build, "_LONGEST_SECONDS", 0.0)
    at_last = made(WELL, may_begin=lambda: False)
    until(lambda: at_last.look() or log(tmp_path))


def test_how_far_it_is_can_be_read_where_its_name_stands(made, tmp_path):
    builder = made(f"echo step 1\necho step 2\nuntil test -e {tmp_path}/seen; do sleep 0.01; done\n")
    builder.look()
    until(lambda: "step 2" in builder.says)
    (tmp_path / "seen").touch()
