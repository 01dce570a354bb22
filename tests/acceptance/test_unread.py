"""What nobody looked at reaches no computer: on the path of the laboratory's own, which needs no volunteer."""

import sqlite3
from contextlib import closing
from pathlib import Path

from running_lab import answer, axiom, running
from volunteer_lab import experiment


def say(data: Path, statement: str) -> None:
    """Change a row behind the laboratory's back, which is not up."""
    with closing(sqlite3.connect(data / "axiom.db", isolation_level=None)) as db:
        assert db.execute(statement).rowcount > 0


def results(status) -> int:
    """How many cells are stored."""
    return sum(one["results"].get("ok", 0) for one in status["experiments"])


def is_over(status) -> bool:
    """Is everything done that was ordered?"""
    return not any(one["workunits"].get("open", 0) for one in status["experiments"])


def test_our_own_computer_gets_nothing_without_a_row_and_all_of_it_with_one(tmp_path: Path) -> None:
    data, file = tmp_path / "lab", experiment(tmp_path, "fresh")
    assert axiom("init", data).returncode == 0
    assert axiom("experiment", "publish", file, data=data).returncode == 0
    assert axiom("experiment", "deploy", "fresh", data=data).returncode == 0
    (data / "catalogue" / "fresh.py").write_text("")  # else the laboratory looks at it again when it starts
    say(data, "UPDATE preflight SET passed = 0")
    with running(data, "--workers", "1", "--no-pi") as lab:
        lab.wait(lambda status: any(one["name"] == "test_deploy" for one in status["experiments"]))
        lab.wait(lambda _: "before which it goes to nobody" in answer("host", "why", 1, data=data)["host"]["reason"])
        assert results(lab.status()) == 0
        assert axiom("experiment", "deploy", "fresh", data=data).returncode == 4
        assert axiom("experiment", "publish", file, data=data).returncode == 0  # the same file is looked at again
        lab.wait(lambda status: results(status) > 0)
        lab.wait(is_over)
        assert axiom("doctor", "--invariants", data=data).returncode == 0
        lab.stop()


def test_a_sweep_of_a_file_that_does_not_read_as_an_experiment_is_not_ordered(tmp_path: Path) -> None:
    file = experiment(tmp_path, "made")
    text = file.read_text().replace("experiment = Experiment(", "def make():\n  return Experiment(")
    file.write_text(f"{text}\nexperiment = make()\n")
    done = axiom("experiment", "run", file, "--replicates", 2, data=tmp_path / "lab")
    assert done.returncode == 4
    assert "not even the laboratory's own hosts may have it: G0, parse: line " in done.stderr
    assert "once, outside of functions" in done.stderr
    assert "Nothing was ordered" in done.stderr
