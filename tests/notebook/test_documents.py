"""The notebooks of docs/ do what they say: their cells are run in order on a small laboratory."""

import json

import pytest
from notebook_cells import NOTEBOOKS, run


def test_the_first_look_runs_from_its_first_cell_to_its_last(measured_lab, monkeypatch):
    (path,) = [path for path in NOTEBOOKS if path.stem == "first-look"]
    monkeypatch.setenv("AXIOM_DATA", str(measured_lab.folder.path))
    names, shown = run(path)
    assert len(names["results"]) == 16
    assert any("tiny_sum" in each for each in shown)
    assert all(each and "nan" not in each for each in shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_stored_without_its_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    assert notebook["nbformat"] == 4
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


def test_each_notebook_is_run_somewhere():
    run_elsewhere = {"from-elsewhere.ipynb"}  # tests/acceptance/test_programs.py, on a laboratory that runs
    assert {path.name for path in NOTEBOOKS} == {"first-look.ipynb"} | run_elsewhere
