"""The page "weigh your own results" works as written: its tables are saved, its commands and programs run in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom
from axiom_weigh.tables.read_sheet import KNOWN, MOST_ROWS
from axiom_weigh.weighing.weigh import ESTIMANDS

PAGE = Path(axiom.__file__).parents[2] / "docs" / "howto" / "weigh-your-own-results.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) ?([\w.-]*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def execute(command: list[str], folder: Path, text: str | None = None) -> str:
    surroundings = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, input=text, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What each block of commands and each program printed, in their order."""
    folder = tmp_path_factory.mktemp("weighing")
    printed = []
    for kind, name, text in BLOCKS:
        if kind == "csv":
            (folder / name).write_text(text, encoding="utf-8")
        elif kind == "sh":
            printed.append(execute(["/bin/sh", "-eu"], folder, text))
        elif kind == "python":
            printed.append(execute([sys.executable, "-c", text], folder))
        else:
            assert printed[-1].startswith(text), "the page shows what the command before it prints"
    return printed


def test_every_block_does_what_the_page_says(outputs):
    results, planned, events, columns, runs, *_ = outputs
    assert "effect +" in results
    assert "seeds in one case of two" in planned
    undecided, decided = events.split("events.csv: ")[1:]
    assert "--estimand proportion --null P" in undecided
    assert "effect +: the share of the values lies above 0.1" in decided
    assert "mean of 3 paired seeds" in columns
    assert "taken for the outcome: the column status" in runs


def test_the_page_names_every_column_estimand_and_limit():
    assert all(f"`{name}`" in TEXT for name in KNOWN if name not in ("seed", "value"))
    assert all(word.replace("_", " ") in TEXT for word in ESTIMANDS)
    assert f"{MOST_ROWS:,} rows" in TEXT
