"""A laboratory without the distribution `axiom-catalogue` works, and knows of no earlier laboratory."""

import json
import subprocess
import sys

import pytest
from patience import PATIENCE

# As where the distribution is not installed; what a command starts besides has the same Python.
WITHOUT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "axiom_catalogue" else find(name, package)
import axiom.__main__
sys.exit(axiom.__main__._main(sys.argv[1:]))
"""


def without_catalogue(*words: object) -> dict[str, object]:
    command = [sys.executable, "-c", WITHOUT, *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if "--json" in words else {}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "lab"


def test_a_laboratory_begins_without_experiments_and_takes_its_own(folder, tmp_path):
    without_catalogue("init", folder)
    assert without_catalogue("experiment", "list", "--data", folder, "--json")["experiments"] == []
    without_catalogue("experiment", "new", "own_question", "--in", tmp_path)
    own = without_catalogue("experiment", "show", tmp_path / "own_question.py", "--data", folder, "--json")
    assert own["experiment"]["name"] == "own_question"
