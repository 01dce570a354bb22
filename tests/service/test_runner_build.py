"""A runner is built beside the laboratory, once, and nothing of that outlives the laboratory."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from patience import until
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


def log_file(tmp_path) -> Path:
    return tmp_path / "logs" / "runner.log"


def log(tmp_path) -> str:
    return log_file(tmp_path).read_text() if log_file(tmp_path).exists() else ""


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


@pytest.mark.parametrize(("may_begin", "after"), [(True, 20.0), (False, 920.0)])
def test_it_waits_until_the_laboratory_has_started_and_leaves_it_the_cores_not_for_ever(
    made, tmp_path, monkeypatch, may_begin, after
):
    seconds = [100.0]
    monkeypatch.setattr(runner_build, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    builder = made(WELL, patience=20.0, may_begin=lambda: may_begin)
    for seconds[0] in (100.0, 100.0 + after - 0.1):
        builder.look()
        assert not log_file(tmp_path).exists()
    seconds[0] = 100.0 + after
    builder.look()
    assert log_file(tmp_path).exists()
    until(lambda: "IDL" in log(tmp_path))


def test_how_far_it_is_is_said_and_that_it_failed_and_is_not_tried_again(made, tmp_path):
    wait = f"until test -e {tmp_path}/seen; do sleep 0.01; done"
    builder = made(f"echo step 1\necho step 2\n{wait}\necho no network\nexit 5\n")
    builder.look()
    assert builder.says
    until(lambda: "step 2" in builder.says)
    (tmp_path / "seen").touch()
    until(lambda: builder.has_failed)
    builder.look()
    assert "exit status 5" in builder.says
    assert str(log_file(tmp_path)) in builder.says
    assert log(tmp_path).splitlines() == ["step 1", "step 2", "no network"]


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
