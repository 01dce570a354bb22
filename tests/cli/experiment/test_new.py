"""`axiom experiment new`: a file that runs as it stands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from patience import PATIENCE

import axiom
from axiom.cli.experiment.new import new
from axiom.errors import Refused, WrongUse
from axiom.lab.experiments.preflight import try_file

ROOT = Path(axiom.__file__).parents[2]


def write(folder: Path, name: str = "my_question") -> Path:
    done = CliRunner().invoke(new, [name, "--in", str(folder)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder / f"{name}.py"


def test_the_file_is_short_and_carries_its_name(tmp_path):
    text = write(tmp_path).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 67
    assert 'name="my_question"' in text
    assert "$" not in text


def test_the_file_runs_at_once_and_every_cell_is_measured(tmp_path):
    command = [sys.executable, "-m", "axiom", "experiment", "run", str(write(tmp_path)), "--seed", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["experiment"], answer["seed"]) == ("my_question", 1)
    assert [cell["outcome"] for cell in answer["cells"]] == ["ok"] * 3
    narrow, _, wide = (cell["measures"]["test_accuracy"] for cell in answer["cells"])
    assert 0.2 < narrow < wide


def test_the_file_passes_its_preflight(tmp_path):
    judged = try_file(Path(axiom.__file__).parent, write(tmp_path)).judged
    assert judged.passed, judged.reason


def test_who_trains_on_the_test_set_does_not_pass(tmp_path):
    file = write(tmp_path)
    text = file.read_text(encoding="utf-8")
    leaking = text.replace("training.sgd(start, task,", "training.sgd(start, leaked,").replace(
        "    nets = ",
        "    test = {'x_test': task.x_test, 'y_test': task.y_test}\n"
        "    leaked = data.LearningTask(x_train=task.x_test, y_train=task.y_test, **test)\n    nets = ",
    )
    assert leaking.count("leaked") == 2
    file.write_text(leaking, encoding="utf-8")
    judged = try_file(Path(axiom.__file__).parent, file).judged
    assert judged.failed == "G7", judged.reason


@pytest.mark.parametrize("check", [("check",), ("format", "--check")], ids=" ".join)
def test_the_file_keeps_the_rules_of_the_house(tmp_path, check):
    file = write(tmp_path)
    command = [Path(sys.executable).with_name("ruff"), *check, "--no-cache", "--config", ROOT / "pyproject.toml", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_overwritten(tmp_path):
    file = write(tmp_path)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(Refused, match="is there already, and it was left as it is"):
        write(tmp_path)
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["ab", "My_question", "9lives", "a-b-c", "a" * 65, "../escape", "a b c", "naïve", ""])
def test_a_name_that_no_experiment_may_have_is_refused(tmp_path, name):
    with pytest.raises(WrongUse, match="must be 3 to 64 of a-z, 0-9 and _"):
        write(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(WrongUse, match="There is no folder"):
        write(tmp_path / "nowhere")
