"""The page about the accidents names a test of each, and beside each stands one that puts the old way in."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "accidents.md"
FILES = sorted(path for path in HERE.glob("test_*.py") if path != Path(__file__))
ACCIDENTS = 11  # that the sessions of the old laboratory tell of


def names_in(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [each.name for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]


def test_the_page_tells_every_accident_and_beside_each_test_stands_the_old_way():
    page = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"^Test: \[`(test_\w+)`\]\(\.\./\.\./tests/accidents/(\w+)\.py\)", page, re.MULTILINE)
    assert len(FILES) == ACCIDENTS
    assert sorted(file for _, file in named) == [path.stem for path in FILES]
    assert page.count("\n## ") == ACCIDENTS
    for test, file in named:
        names = names_in(HERE / f"{file}.py")
        assert test in names
        assert any(name.startswith("test_the_old_way_") for name in names)
