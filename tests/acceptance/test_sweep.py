"""A whole sweep in one command: interrupted in the worst ways and typed again, and beside a laboratory."""

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import disc_map
from changed_database import wait_for_change
from patience import PATIENCE
from processes import is_gone
from running_lab import AXIOM, answer, axiom, results_of, running, typed

import axiom as notebook
from axiom.errors import AxiomError

WRAPPED = """
import time


def measure(size, seed):
    time.sleep({pause})
    {then}
    return {{"total": size + (seed % 1000) / 1000}}


from axiom.domain.experiments import Figure
from axiom.domain.wrap import wrap

experiment = wrap(
    measure, name="tiny_sweep", question="Is more more?", sweep={{"size": [1, 2, 4]}}, measures={{"total": float}},
    seconds=0.1, memory_mb=100, figure=Figure(x="size", y="total", title="Total by size"),
)
"""
REPLICATES, CELLS = 6, 18


def experiment(folder: Path, *, pause: float = 0.0, then: str = "pass") -> Path:
    """A file with a sweep of three configs."""
    folder.mkdir(exist_ok=True)
    file = folder / "tiny_sweep.py"
    file.write_text(WRAPPED.format(pause=pause, then=then))
    return file


def sweep(file: Path, data: Path, *words: object, replicates: int = REPLICATES) -> Any:
    return answer("experiment", "run", file, "--replicates", replicates, *words, data=data)["experiment"]


def results(data: Path) -> list[dict[str, Any]]:
    """What is stored, without where and when; nothing before there is an experiment."""
    try:
        rows = sorted(notebook.open(data).results("tiny_sweep"), key=lambda row: (row["replicate"], row["size"]))
    except AxiomError:
        return []
    return [{name: row[name] for name in ("replicate", "seed", "size", "total", "outcome")} for row in rows]


def below(pid: int) -> list[int]:
    processes = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            processes += [int(child), *below(int(child))]
    return processes


def begin(file: Path, data: Path, cells: int) -> "subprocess.Popen[str]":
    """The command in a process of its own, which has stored so many cells."""
    command = [AXIOM, "experiment", "run", file, "--replicates", str(REPLICATES), "--workers", "2", "--data", data]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for_change(data, lambda: len(results(data)) >= cells or process.poll() is not None, lambda: "no results")
    assert process.poll() is None, process.communicate()
    return process


def test_stopped_and_killed_and_typed_again_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    file, data = experiment(tmp_path, pause=0.5), tmp_path / "lab"
    process = begin(file, data, 1)
    assert [row["replicate"] for row in results(data)][:1] == [0], "the first cell is there before its replicate is"
    process.send_signal(signal.SIGINT)
    assert "Stopped. What is ordered stays ordered" in process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 130

    process = begin(file, data, CELLS // 2)
    try:
        process.send_signal(signal.SIGSTOP)  # it is not done before the second has begun, however slow that is
        second = axiom("experiment", "run", file, "--replicates", REPLICATES, data=data)
        assert second.returncode == 5, "two at once are refused"
        assert "axiom experiment run" in second.stderr, "two at once are refused"
        everybody = below(process.pid)
        assert len(everybody) >= 2, "a runner, and the process that computes for it"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    wait_for_change(data, lambda: all(map(is_gone, everybody)), lambda: "somebody lives on after the parent was killed")
    assert CELLS // 2 <= len(results(data)) < CELLS
    whole = sweep(file, data)
    assert whole["cells"] == {"ordered": CELLS, "stored": CELLS, "missing": 0}
    stored = results(data)
    cells = {(row["replicate"], row["size"]) for row in stored}
    assert len(stored) == len(cells) == CELLS
    assert {row["outcome"] for row in stored} == {"ok"}
    tasks = answer("task", "list", data=data)["tasks"]
    over = [task["state"] for task in tasks if task["cause"] != "taken-back"]  # which had not begun at the first stop
    assert over == ["valid"] * (REPLICATES + 2), "a task that was out is taken up, not sent to somebody else"
    assert typed("doctor", "--invariants", data=data).returncode == 0

    assert sweep(file, data) == whole, "complete it answers at once and orders nothing"
    assert answer("task", "list", data=data)["tasks"] == tasks
    assert sweep(file, data, replicates=REPLICATES + 1)["cells"]["stored"] == CELLS + 3
    done = axiom("experiment", "run", file, "--replicates", REPLICATES, data=data)
    rows = [line for line in done.stdout.splitlines() if line.startswith(("1  ", "2  ", "4  "))]
    assert len(rows) == 3
    assert all(str(REPLICATES + 1) in row and "[" in row for row in rows)
    assert "Total by size" in done.stdout
    assert len(done.stderr.splitlines()) <= 2, "where it was made, where it is: nothing for each task"


def test_beside_a_laboratory_it_says_how_it_gets_cores_and_who_waits_may_leave(tmp_path: Path) -> None:
    file, data = experiment(tmp_path, pause=5.0), tmp_path / "lab"
    with running(data, command="serve") as lab:
        done = axiom("experiment", "run", file, "--replicates", 1, data=data)
        assert done.returncode == 5
        waits, gives_up = done.stderr.splitlines()
        assert f"process {lab.process.pid}" in waits
        assert all(f"`axiom work --data {data}`" in line for line in (waits, gives_up))

        remarks = tmp_path / "said"
        with remarks.open("w") as terminal:
            command = [AXIOM, "experiment", "run", file, "--replicates", "2", "--data", data]
            process = subprocess.Popen(command, stdout=terminal, stderr=terminal)
            gone = subprocess.Popen([AXIOM, "work", "--data", data, "--workers", "1"], stderr=terminal)
        try:
            lab.wait(lambda status: any(row["tasks"].get("sent") for row in status["experiments"]))
            gone.kill()
            wait_for_change(data, lambda: "though tasks are out" in remarks.read_text(), remarks.read_text)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        finally:
            for started in (gone, process):
                started.kill()
                started.wait()
        assert "Stopped. What is ordered stays ordered" in remarks.read_text()

    quick = experiment(tmp_path / "quick")
    with running(tmp_path / "other", "--no-pi", "--workers", "1") as lab:
        assert sweep(quick, lab.data)["cells"]["missing"] == 0
        assert results_of(lab.status(), "tiny_sweep") == CELLS


def test_cells_that_raise_are_said_and_settings_without_cores_too(tmp_path: Path) -> None:
    file, data = experiment(tmp_path, then="assert size < 4"), tmp_path / "lab"
    done = typed("experiment", "run", file, "--replicates", 2, "--workers", 2, "--json", data=data)
    assert done.returncode == 1
    # Of the first replicate two cells are a task of their own, so they are kept when the third raises.
    assert json.loads(done.stdout)["experiment"]["cells"] == {"ordered": 6, "stored": 2, "missing": 4}
    assert "AssertionError" in done.stderr
    with (data / "axiom.toml").open("a") as settings:
        settings.write("workers = 0\n")
    done = typed("experiment", "run", experiment(tmp_path), "--replicates", 1, data=data)
    assert done.returncode == 2
    assert "--workers 1" in done.stderr


def test_words_that_are_off_start_nothing(tmp_path: Path) -> None:
    for words, hint, status in (
        (["rank_dynamics", "--replicates", 8, "lr=0.1"], "another sweep", 2),
        (["rank_dynamics", "--replicates", 8, "--seed", 1], "--seed", 2),
        (["rank_dynamics", "--seed", 1, "--workers", 2], "--replicates", 2),
        (["rank_dynamics", "--replicates", 0], "--replicates", 2),
        (["nowhere.py", "--replicates", 8], "nowhere.py", 3),
    ):
        done = typed("experiment", "run", *words, data=tmp_path / "lab")
        assert done.returncode == status, done.stderr
        assert done.stdout == "", done.stderr
        assert hint in done.stderr, done.stderr
        assert not (tmp_path / "lab").exists()


def test_a_map_is_charted_to_the_level_that_its_file_says(tmp_path: Path) -> None:
    data = tmp_path / "lab"
    answered = sweep(Path(disc_map.__file__), data, replicates=2)
    assert answered["cells"] == {"ordered": 4, "stored": 4, "missing": 0}
    drawn = Counter(row["level"] for row in notebook.open(data).results("disc_map"))
    assert (drawn[0], set(drawn)) == (4, {0, 1, disc_map.MAP.charted})
    assert answered["tiles"] == {"stored": drawn[1] + drawn[2], "missing": 0}
    assert sweep(Path(disc_map.__file__), data, replicates=2) == answered
    done = typed("experiment", "run", disc_map.__file__, "--replicates", 2, data=data)
    assert str(drawn[1] + drawn[2]) in done.stderr
    assert len(done.stdout.splitlines()) == 4  # a row for each tile of level 0, and two lines about them
