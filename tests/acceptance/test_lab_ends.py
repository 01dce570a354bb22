"""A laboratory is stopped, or killed, and the same command goes on. Apart from one that computes all the time."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from running_lab import answer, axiom, running


def test_ctrl_c_stops_it_and_the_same_command_goes_on(quick: Path) -> None:
    words = ("--workers", "1", "--no-pi")  # one task of several seconds, and no other
    with running(quick, *words) as first:
        first.wait(lambda status: "rank_dynamics" in {row["name"] for row in status["experiments"]})
        answer("experiment", "deploy", "rank_dynamics", "--workunits", 1, data=quick)
        first.wait(lambda status: status["computing"])
        assert first.stop() == 130
    assert not (quick / "axiom.sock").exists()
    out = [task["id"] for task in answer("task", "list", "--state", "sent", data=quick)["tasks"]]
    assert out, "stopped in the middle of a task"
    assert answer("status", data=quick)["status"]["state"] == "stopped"
    with running(quick, *words) as second:
        # The task that was out goes on instead of being given up.
        second.wait(lambda _: json.loads(second.page(f"tasks/{out[0]}.json"))["task"]["state"] == "valid")
        assert second.stop() == 130
    assert axiom("doctor", "--invariants", data=quick).returncode == 0


def test_its_log_says_once_that_it_began_and_once_that_it_stopped(tmp_path: Path) -> None:
    with running(tmp_path / "lab", "--workers", "0", "--no-pi") as lab:
        lab.wait(lambda status: status["experiments"])
        assert lab.stop() == 130
    lines = (tmp_path / "lab" / "logs" / "axiom.log").read_text().splitlines()
    assert [line.split()[3] for line in lines if "axiom.lab " in line] == ["lab.started", "lab.stopped"]
    assert [line for line in lines if "uvicorn" in line] == []


def test_three_kills_break_no_promise(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The campaign that kills a hundred times, at its smallest.

    How soon it serves again and its processes are gone is the campaign's to measure, on a quiet computer; here other
    tests share the cores, and each life has something to lose before it ends.
    """
    patient = ["--after", "2", "--longest", "4", "--within", "60", "--gone", "15"]
    monkeypatch.setattr(sys, "argv", ["kill", "--kills", "3", *patient])
    assert _campaign("kill").main() == 0, capsys.readouterr().out


def _campaign(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "scripts" / "campaign.d" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"campaign_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
