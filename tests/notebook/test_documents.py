"""The notebooks of docs/ do what they say: their cells are run in order on a small laboratory."""

import ast
import json
from pathlib import Path

import pytest

import axiom

NOTEBOOKS = sorted((Path(axiom.__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def run(path):
    """Run the code cells in one namespace; what each of them would show, as a notebook shows it."""
    names, shown = {"__name__": "__main__"}, []
    for place, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]), f"{path.name}[{place}]")
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{path.name}[{place}]", "exec"), names)  # noqa: S102 - our own notebook
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f"{path.name}[{place}]", "eval"), names)  # noqa: S307
            shown.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
    return names, shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_from_its_first_cell_to_its_last(path, measured_lab, monkeypatch):
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
    assert (notebook["nbformat"], len({cell["id"] for cell in notebook["cells"]})) == (4, len(notebook["cells"]))


def test_there_is_a_notebook():
    assert [path.name for path in NOTEBOOKS] == ["first-look.ipynb"]
