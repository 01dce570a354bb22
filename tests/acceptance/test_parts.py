"""The parts of a laboratory, started one by one as an operator starts them."""

import json
import os
import signal
import subprocess
from pathlib import Path

from patience import PATIENCE
from running_lab import AXIOM, Lab, answer, axiom, running


def part(*words: object, data: Path) -> subprocess.Popen[str]:
    """Start a part beside the server."""
    return subprocess.Popen(
        [AXIOM, *map(str, words), "--data", data],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> int:
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    return process.returncode


def test_server_engine_and_autopilot_one_by_one(quick: Path) -> None:
    with running(quick, command="serve") as lab:
        assert lab.status()["parts"]["engine"] is False
        pilot = part("pi", "--pause", "0.2", data=quick)
        engine = part("work", "--workers", "1", "--name", "beside", data=quick)
        try:
            lab.wait(lambda status: status["totals"]["result"] > 0)
            second = axiom("work", "--workers", "1", "--name", "beside", data=quick)
            assert second.returncode == 5
            assert "another --name" in second.stderr
            assert _names(quick) == {"this computer", "beside"}
        finally:
            assert end(engine) == 0
            assert end(pilot) == 0
        assert answer("session", "list", data=quick)["sessions"]
        assert axiom("doctor", "--invariants", data=quick).returncode == 0
        assert lab.stop() == 130


def test_an_autopilot_started_without_a_terminal_stays(quick: Path) -> None:
    with running(quick, command="serve") as lab:
        pilot = subprocess.Popen(
            [AXIOM, "pi", "--pause", "0.2", "--data", quick], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        lab.wait(lambda _status: json.loads(lab.page("sessions.json"))["sessions"])  # a command is a new process
        assert answer("session", "list", data=quick)["sessions"]
        assert pilot.poll() is None
        pilot.send_signal(signal.SIGINT)
        assert pilot.wait(timeout=PATIENCE) == 0


def test_an_engine_without_a_laboratory_says_what_is_missing(quick: Path) -> None:
    done = axiom("work", data=quick)
    assert done.returncode == 5
    assert "axiom serve" in done.stderr


def test_an_autopilot_that_never_found_a_laboratory_says_what_is_missing(quick: Path) -> None:
    done = axiom("pi", "--pause", "0.1", data=quick)
    assert done.returncode == 5
    assert "no session was held. Start `axiom serve`" in done.stderr


def test_engine_and_autopilot_end_with_their_laboratory(quick: Path) -> None:
    with running(quick, command="serve") as lab:
        pilot = part("pi", "--pause", "0.2", data=quick)
        engine = part("work", "--workers", "1", data=quick)
        lab.wait(lambda status: status["totals"]["workunit"] > 0)
        _kill(lab)
        for process in (pilot, engine):
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 0


def _kill(lab: Lab) -> None:
    os.kill(lab.process.pid, signal.SIGKILL)
    lab.process.wait()


def _names(data: Path) -> set[str]:
    return {host["name"] for host in answer("host", "list", data=data)["hosts"]}
