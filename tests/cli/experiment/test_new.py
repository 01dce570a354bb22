"""`axiom experiment new` and `run`: a file that runs as it stands, and leaves nothing behind where it is ended."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from patience import PATIENCE
from real_parts import need

import axiom
from axiom.laboratory.experiments.preflight import preflight_file

PACKAGE = Path(axiom.__file__).parent


@pytest.fixture
def file(say_to, tmp_path):
    assert say_to(None, "experiment", "new", "my_question", "--in", tmp_path)[0] == 0
    return tmp_path / "my_question.py"


@need("bwrap")
def test_the_file_runs_and_passes_its_preflight_unless_it_trains_on_the_test_set(file, say_to):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 75
    assert 'name="my_question"' in text
    assert "$" not in text
    status, answer, err = say_to(None, "experiment", "run", file, "--seed", "1", "--json")
    assert status == 0, err
    assert (answer["experiment"], answer["seed"]) == ("my_question", 1)
    assert [cell["outcome"] for cell in answer["cells"]] == ["ok"] * 3
    narrow, _, wide = (cell["measures"]["test_accuracy"] for cell in answer["cells"])
    assert 0.2 < narrow < wide
    judged = preflight_file(PACKAGE, file).judged
    assert judged.passed, judged.reason
    for check in (("check",), ("format", "--check")):
        ruff, config = Path(sys.executable).with_name("ruff"), PACKAGE.parents[1] / "pyproject.toml"
        done = subprocess.run([ruff, *check, "--no-cache", "--config", config, file], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    leaking = text.replace("training.sgd(start, task,", "training.sgd(start, leaked,").replace(
        "    nets = ",
        "    test = {'x_test': task.x_test, 'y_test': task.y_test}\n"
        "    leaked = data.LearningTask(x_train=task.x_test, y_train=task.y_test, **test)\n    nets = ",
    )
    assert leaking.count("leaked") == 2
    file.write_text(leaking, encoding="utf-8")
    judged = preflight_file(PACKAGE, file).judged
    assert judged.failed == "G7", judged.reason


def test_nothing_is_overwritten_nor_written_under_a_name_that_no_experiment_may_have(file, say_to, tmp_path):
    file.write_text("mine", encoding="utf-8")
    for name, folder, status in (
        ("my_question", tmp_path, 4),
        ("other_question", tmp_path / "nowhere", 2),
        *((name, tmp_path, 2) for name in ("ab", "My_question", "9lives", "a-b-c", "a" * 65, "../escape", "naïve", "")),
    ):
        assert say_to(None, "experiment", "new", name, "--in", folder)[0] == status
    assert ([*tmp_path.iterdir()], file.read_text(encoding="utf-8")) == ([file], "mine")


def test_one_replicate_that_fails_here_shows_its_traceback(say_to, tiny_file):
    text = tiny_file.read_text()
    tiny_file.write_text(text.replace("    return Measures(", "    raise KeyError('why')\n    return Measures("))
    status, _, err = say_to(None, "experiment", "run", tiny_file, "--seed", "1")
    assert status == 1
    assert "Traceback" in err
    assert "KeyError: 'why'" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_ended_in_the_middle_clears_its_folders_away(tiny_file, tmp_path, number):
    temporary, compiled = tmp_path / "temporary", tmp_path / "cache" / "axiom" / "compiled"
    mark, began = compiled / "began", threading.Event()  # in the one folder that outlives it and is open to it
    temporary.mkdir()
    compiled.mkdir(parents=True)
    os.mkfifo(mark)
    mark.chmod(0o666)
    pause = f"import time; open({str(mark)!r}, 'w').close(); time.sleep({PATIENCE})"
    tiny_file.write_text(tiny_file.read_text().replace("return Measures(", f"{pause}\n    return Measures("))
    process = subprocess.Popen(
        [sys.executable, "-m", "axiom", "experiment", "run", str(tiny_file), "--seed", "1", "--quiet"],
        env=os.environ | {"TMPDIR": str(temporary), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stderr=subprocess.PIPE,
    )
    try:
        threading.Thread(target=lambda: (mark.read_bytes(), began.set()), daemon=True).start()
        assert began.wait(PATIENCE)
        assert list(temporary.iterdir())
        process.send_signal(number)
        assert process.wait(PATIENCE) == 130
    finally:
        process.kill()
        process.communicate()
    assert list(temporary.iterdir()) == []
    assert list(compiled.iterdir()) == [mark]
