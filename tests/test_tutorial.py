"""The tutorial works as it is written: its files are saved, its changes made, its commands run, from top to bottom."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom

PAGE = Path(axiom.__file__).parents[2] / "docs" / "tutorial" / "write-an-experiment.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
EDITED = "my_width.py"
MOST_LINES = 8  # beyond somebody's own function


def save(folder: Path, text: str) -> None:
    name = re.match(r"# (\w+\.py)\n", text)
    assert name, f"the first line of a file must name it: {text[:40]}"
    (folder / name[1]).write_text(text, encoding="utf-8")


def change(folder: Path, text: str) -> None:
    old, new = (
        "".join(line[1:] + "\n" for line in text.splitlines() if line[0] in signs) for signs in ((" ", "-"), (" ", "+"))
    )
    file = folder / EDITED
    before = file.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"the file has not, or not once:\n{old}"
    file.write_text(before.replace(old, new), encoding="utf-8")


def execute(folder: Path, text: str) -> str:
    surroundings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AXIOM_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    done = subprocess.run(
        ["/bin/sh", "-eu"], input=text, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each block of commands printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    doing = {"python": save, "diff": change, "sh": execute}
    return {text: doing[kind](folder, text) for kind, text in BLOCKS}


def printed(said: dict[str, str], words: str) -> str:
    (found,) = (output for text, output in said.items() if output is not None and words in text)
    return found


def test_the_edited_experiment_measures_what_was_added(said):
    output = printed(said, "width=2,128")
    assert "best_accuracy" in output
    assert output.count(" ok ") == 5 + 2


def test_the_published_experiment_is_in_the_laboratory(said):
    assert "my_width" in printed(said, "experiment deploy")


def test_the_wrapped_function_is_computed(said):
    output = printed(said, "my_training.py")
    assert "loss" in output
    assert output.count(" ok ") == 3


def test_wrapping_a_function_takes_at_most_eight_lines():
    (file,) = (text for kind, text in BLOCKS if kind == "python" and "wrap(" in text)
    beyond = file.split("    return {")[1].splitlines()[1:]
    assert 1 <= len([line for line in beyond if line.strip()]) <= MOST_LINES
