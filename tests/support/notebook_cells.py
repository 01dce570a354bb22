"""A notebook of docs/, run from its first cell to its last."""

import ast
import json
from pathlib import Path
from typing import Any

import axiom

NOTEBOOKS = sorted((Path(axiom.__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def run(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Run the code cells in one namespace; what each of them would show, as a notebook shows it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for place, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]), f"{path.name}[{place}]")
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, f"{path.name}[{place}]", "exec"), names)  # noqa: S102 - our own notebook
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"{path.name}[{place}]", "eval"), names)  # noqa: S307
            shown.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
    return names, shown
