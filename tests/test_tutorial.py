"""The tutorials work as written: their files are saved, their changes made, their commands run, from top to bottom."""

import os
import re
import subprocess
import sys
from pathlib import Path

from patience import PATIENCE
from real_parts import need

import axiom

PAGES = Path(axiom.__file__).parents[2] / "docs" / "tutorial"
MOST_LINES = 8  # beyond somebody's own function


def blocks(page: str) -> list[tuple[str, str]]:
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def save(folder: Path, text: str) -> None:
    name = re.match(r"# (\w+\.py)\n", text)
    assert name, f"the first line of a file must name it: {text[:40]}"
    (folder / name[1]).write_text(text, encoding="utf-8")


def change(folder: Path, text: str, edited: str) -> None:
    old, new = (
        "".join(line[1:] + "\n" for line in text.splitlines() if line[0] in signs) for signs in ((" ", "-"), (" ", "+"))
    )
    file = folder / edited
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


def without_numbers(text: str) -> list[str]:
    """Its lines; another computer prints other numbers, and wider columns."""
    return [" ".join(re.sub(r"-?\d[\d.,+e]*", "#", line).split()) for line in text.splitlines()]


def play(page: str, folder: Path, edited: str) -> list[tuple[str, str]]:
    """Each block of commands with what it printed; what the page shows of that must be in it."""
    outputs: list[tuple[str, str]] = []
    for kind, text in blocks(page):
        match kind:
            case "python":
                save(folder, text)
            case "diff":
                change(folder, text, edited)
            case "sh":
                outputs.append((text, execute(folder, text)))
            case "text":
                output = without_numbers(outputs[-1][1])
                assert [line for line in without_numbers(text) if line not in output] == [], outputs[-1][1]
    return outputs


def printed(outputs: list[tuple[str, str]], words: str) -> str:
    (output,) = (output for text, output in outputs if words in text)
    return output


def test_an_experiment_is_edited_published_and_a_function_of_one_s_own_wrapped(tmp_path):
    outputs = play("write-an-experiment.md", tmp_path, "my_width.py")
    edited = printed(outputs, "width=2,128")
    assert "best_accuracy" in edited, "it measures what was added"
    assert edited.count(" ok ") == 5 + 2
    assert "my_width" in printed(outputs, "experiment deploy")
    wrapped = printed(outputs, "my_training.py")
    assert "loss" in wrapped
    assert wrapped.count(" ok ") == 3
    (file,) = (text for kind, text in blocks("write-an-experiment.md") if kind == "python" and "wrap(" in text)
    beyond = file.split("    return {")[1].splitlines()[1:]
    assert 1 <= len([line for line in beyond if line.strip()]) <= MOST_LINES


@need("bwrap")
def test_each_mistake_is_found_by_the_gate_that_the_tutorial_says(tmp_path):
    outputs = play("control-an-experiment.md", tmp_path, "label_smoothing.py")
    tries = [output for text, output in outputs if "preflight" in text]
    assert ["Passed: all gates" in output for output in tries] == [True, False, False]
    assert [re.findall(r"^  (G\d) .* failed:", output, re.MULTILINE) for output in tries] == [[], ["G7"], ["G8"]]
    *_, (_, answer) = outputs
    interval = re.search(r"^interval +\[([\d.]+), ([\d.]+)\]$", answer, re.MULTILINE)
    assert interval
    assert 1.0 < float(interval[1]) < float(interval[2]) < 2.5
