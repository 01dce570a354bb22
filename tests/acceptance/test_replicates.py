"""A whole sweep in one command: interrupted in the worst way and typed again, complete, and beside a laboratory."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import disc_map
import pytest
from patience import PATIENCE
from processes import is_gone
from running_lab import AXIOM, answer, axiom, results_of, running

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
    """Type the command to its end."""
    return answer("experiment", "run", file, "--replicates", replicates, *words, data=data)["experiment"]


def results(data: Path) -> list[dict[str, Any]]:
    """What is stored, without where and when."""
    rows = sorted(notebook.open(data).results("tiny_sweep"), key=lambda row: (row["replicate"], row["size"]))
    return [{name: row[name] for name in ("replicate", "seed", "size", "total", "outcome")} for row in rows]


def below(pid: int) -> list[int]:
    """Every process below this one."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += [int(child), *below(int(child))]
    return found


def begin(file: Path, data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [AXIOM, "experiment", "run", file, "--replicates", str(REPLICATES), "--workers", "2", "--data", data],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(cells: int, process: subprocess.Popen[str], data: Path) -> list[dict[str, Any]]:
    until = time.monotonic() + 40
    while True:
        try:
            if len(there := results(data)) >= cells:
                return there
        except AxiomError:
            pass  # no laboratory, or no experiment in it, yet
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def undisturbed(tmp_path: Path) -> list[dict[str, Any]]:
    """The numbers of a laboratory in which nothing went wrong."""
    sweep(experiment(tmp_path / "calm"), tmp_path / "undisturbed")
    return results(tmp_path / "undisturbed")


def test_killed_at_half_and_typed_again_nothing_is_lost_or_done_twice(tmp_path: Path, undisturbed: Any) -> None:
    file, data = experiment(tmp_path, pause=0.8), tmp_path / "lab"  # longer than a second command needs to start
    process = begin(file, data)
    try:
        wait_for(CELLS // 2, process, data)
        second = axiom("experiment", "run", file, "--replicates", REPLICATES, data=data)
        assert (second.returncode, "axiom experiment run" in second.stderr) == (5, True), "two at once are refused"
        everybody = below(process.pid)
        assert len(everybody) >= 2, "a runner, and the process that computes for it"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        until = time.monotonic() + 2
        while not all(map(is_gone, everybody)):
            assert time.monotonic() < until, "somebody lives on two seconds after the parent was killed"
            time.sleep(0.05)
    finally:
        process.kill()
        process.communicate()
    had = len(results(data))
    assert CELLS // 2 <= had < CELLS
    assert sweep(file, data)["cells"] == {"ordered": CELLS, "stored": CELLS, "missing": 0}
    assert results(data) == undisturbed
    tasks = answer("task", "list", data=data)["tasks"]
    assert {task["state"] for task in tasks} == {"valid"}
    assert len(tasks) == REPLICATES + 2, "a task that was out is taken up, not sent to somebody else"
    assert axiom("doctor", "--invariants", data=data).returncode == 0


def test_complete_it_answers_at_once_and_orders_nothing(tmp_path: Path) -> None:
    file, data = experiment(tmp_path, pause=0.3), tmp_path / "lab"
    first = sweep(file, data)
    before = answer("task", "list", data=data)
    began = time.monotonic()
    assert sweep(file, data) == first
    assert time.monotonic() - began < CELLS * 0.3, "quicker than to compute it on one core"
    assert answer("task", "list", data=data) == before
    assert sweep(file, data, replicates=REPLICATES + 1)["cells"]["stored"] == CELLS + 3
    assert [row["n"] for row in sweep(file, data)["summary"]] == [REPLICATES + 1] * 3


def test_a_person_sees_intervals_a_picture_and_where_the_data_are(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    done = subprocess.run(
        [AXIOM, "experiment", "run", file, "--replicates", "6"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert "Medians over n seeds" in done.stdout
    assert "Total by size" in done.stdout
    assert "●" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith(("1  ", "2  ", "4  "))]
    assert len(rows) == 3
    assert all("6" in row and "[" in row for row in rows)
    assert 'axiom.open("lab-data").results("tiny_sweep")' in done.stderr
    assert len(done.stderr.splitlines()) == 2, "where it was made, where it is: nothing for each task"


def test_beside_a_laboratory_that_works_the_same_comes_out(tmp_path: Path, undisturbed: Any) -> None:
    file, data = experiment(tmp_path), tmp_path / "lab"
    with running(data, "--no-pi", "--workers", "1") as lab:
        assert sweep(file, data)["cells"]["missing"] == 0
        assert results_of(lab.status(), "tiny_sweep") == CELLS
        assert lab.stop() == 130
    assert results(data) == undisturbed


def test_beside_a_laboratory_without_cores_it_says_how_it_gets_some(tmp_path: Path) -> None:
    file, data = experiment(tmp_path), tmp_path / "lab"
    with running(data, command="serve") as lab:
        done = axiom("experiment", "run", file, "--replicates", 1, data=data)
        assert done.returncode == 5
        waits, gives_up = done.stderr.splitlines()
        assert waits.startswith(f"The laboratory of process {lab.process.pid} has it now, and no cores of its own: ")
        assert f"`axiom work --data {data}`" in waits
        assert f"`axiom work --data {data}`" in gives_up
        assert lab.stop() == 130
    assert sweep(file, data, replicates=1)["cells"]["missing"] == 0


def test_whoever_waits_for_what_is_out_at_somebody_who_is_gone_is_told_and_may_leave(tmp_path: Path) -> None:
    file, data = experiment(tmp_path, pause=5.0), tmp_path / "lab"
    with running(data, command="serve") as lab, (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            [AXIOM, "experiment", "run", file, "--replicates", "2", "--data", data], stdout=said, stderr=said
        )
        gone = subprocess.Popen([AXIOM, "work", "--data", data, "--workers", "1"], stderr=said)
        try:
            lab.wait(lambda status: any(row["tasks"].get("sent") for row in status["experiments"]))
            gone.kill()
            until = time.monotonic() + PATIENCE
            while "though tasks are out" not in (tmp_path / "said").read_text():
                assert process.poll() is None, (tmp_path / "said").read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        finally:
            for each in (gone, process):
                each.kill()
                each.wait()
        assert "Stopped. What is ordered stays ordered, and the same command" in (tmp_path / "said").read_text()


def test_the_first_cell_is_there_before_its_replicate_is(tmp_path: Path) -> None:
    process = begin(experiment(tmp_path, pause=1.0), tmp_path / "lab")
    try:
        there = wait_for(1, process, tmp_path / "lab")
        assert [row["replicate"] for row in there] in ([0], [0, 0])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def test_ctrl_c_is_no_loss(tmp_path: Path, undisturbed: Any) -> None:
    file, data = experiment(tmp_path, pause=0.15), tmp_path / "lab"
    process = begin(file, data)
    try:
        wait_for(CELLS // 2, process, data)
        process.send_signal(signal.SIGINT)
        assert "Stopped. What is ordered stays ordered" in process.communicate(timeout=20)[1]
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate()
    sweep(file, data)
    assert results(data) == undisturbed


def test_cells_that_raise_are_said_and_end_with_one(tmp_path: Path) -> None:
    file, data = experiment(tmp_path, then="assert size < 4"), tmp_path / "lab"
    done = axiom("experiment", "run", file, "--replicates", 2, "--workers", 2, "--json", data=data)
    assert done.returncode == 1
    # Of the first replicate two cells are a task of their own, so they are kept when the third raises.
    assert json.loads(done.stdout)["experiment"]["cells"] == {"ordered": 6, "stored": 2, "missing": 4}
    assert "AssertionError" in done.stderr


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        (["rank_dynamics", "--replicates", 8, "lr=0.1"], "another sweep", 2),
        (["rank_dynamics", "--replicates", 8, "--seed", 1], "one of", 2),
        (["rank_dynamics", "--seed", 1, "--workers", 2], "goes with --replicates", 2),
        (["rank_dynamics", "--replicates", 0], "--replicates", 2),
        (["rank_dynamic", "--replicates", 8], "Did you mean rank_dynamics?", 2),
        (["nowhere.py", "--replicates", 8], "no file", 3),
    ],
)
def test_words_that_are_off_start_nothing(tmp_path: Path, words: list[object], said: str, status: int) -> None:
    done = axiom("experiment", "run", *words, data=tmp_path / "lab")
    assert done.returncode == status
    assert said in done.stderr
    assert not (tmp_path / "lab").exists()


def test_settings_without_cores_say_how_it_gets_some(tmp_path: Path) -> None:
    file, data = experiment(tmp_path), tmp_path / "lab"
    axiom("init", data, "--port", 0)
    with (data / "axiom.toml").open("a") as settings:
        settings.write("workers = 0\n")
    done = axiom("experiment", "run", file, "--replicates", 1, data=data)
    assert done.returncode == 2
    assert "--workers 1" in done.stderr
    assert sweep(file, data, "--workers", 1, replicates=1)["cells"]["missing"] == 0


def test_a_map_is_charted_to_the_level_that_its_file_says(tmp_path: Path) -> None:
    data = tmp_path / "lab"
    said = sweep(Path(disc_map.__file__), data, replicates=2)
    assert said["cells"] == {"ordered": 4, "stored": 4, "missing": 0}
    drawn = Counter(row["level"] for row in notebook.open(data).results("disc_map"))
    assert (drawn[0], set(drawn)) == (4, {0, 1, disc_map.MAP.charted})
    assert said["tiles"] == {"stored": drawn[1] + drawn[2], "missing": 0}
    assert sweep(Path(disc_map.__file__), data, replicates=2) == said
    done = axiom("experiment", "run", disc_map.__file__, "--replicates", 2, data=data)
    assert str(drawn[1] + drawn[2]) in done.stderr
    assert len(done.stdout.splitlines()) == 4  # a row for each tile of level 0, and two lines about them
