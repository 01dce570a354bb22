"""The page about the accidents names a test of each, and beside each stands one that puts the old way in."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "accidents.md"
FILES = sorted(path for path in HERE.glob("test_*.py") if path != Path(__file__))
ACCIDENTS = 11  # that the sessions of the old laboratory tell of


def names_in(path: Path) -> list[str]:
    """The names of its tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [each.name for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]


def told() -> list[tuple[str, str]]:
    """Of each section of the page the file and the test that it names."""
    return re.findall(
        r"^Test: `(test_\w+)` in \[\w+\.py\]\(\.\./\.\./tests/accidents/(\w+)\.py\)",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )


def test_the_page_tells_every_accident_and_names_a_test_of_each():
    named = told()
    assert len(FILES) == ACCIDENTS
    assert sorted(file for _, file in named) == [path.stem for path in FILES]
    assert PAGE.read_text(encoding="utf-8").count("\n## ") == ACCIDENTS


@pytest.mark.parametrize(("test", "file"), told(), ids=[file for _, file in told()])
def test_a_test_that_the_page_names_is_there(test, file):
    assert test in names_in(HERE / f"{file}.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_beside_each_stands_one_that_puts_the_old_way_in(path):
    names = names_in(path)
    assert any(name.startswith("test_the_old_way_") for name in names)
    assert any(not name.startswith("test_the_old_way_") for name in names)
